// The picture's size: ratios that people know, either way up, or two numbers.
import { useId, useState, type ReactNode } from "react";
import { TurnIcon } from "../icons";
import { knownFactsOf } from "../known-facts";
import { isUntrained, nearestSide, RATIOS, sizeOfRatio, type Size } from "../sizes";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import controls from "./controls.module.css";
import notches from "./notches.module.css";
import styles from "./size-field.module.css";

export function SizeField(): ReactNode {
  const app = useApp();
  const width = useAppState((state) => state.draft.width);
  const height = useAppState((state) => state.draft.height);
  const frame = useAppState(knownFactsOf);
  const name = useId();
  const isUpright = height > width;
  const isChosen = (size: Size): boolean => size.width === width && size.height === height;
  return (
    <fieldset className={controls["field"]}>
      <legend>{strings.size}</legend>
      {frame !== undefined && (
        <div className={notches["dial"]}>
          {RATIOS.map(({ name: wide, upright, ratio }) => {
            const size = sizeOfRatio(ratio, isUpright, frame);
            return (
              <label key={wide} className={notches["notch"]}>
                <input type="radio" name={name} checked={isChosen(size)} onChange={() => app.edit(size)} />
                <span>{isUpright ? upright : wide}</span>
              </label>
            );
          })}
        </div>
      )}
      <div className={styles["sides"]}>
        <Side label={strings.width} value={width} multiple={frame?.sizeMultiple ?? 1} onChange={(side) => app.edit({ width: side })} />
        <button
          type="button"
          className="icon-button"
          aria-label={strings.turnSize}
          title={strings.turnSize}
          aria-pressed={isUpright}
          onClick={() => app.edit({ width: height, height: width })}
        >
          <TurnIcon />
        </button>
        <Side label={strings.height} value={height} multiple={frame?.sizeMultiple ?? 1} onChange={(side) => app.edit({ height: side })} />
      </div>
      {frame !== undefined && isUntrained({ width, height }, frame) && (
        <p className={controls["hint"]}>{strings.untrainedSize(frame.title, frame.defaultSize)}</p>
      )}
    </fieldset>
  );
}

interface SideProps {
  readonly label: string;
  readonly value: number;
  readonly multiple: number;
  readonly onChange: (side: number) => void;
}

/** One side in pixels. What is typed becomes a size the model can draw once the field is left. */
function Side({ label, value, multiple, onChange }: SideProps): ReactNode {
  /** Undefined while nobody is typing. */
  const [typed, setTyped] = useState<string>();
  const settle = (): void => {
    if (typed !== undefined && typed.trim() !== "" && Number.isFinite(Number(typed))) onChange(nearestSide(Number(typed), multiple));
    setTyped(undefined);
  };
  return (
    <input
      className={styles["side"]}
      inputMode="numeric"
      autoComplete="off"
      aria-label={label}
      title={label}
      value={typed ?? String(value)}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={settle}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        settle();
      }}
    />
  );
}
