// By which method the picture is steered, and at which of its steps.
import { useId, type ReactNode } from "react";
import { STEERING_METHODS } from "../../common/steering";
import { leavesOut } from "../comparison";
import { steeredSteps, withMethod, withSteeredSteps } from "../dial";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./controls.module.css";
import notches from "./notches.module.css";
import { Explain } from "./explain";
import { useSteering } from "./use-steering";

export function SteeringOptions(): ReactNode {
  const app = useApp();
  const current = useSteering();
  const isUsed = useAppState((state) => leavesOut(state.draft));
  if (current === undefined) return null;

  const { steering, defaults } = current;
  return (
    <>
      <Choice
        name={strings.steeringMethod}
        remark={strings.scaleOf(steering.scale)}
        about={strings.steeringMethodAbout}
        choices={STEERING_METHODS}
        labels={strings.steeringMethods}
        chosen={steering.method}
        onChoose={(method) => app.steer(withMethod(steering, method, defaults))}
      />
      <Choice
        name={strings.steeredSteps}
        about={strings.steeredStepsAbout}
        choices={["all", "early"] as const}
        labels={strings.steeredStepsChoices}
        chosen={steeredSteps(steering)}
        onChoose={(steps) => app.steer(withSteeredSteps(steering, steps, defaults))}
      />
      {!isUsed && <p className={styles["hint"]}>{strings.steeringUnused}</p>}
    </>
  );
}

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly remark?: string;
  readonly about: string;
  readonly choices: readonly T[];
  readonly labels: Readonly<Record<T, string>>;
  readonly chosen: T;
  readonly onChoose: (choice: T) => void;
}

function Choice<T extends string>({ name, remark, about, choices, labels, chosen, onChoose }: ChoiceProps<T>): ReactNode {
  const id = useId();
  return (
    <fieldset className={styles["field"]} aria-labelledby={`${id}-name`} aria-describedby={`${id}-about`}>
      <legend>
        <span id={`${id}-name`}>{name}</span> {remark !== undefined && <span className={styles["quiet"]}>{remark}</span>}
        <Explain id={`${id}-about`} about={name}>
          {about}
        </Explain>
      </legend>
      <div className={notches["dial"]}>
        {choices.map((choice) => (
          <label key={choice} className={notches["notch"]}>
            <input type="radio" name={id} checked={choice === chosen} onChange={() => onChoose(choice)} />
            <span>{labels[choice]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
