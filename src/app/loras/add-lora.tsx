// Chooses a LoRA's file, for those who do not drop it on the page.
import { useRef, type ReactNode } from "react";
import controls from "../controls/controls.module.css";
import { strings } from "../strings";
import { useApp } from "../use-app";

export function AddLora(): ReactNode {
  const app = useApp();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className={controls["field"]}>
      <button type="button" className={controls["link"]} onClick={() => input.current?.click()}>
        {strings.loras.add}
      </button>
      <p className={controls["hint"]}>{strings.loras.hint}</p>
      <input
        ref={input}
        type="file"
        accept=".safetensors,.pt,.bin"
        hidden
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          target.value = "";
          if (file !== undefined) void app.addLora(file);
        }}
      />
    </div>
  );
}
