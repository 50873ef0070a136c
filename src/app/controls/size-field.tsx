// The picture's size: small or large where the model was trained on both, ratios that people know, either way up, or two numbers.
import { useId, useState, type ReactNode } from "react";
import { TurnIcon } from "../icons";
import { knownFactsOf } from "../known-facts";
import { trainedFor } from "../../common/trained-sizes";
import { isUntrained, nearestSide, nearestSize, RATIOS, scaledTo, sizeOfRatio, type Size } from "../sizes";
import { strings } from "../strings";
import { details } from "../strings-details";
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
  const sidesName = useId();
  const isUpright = height > width;
  const near = frame && trainedFor({ width, height }, frame.trainedSizes);
  const settle = (size: Size): void =>
    app.edit(frame === undefined ? { width: nearestSide(size.width, 1), height: nearestSide(size.height, 1) } : nearestSize(size, frame));
  const isChosen = (size: Size): boolean => size.width === width && size.height === height;
  return (
    <fieldset className={controls["field"]}>
      <legend>{strings.size}</legend>
      {frame !== undefined && frame.trainedSizes.length > 1 && (
        <div className={`${notches["dial"]} ${styles["scales"]}`}>
          {frame.trainedSizes.map((trained, index) => (
            <label key={trained.side} className={notches["notch"]}>
              <input
                type="radio"
                name={sidesName}
                checked={trained === near}
                onChange={() => app.edit(scaledTo(trained, { width, height }, frame))}
              />
              <span>{details.trainedSize(index === 0, trained.side)}</span>
            </label>
          ))}
        </div>
      )}
      {near !== undefined && (
        <div className={notches["dial"]}>
          {RATIOS.map(({ name: wide, upright, ratio }) => {
            const size = sizeOfRatio(ratio, isUpright, near);
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
        <Side label={strings.width} value={width} onChange={(side) => settle({ width: side, height })} />
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
        <Side label={strings.height} value={height} onChange={(side) => settle({ width, height: side })} />
      </div>
      {frame !== undefined && isUntrained({ width, height }, frame) && (
        <p className={controls["hint"]}>
          {details.untrainedSize(
            frame.title,
            frame.trainedSizes.map(({ side }) => side),
          )}
        </p>
      )}
    </fieldset>
  );
}

interface SideProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (side: number) => void;
}

/** One side in pixels. What is typed becomes a size the model can draw once the field is left. */
function Side({ label, value, onChange }: SideProps): ReactNode {
  /** Undefined while nobody is typing. */
  const [typed, setTyped] = useState<string>();
  const settle = (): void => {
    if (typed !== undefined && typed.trim() !== "" && Number.isFinite(Number(typed))) onChange(Number(typed));
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
