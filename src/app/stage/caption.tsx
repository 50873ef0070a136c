// Says under the picture what it was drawn from and how long it took, and lets people keep it, take it away, and go back to others.
import type { ReactNode } from "react";
import { drawingMs } from "../../common/drawing";
import type { Recipe } from "../../common/recipe";
import { idOf } from "../gallery/entry";
import { HeartIcon, RedoIcon, UndoIcon } from "../icons";
import { stepsTaken } from "../start/strength";
import type { ShownPicture } from "../shown-picture";
import { formatDuration, strings } from "../strings";
import { details } from "../strings-details";
import { exploring } from "../strings-exploring";
import { keeping } from "../strings-keeping";
import { canRedo, canUndo } from "../trail";
import { useApp, useAppState } from "../use-app";
import styles from "./caption.module.css";
import { JustDone } from "./just-done";
import { ShareMenu } from "./share-menu";
import { TimeByStage } from "./time-by-stage";

interface Props {
  readonly recipe: Recipe;
  /** Undefined while the picture is still coming. */
  readonly picture: ShownPicture | undefined;
}

export function Caption({ recipe, picture }: Props): ReactNode {
  const { loras = [], prompt, negative, seed, start, variations = [], rows, steps, weights, inFloat32, width, height } = recipe;
  const timings = picture?.timings;
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
            {rows !== undefined && `${details.textRows(rows)} · `}
            {strings.seed} {seed} · {start !== undefined && `${exploring.start.taking(stepsTaken(start.strength, steps), steps)} · `}
            {variations.length > 0 && `${exploring.varied(variations)} · `}
            {strings.stepCount(steps)} · {strings.sizeOf(width, height)}
            {timings !== undefined && ` · ${formatDuration(drawingMs(timings))}`}
            {weights !== undefined && ` · ${strings.weightFormats[weights]}`}
            {inFloat32 !== undefined && ` · ${details.wide(inFloat32)}`}
          </p>
        </div>
        {picture !== undefined && (
          <div className={styles["actions"]}>
            <JustDone />
            <Steps />
            <Favourite recipe={recipe} />
            <ShareMenu />
          </div>
        )}
      </div>
      {picture?.model?.inFloat32 !== undefined && <p className={styles["facts"]}>{details.brokenFloat16(picture.model.inFloat32)}</p>}
      {timings !== undefined && <TimeByStage timings={timings} />}
    </figcaption>
  );
}

/** They stay in the order of the Tab key where there is nothing to go to, so that the focus does not fall. */
function Steps(): ReactNode {
  const app = useApp();
  const hasBefore = useAppState(({ trail, isPassing }) => canUndo(trail, isPassing));
  const hasAfter = useAppState(({ trail }) => canRedo(trail));
  if (!hasBefore && !hasAfter) return null;
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label={keeping.undo}
        title={keeping.undo}
        aria-disabled={!hasBefore}
        onClick={() => void app.undo()}
      >
        <UndoIcon />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={keeping.redo}
        title={keeping.redo}
        aria-disabled={!hasAfter}
        onClick={() => void app.redo()}
      >
        <RedoIcon />
      </button>
    </>
  );
}

function Favourite({ recipe }: { readonly recipe: Recipe }): ReactNode {
  const app = useApp();
  const id = idOf(recipe);
  const entry = useAppState(({ gallery }) => gallery.entries.find((kept) => kept.id === id));
  const isPassing = useAppState((state) => state.isPassing);
  // What only passes is kept first.
  if (isPassing && entry === undefined) {
    return (
      <button
        type="button"
        className="icon-button"
        aria-label={exploring.live.keep}
        title={exploring.live.keep}
        onClick={() => app.settle()}
      >
        <HeartIcon filled={false} />
      </button>
    );
  }
  if (entry === undefined) return null;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={keeping.favour}
      title={keeping.favour}
      aria-pressed={entry.isFavourite}
      onClick={() => void app.gallery.favour(id, !entry.isFavourite)}
    >
      <HeartIcon filled={entry.isFavourite} />
    </button>
  );
}
