// Sizes around the model's own, in multiples that it can draw. A link may ask for a size that is none of them.
import { useId, type ReactNode } from "react";
import { knownFactsOf, type KnownFacts } from "../known-facts";
import { strings } from "../strings";
import { useApp, useAppState } from "../use-app";
import styles from "./controls.module.css";

/** Each shape's sides, as shares of the model's own size. */
const SHAPES = [
  { shape: "square", wide: 1, high: 1 },
  { shape: "landscape", wide: 1.25, high: 1 },
  { shape: "portrait", wide: 1, high: 1.25 },
  { shape: "small", wide: 0.75, high: 0.75 },
] as const;

function sizesOf({ defaultSize, sizeMultiple }: KnownFacts) {
  const side = (share: number): number => Math.round((defaultSize * share) / sizeMultiple) * sizeMultiple;
  return SHAPES.map(({ shape, wide, high }) => ({ shape, width: side(wide), height: side(high) }));
}

export function SizeField(): ReactNode {
  const app = useApp();
  const { width, height } = useAppState((state) => state.draft);
  const outline = useAppState(knownFactsOf);
  const name = useId();
  const sizes = outline === undefined ? [] : sizesOf(outline);
  return (
    <fieldset className={styles["field"]}>
      <legend>
        {strings.size} <span className={styles["quiet"]}>{strings.sizeOf(width, height)}</span>
      </legend>
      <div className={styles["dial"]}>
        {sizes.map((size) => (
          <label key={size.shape} className={styles["notch"]}>
            <input
              type="radio"
              name={name}
              checked={size.width === width && size.height === height}
              onChange={() => app.edit({ width: size.width, height: size.height })}
            />
            <span>{strings.shapes[size.shape]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
