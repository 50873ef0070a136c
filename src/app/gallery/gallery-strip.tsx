// The newest kept pictures beside the stage. Choosing one shows it and sets the controls to its recipe.
import type { ReactNode } from "react";
import { keeping } from "../strings-keeping";
import { useApp, useAppState } from "../use-app";
import { idOf } from "./entry";
import styles from "./gallery-strip.module.css";
import { Thumbnail } from "./thumbnail";

const MOST_SHOWN = 24;

export function GalleryStrip(): ReactNode {
  const app = useApp();
  const entries = useAppState(({ gallery }) => gallery.entries);
  const shownId = useAppState(({ shown }) => shown && idOf(shown.recipe));
  if (entries.length < 2) return null;
  return (
    <nav className={styles["strip"]} aria-label={keeping.newest}>
      {entries.slice(0, MOST_SHOWN).map((entry) => (
        <button
          key={entry.id}
          type="button"
          className={styles["entry"]}
          aria-label={keeping.show(entry.recipe)}
          aria-current={entry.id === shownId}
          onClick={() => void app.bring(entry.recipe)}
        >
          <Thumbnail entry={entry} className={styles["thumbnail"]} />
        </button>
      ))}
      {entries.length > MOST_SHOWN && (
        <button type="button" className={styles["all"]} onClick={() => app.gallery.openGallery()}>
          {keeping.all(entries.length)}
        </button>
      )}
    </nav>
  );
}
