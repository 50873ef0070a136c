// The pictures that wait to be drawn, in their order. Each can be taken out, by its button or by the key that removes.
import { useRef, type KeyboardEvent, type ReactNode } from "react";
import { idOf } from "../gallery/entry";
import { CloseIcon } from "../icons";
import { queued } from "../strings-queue";
import { useApp, useAppState } from "../use-app";
import type { Waiting } from "./state";
import styles from "./waiting-list.module.css";

export function WaitingList(): ReactNode {
  const app = useApp();
  const waiting = useAppState((state) => state.waiting);
  const list = useRef<HTMLUListElement>(null);
  if (waiting.length === 0) return null;

  const takeOut = ({ recipe }: Waiting, at: number): void => {
    // The button goes with its row, and would let the focus fall.
    const buttons = list.current?.querySelectorAll("button");
    const neighbour = buttons?.[at + 1] ?? buttons?.[at - 1] ?? document.querySelector<HTMLElement>("textarea[name=prompt]");
    neighbour?.focus();
    app.unask(recipe);
  };
  const takeOutOnDelete = (event: KeyboardEvent, entry: Waiting, at: number): void => {
    if (event.key !== "Delete" && event.key !== "Backspace") return;
    event.preventDefault();
    takeOut(entry, at);
  };

  return (
    <section className={styles["queue"]} aria-label={queued.count(waiting.length)}>
      <h2 className={styles["title"]}>{queued.count(waiting.length)}</h2>
      <ul ref={list} className={styles["list"]} data-waiting>
        {waiting.map((entry, at) => (
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
              onClick={() => takeOut(entry, at)}
              onKeyDown={(event) => takeOutOnDelete(event, entry, at)}
            >
              <CloseIcon />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
