// The number of steps, up to as many as the model was made for. They are radio buttons, so arrow keys move the dial.
import { useId, type ReactNode } from "react";
import { MAX_STEPS } from "../../common/limits";
import { knownFactsOf } from "../known-facts";
import { strings } from "../strings";
import { details } from "../strings-details";
import { useApp, useAppState } from "../use-app";
import styles from "./controls.module.css";
import notches from "./notches.module.css";

export function StepDial(): ReactNode {
  const app = useApp();
  const { steps, sampler, prediction } = useAppState((state) => state.draft);
  const most = useAppState((state) => knownFactsOf(state)?.maxSteps ?? 1);
  const name = useId();
  return (
    <fieldset className={styles["field"]}>
      <legend>
        {strings.steps} <span className={styles["quiet"]}>{strings.stepsHint(steps)}</span>
      </legend>
      <div className={notches["dial"]}>
        {Array.from({ length: Math.min(most, MAX_STEPS) }, (_, index) => index + 1).map((count) => (
          <label key={count} className={notches["notch"]}>
            <input type="radio" name={name} value={count} checked={count === steps} onChange={() => app.edit({ steps: count })} />
            <span>{count}</span>
          </label>
        ))}
      </div>
      {(sampler ?? prediction) !== undefined && (
        <p className={styles["hint"]}>
          {details.steppedAs({ sampler, prediction })}{" "}
          <button type="button" className={styles["link"]} onClick={() => app.edit({ sampler: undefined, prediction: undefined })}>
            {details.stepsAsModelSays}
          </button>
        </p>
      )}
    </fieldset>
  );
}
