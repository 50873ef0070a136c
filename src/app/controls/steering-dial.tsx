// How strongly the picture is steered away from what it leaves out, from off to strong, with a mark at the
// model's own strength. The button beside it shows what the steering does.
import { useId, type CSSProperties, type ReactNode } from "react";
import { leavesOut } from "../comparison";
import { CompareIcon } from "../icons";
import { atPosition, DIAL_END, DIAL_STEP, dialPosition } from "../dial";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import controls from "./controls.module.css";
import { Explain } from "./explain";
import styles from "./steering-dial.module.css";
import { useSteering } from "./use-steering";

/** It appears once there is something to leave out. */
export function SteeringDial(): ReactNode {
  const app = useApp();
  const id = useId();
  const current = useSteering();
  const isComparing = useAppState((state) => state.isComparing);
  const isNeeded = useAppState((state) => leavesOut(state.draft)) || isComparing;
  if (current === undefined || !isNeeded) return null;

  const { steering, defaults } = current;
  const position = dialPosition(steering, defaults);
  const share: CSSProperties & Record<"--share", number> = { "--share": Math.min(position / DIAL_END, 1) };
  return (
    <div className={controls["field"]}>
      <div className={styles["heading"]}>
        <label htmlFor={id}>
          {strings.steering} <span className={controls["quiet"]}>{strings.strength(position)}</span>
        </label>
        <Explain id={`${id}-about`} about={strings.steering}>
          {strings.steeringAbout}
        </Explain>
        <button
          type="button"
          className={styles["compare"]}
          aria-pressed={isComparing}
          title={strings.compareHint}
          onClick={() => void app.compare(!isComparing)}
        >
          <CompareIcon />
          {strings.compare}
        </button>
      </div>
      <div className={styles["dial"]} style={share}>
        <input
          id={id}
          type="range"
          min={0}
          max={DIAL_END}
          step={DIAL_STEP}
          value={position}
          aria-valuetext={strings.strength(position)}
          aria-describedby={`${id}-about`}
          onChange={(event) => app.steer(atPosition(steering, event.target.valueAsNumber, defaults))}
        />
        <div className={styles["marks"]} aria-hidden="true">
          <span>{strings.strength(0)}</span>
          <span>{strings.strength(1)}</span>
          <span>{strings.strength(DIAL_END)}</span>
        </div>
      </div>
    </div>
  );
}
