// What a picture begins with: noise, or another picture, of which more or less is drawn over.
import { useId, useRef, type ReactNode } from "react";
import controls from "../controls/controls.module.css";
import { CloseIcon } from "../icons";
import { PictureCanvas } from "../stage/picture-canvas";
import { factsOf } from "../state";
import { exploring } from "../strings-exploring";
import { useApp, useAppState } from "../use-app";
import { CameraButton } from "./camera-button";
import styles from "./start-field.module.css";
import { stepsTaken, strengthOf } from "./strength";

const says = exploring.start;

export function StartField(): ReactNode {
  const app = useApp();
  const start = useAppState(({ draft }) => draft.start);
  const steps = useAppState(({ draft }) => draft.steps);
  const facts = useAppState(factsOf);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const found = useAppState(({ startPicture }) => startPicture);
  const picture = found?.picture;
  const isMissing = found !== undefined && picture === undefined;
  if (facts?.readsPictures === false && start === undefined) {
    // Why not is said to whoever tries.
    const unable = says.unable(facts);
    return (
      <div className={styles["ways"]}>
        <button type="button" className={controls["link"]} title={unable} aria-disabled onClick={() => app.remark(unable)}>
          {says.choose}
        </button>
      </div>
    );
  }
  const chooser = (
    <input
      ref={input}
      type="file"
      accept="image/*"
      hidden
      onChange={({ target }) => {
        const [file] = target.files ?? [];
        target.value = "";
        if (file !== undefined) void app.startFromFile(file);
      }}
    />
  );
  if (start === undefined) {
    return (
      <div className={styles["ways"]}>
        <button type="button" className={controls["link"]} onClick={() => input.current?.click()}>
          {says.choose}
        </button>
        <CameraButton />
        {chooser}
      </div>
    );
  }
  const taken = stepsTaken(start.strength, steps);
  return (
    <fieldset className={controls["field"]}>
      <legend>{says.name}</legend>
      <div className={styles["start"]}>
        <button
          type="button"
          className={styles["picture"]}
          aria-label={says.another}
          title={says.another}
          onClick={() => input.current?.click()}
        >
          {picture !== undefined && <PictureCanvas picture={picture} className={styles["canvas"]} label={undefined} />}
        </button>
        <div className={styles["dial"]}>
          <label htmlFor={id}>{says.strength}</label>
          <output htmlFor={id}>{says.strengthOf(taken, steps)}</output>
          <input
            id={id}
            type="range"
            min={1}
            max={steps}
            step={1}
            value={taken}
            disabled={steps === 1}
            aria-valuetext={says.strengthOf(taken, steps)}
            onChange={({ target }) => app.edit({ start: { ...start, strength: strengthOf(target.valueAsNumber, steps) } })}
          />
        </div>
        <button type="button" className="icon-button" aria-label={says.remove} title={says.remove} onClick={() => app.startFromNoise()}>
          <CloseIcon />
        </button>
      </div>
      <p className={controls["hint"]}>{isMissing ? says.missing : steps === 1 ? says.oneStep : says.lasts}</p>
      <div className={styles["ways"]}>
        <CameraButton />
      </div>
      {chooser}
    </fieldset>
  );
}
