// Under the picture: what it was drawn from, how long it took, and taking it away.
import { useEffect, useState, type ReactNode } from "react";
import type { Drawing } from "../../client/generator";
import { drawingMs } from "../../protocol/progress";
import { LinkIcon, SaveIcon } from "../icons";
import { savePng } from "../save";
import { formatDuration, strings } from "../strings";
import styles from "./caption.module.css";
import { TimeByStage } from "./time-by-stage";

const REMARK_MS = 2_000;

export function Caption({ drawing }: { readonly drawing: Drawing }): ReactNode {
  const { prompt, negative, seed, steps, width, height } = drawing.recipe;
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), REMARK_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const linkLabel = isCopied ? strings.linkCopied : strings.copyLink;
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
            {strings.seed} {seed} · {strings.stepCount(steps)} · {strings.sizeOf(width, height)} ·{" "}
            {formatDuration(drawingMs(drawing.timings))}
          </p>
        </div>
        <button
          type="button"
          className="icon-button"
          aria-label={linkLabel}
          title={linkLabel}
          data-done={isCopied}
          onClick={() => void navigator.clipboard.writeText(location.href).then(() => setIsCopied(true))}
        >
          <LinkIcon />
        </button>
        <button type="button" className="icon-button" aria-label={strings.save} title={strings.save} onClick={() => void savePng(drawing)}>
          <SaveIcon />
        </button>
      </div>
      <TimeByStage timings={drawing.timings} />
    </figcaption>
  );
}
