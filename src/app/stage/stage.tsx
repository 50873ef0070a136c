// The picture and everything that stands on it: the glow behind it, its preview while it is
// drawn, how far the work has come, and what went wrong.
import { useMemo, type ReactNode } from "react";
import { Explore } from "../exploring/explore";
import { LiveSign } from "../live/live-sign";
import { knownFactsOf } from "../known-facts";
import { shownShare } from "../sizes";
import { otherSideInView } from "../state";
import { strings } from "../strings";
import { queued } from "../strings-queue";
import { announceProgress, describeProgress, progressShare } from "../strings-progress";
import { useAppState } from "../use-app";
import { Caption } from "./caption";
import { ErrorPanel } from "./error-panel";
import { glowOf } from "./glow";
import { PictureCanvas } from "./picture-canvas";
import styles from "./stage.module.css";
import { Wipe } from "./wipe";

/** What the stage is doing, for tests and styles. */
type Phase = "loading" | "drawing" | "failed" | "idle";

export function Stage(): ReactNode {
  const job = useAppState((state) => state.job);
  const model = useAppState((state) => state.model);
  const shown = useAppState((state) => state.shown);
  const isComparing = useAppState((state) => state.isComparing);
  const without = useAppState(otherSideInView);
  const facts = useAppState(knownFactsOf);
  const draft = useAppState((state) => state.draft);
  const error = useAppState((state) => state.error);
  const status = useAppState((state) => state.status);
  const isLive = useAppState(({ live }) => live.isOn);

  const isLoading = model.kind === "loading";
  const phase: Phase = job !== undefined ? "drawing" : isLoading ? "loading" : error !== undefined ? "failed" : "idle";
  const progress = isLoading ? model.progress : job?.progress;
  const share = isLoading ? model.share : progressShare(progress);
  const isBusy = phase === "drawing" || phase === "loading";
  const isForGallery = job?.beside === "gallery";
  const isOtherSide = isComparing && job?.beside === "comparison";
  // One of four has its own place, and what goes to the gallery has none here.
  const onStage = job?.beside === "tiles" || job?.beside === "gallery" ? undefined : job;
  const preview = isOtherSide ? undefined : onStage?.preview;
  const picture = preview ?? shown?.picture;
  const glow = useMemo(() => picture && glowOf(picture), [picture]);
  // Only the first picture is waited for.
  const isPassing = onStage?.isPassing === true && picture !== undefined;
  const { width, height } = onStage?.recipe ?? picture ?? draft;
  const shownAs = facts === undefined ? 1 : shownShare({ width, height }, facts);

  // What is said meanwhile, as of one that waits, must be heard too.
  const isSaid = isPassing || status !== "";

  const maxInlineSize = `min(100%, max(16rem, (100dvh - 13.5rem) * ${width / height}), 50rem)`;

  return (
    <section className={styles["stage"]} data-phase={phase} aria-busy={isBusy}>
      <figure tabIndex={-1} className={styles["figure"]} style={{ maxInlineSize }}>
        <div className={styles["place"]} data-empty={picture === undefined}>
          <div className={styles["frame"]} style={{ aspectRatio: `${width} / ${height}`, inlineSize: `${100 * shownAs}%` }}>
            {picture !== undefined && glow !== undefined && (
              <>
                <PictureCanvas picture={glow} className={styles["glow"]} label={undefined} />
                {shown !== undefined && without !== undefined ? (
                  <Wipe without={without} with={shown} preview={preview} />
                ) : (
                  <PictureCanvas
                    picture={picture}
                    className={styles["picture"]}
                    label={(preview === undefined ? shown : onStage)?.recipe.prompt || strings.emptyPrompt}
                  />
                )}
              </>
            )}
            {isBusy && picture === undefined && <div className={styles["waiting"]} />}
            {phase === "idle" && picture === undefined && <p className={styles["empty"]}>{strings.nothingYet}</p>}
            {isLive && picture !== undefined && <LiveSign isWorking={isPassing} />}
            {isBusy && !isPassing && job?.beside !== "tiles" && (
              <div className={styles["progress"]}>
                <span>{isOtherSide ? strings.drawingOtherSide : isForGallery ? queued.drawingForGallery : describeProgress(progress)}</span>
                <progress aria-label={announceProgress(progress)} {...(share === undefined ? {} : { value: share })} max={1} />
              </div>
            )}
          </div>
          {error !== undefined && <ErrorPanel error={error} />}
        </div>
        {preview !== undefined && onStage !== undefined ? (
          <Caption recipe={onStage.recipe} picture={undefined} />
        ) : (
          shown !== undefined && <Caption recipe={shown.recipe} picture={shown} />
        )}
      </figure>
      <div className={styles["onward"]} style={{ maxInlineSize }}>
        <Explore />
      </div>
      <p role="status" className="visually-hidden">
        {isBusy && !isSaid ? announceProgress(progress) : status}
      </p>
    </section>
  );
}
