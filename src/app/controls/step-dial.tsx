// One to four steps (or what the model takes), as radio buttons: arrow keys move the dial.
import { useId, type ReactNode } from "react";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./controls.module.css";

/** The dial's end; a sampler that could take more gains little there. */
const DIAL_END = 4;

export function StepDial(): ReactNode {
  const app = useApp();
  const steps = useAppState((state) => state.draft.steps);
  const most = useAppState((state) => (state.model.kind === "ready" ? Math.min(state.model.facts.maxSteps, DIAL_END) : DIAL_END));
  const name = useId();
  return (
    <fieldset className={styles["field"]}>
      <legend>
        {strings.steps} <span className={styles["quiet"]}>{strings.stepsHint(steps)}</span>
      </legend>
      <div className={styles["dial"]}>
        {Array.from({ length: most }, (_, index) => index + 1).map((count) => (
          <label key={count} className={styles["notch"]}>
            <input type="radio" name={name} value={count} checked={count === steps} onChange={() => app.edit({ steps: count })} />
            <span>{count}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
