// Says under the picture what it was drawn from and how long it took, and lets people take it away.
import type { ReactNode } from "react";
import type { Drawing } from "../../common/drawing";
import { drawingMs } from "../../common/drawing";
import type { Recipe } from "../../common/recipe";
import { formatDuration, strings } from "../strings";
import styles from "./caption.module.css";
import { CopyLink } from "./copy-link";
import { SaveButton } from "./save-button";
import { TimeByStage } from "./time-by-stage";

interface Props {
  readonly recipe: Recipe;
  /** Undefined while the picture is still coming. */
  readonly drawing: Drawing | undefined;
}

export function Caption({ recipe, drawing }: Props): ReactNode {
  const { loras = [], prompt, negative, seed, steps, width, height } = recipe;
  return (
    <figcaption className={styles["caption"]}>
      <div className={styles["row"]}>
        <div className={styles["words"]}>
          <p className={styles["prompt"]} dir="auto">
            {prompt === "" ? strings.emptyPrompt : prompt}
          </p>
          {negative !== "" && (
            <p className={styles["facts"]} dir="auto">
              {strings.negative}: {negative}
            </p>
          )}
          <p className={styles["facts"]}>
            {loras.map(({ name, weight }) => `${name} ${weight} · `).join("")}
            {strings.seed} {seed} · {strings.stepCount(steps)} · {strings.sizeOf(width, height)}
            {drawing !== undefined && ` · ${formatDuration(drawingMs(drawing.timings))}`}
          </p>
        </div>
        {drawing !== undefined && (
          <>
            <CopyLink />
            <SaveButton drawing={drawing} label={strings.save} className="icon-button" />
          </>
        )}
      </div>
      {drawing?.inFloat32 !== undefined && <p className={styles["facts"]}>{strings.inFloat32(drawing.inFloat32)}</p>}
      {drawing !== undefined && <TimeByStage timings={drawing.timings} />}
    </figcaption>
  );
}
