// The pictures that wait to be drawn, in their order. Each can be taken out, by its button or by the key that removes. Where a row goes that
// has the focus, the next one has it (keep-focus.ts), and after the last one the picture, which that row is about to be.
import { useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { idOf } from "../gallery/entry";
import { CloseIcon } from "../icons";
import { focusPicture } from "../stage/focus-picture";
import { queued } from "../strings-queue";
import { useApp, useAppState } from "../use-app";
import type { Waiting } from "./state";
import styles from "./waiting-list.module.css";

export function WaitingList(): ReactNode {
  const app = useApp();
  const waiting = useAppState((state) => state.waiting);
  const hasFocus = useRef(false);
  const isEmpty = waiting.length === 0;
  useLayoutEffect(() => {
    if (isEmpty && hasFocus.current) focusPicture();
    if (isEmpty) hasFocus.current = false;
  }, [isEmpty]);
  if (isEmpty) return null;

  const takeOutOnDelete = (event: KeyboardEvent, { recipe }: Waiting): void => {
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    app.unask(recipe);
  };

  return (
    <section className={styles["queue"]} aria-label={queued.count(waiting.length)}>
      <h2 className={styles["title"]}>{queued.count(waiting.length)}</h2>
      <ul
        className={styles["list"]}
        data-waiting
        onFocus={() => void (hasFocus.current = true)}
        onBlur={() => void (hasFocus.current = false)}
      >
        {waiting.map((entry) => (
          <li key={idOf(entry.recipe)} className={styles["entry"]}>
            <span className={styles["prompt"]} dir="auto" title={entry.recipe.prompt}>
              {queued.named(entry.recipe)}
            </span>
            {entry.forGallery && <span className={styles["where"]}>{queued.forGallery}</span>}
            <button
              type="button"
              className="icon-button"
              aria-label={queued.takeOut(entry.recipe)}
              title={queued.takeOut(entry.recipe)}
              onClick={() => app.unask(entry.recipe)}
              onKeyDown={(event) => takeOutOnDelete(event, entry)}
            >
              <CloseIcon />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
