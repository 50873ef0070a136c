// The LoRAs that are added to the model: how much of each, and a way to take it out again.
import { useId, type ReactNode } from "react";
import type { RecipeLora } from "../../common/recipe-lora";
import { CloseIcon } from "../icons";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import controls from "../controls/controls.module.css";
import styles from "./loras.module.css";

const NONE: readonly RecipeLora[] = [];

/** People use weights from -1 to 2; a recipe with more keeps it until the slider is moved. */
const RANGE = { min: -1, max: 2, step: 0.05 } as const;

export function LoraList(): ReactNode {
  const app = useApp();
  const loras = useAppState(({ draft }) => draft.loras ?? NONE);
  const id = useId();
  if (loras.length === 0) return undefined;
  const change = (index: number, weight: number): void =>
    app.edit({ loras: loras.map((lora, at) => (at === index ? { ...lora, weight } : lora)) });
  return (
    <fieldset className={controls["field"]}>
      <legend>{strings.loras.title}</legend>
      <ul className={styles["list"]}>
        {loras.map(({ name, weight }, index) => (
          <li key={name} className={styles["lora"]}>
            <label htmlFor={`${id}-${index}`} className={styles["name"]} dir="auto">
              {name}
            </label>
            <output htmlFor={`${id}-${index}`}>{weight.toFixed(2)}</output>
            <button
              type="button"
              className="icon-button"
              aria-label={strings.loras.remove(name)}
              title={strings.loras.remove(name)}
              onClick={() => app.edit({ loras: loras.filter((_, at) => at !== index) })}
            >
              <CloseIcon />
            </button>
            <input
              id={`${id}-${index}`}
              type="range"
              {...RANGE}
              value={weight}
              onChange={({ target }) => change(index, target.valueAsNumber)}
            />
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
