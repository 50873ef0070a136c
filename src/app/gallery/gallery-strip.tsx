// The newest pictures beside the stage, from the moment they are drawn. Choosing one shows it and sets the controls to its recipe.
import { useState, type ReactNode } from "react";
import { PictureCanvas } from "../stage/picture-canvas";
import { keeping } from "../strings-keeping";
import { useApp, useAppState } from "../use-app";
import { idOf } from "./entry";
import styles from "./gallery-strip.module.css";
import { newestRows, type StripRow } from "./newest";
import { Thumbnail } from "./thumbnail";

const MOST_SHOWN = 24;

export function GalleryStrip(): ReactNode {
  const app = useApp();
  const entries = useAppState(({ gallery }) => gallery.entries);
  const coming = useAppState(({ gallery }) => gallery.coming);
  const shownId = useAppState(({ shown }) => shown && idOf(shown.recipe));
  const rows = newestRows({ entries, coming });
  if (rows.length < 2) return null;
  return (
    <nav className={styles["strip"]} aria-label={keeping.newest}>
      {rows.slice(0, MOST_SHOWN).map((row) => (
        <button
          key={row.id}
          type="button"
          className={styles["entry"]}
          aria-label={keeping.show(row.recipe)}
          aria-current={row.id === shownId}
          onClick={() => void app.bring(row.recipe)}
        >
          <SmallPicture row={row} />
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

/** A picture that was just drawn stands until the browser has decoded its small copy, so that there is no moment without one. */
function SmallPicture({ row: { picture, entry } }: { readonly row: StripRow }): ReactNode {
  const [drawn, setDrawn] = useState(picture);
  return (
    <>
      {entry !== undefined && <Thumbnail entry={entry} className={styles["thumbnail"]} onDecoded={() => setDrawn(undefined)} />}
      {drawn !== undefined && <PictureCanvas picture={drawn} className={styles["drawn"]} label={undefined} />}
    </>
  );
}
