// How the picture is steered away from the negative prompt: which method, how strongly.
import { useId, type ReactNode } from "react";
import { STEERING_RANGES } from "../../protocol/limits";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./controls.module.css";

const METHODS = ["nasa", "nag"] as const;

export function Advanced(): ReactNode {
  const app = useApp();
  const { method, nasaScale, nagScale, negative } = useAppState((state) => state.draft);
  const id = useId();
  const [least, most] = STEERING_RANGES[method].scale;
  const strength = method === "nasa" ? nasaScale : nagScale;
  return (
    <details className={styles["advanced"]}>
      <summary>{strings.advanced}</summary>
      <fieldset className={styles["field"]}>
        <legend>{strings.steering}</legend>
        <div className={styles["dial"]}>
          {METHODS.map((choice) => (
            <label key={choice} className={styles["notch"]}>
              <input type="radio" name={`${id}-method`} checked={choice === method} onChange={() => app.edit({ method: choice })} />
              <span>{strings.steeringMethods[choice]}</span>
            </label>
          ))}
        </div>
        <p className={styles["hint"]}>{strings.steeringMethodHints[method]}</p>
      </fieldset>
      <div className={styles["field"]}>
        <label htmlFor={`${id}-strength`}>
          {strings.strength} <span className={styles["quiet"]}>{strength}</span>
        </label>
        <input
          id={`${id}-strength`}
          type="range"
          min={least}
          max={most}
          step={(most - least) / 40}
          value={strength}
          onChange={(event) => {
            const scale = event.target.valueAsNumber;
            app.edit(method === "nasa" ? { nasaScale: scale } : { nagScale: scale });
          }}
        />
        {negative.trim() === "" && <p className={styles["hint"]}>{strings.strengthUnused}</p>}
      </div>
    </details>
  );
}
