// The gallery: every picture that is kept, to be found, shown, liked, removed, and taken along.
import { useDeferredValue, useId, useMemo, useState, type ReactNode } from "react";
import { HeartIcon } from "../icons";
import { LiveRegion } from "../live-region";
import { Panel } from "../panel";
import { keeping } from "../strings-keeping";
import { useApp, useAppState } from "../use-app";
import { GalleryGrid } from "./gallery-grid";
import { GalleryRoom } from "./gallery-room";
import styles from "./gallery.module.css";
import { found } from "./search";

export function GalleryPanel(): ReactNode {
  const app = useApp();
  const isOpen = useAppState(({ gallery }) => gallery.isOpen);
  return (
    <Panel
      isOpen={isOpen}
      title={keeping.gallery}
      closeLabel={keeping.closeGallery}
      place="side"
      onClose={() => app.gallery.closeGallery()}
    >
      <Contents />
    </Panel>
  );
}

function Contents(): ReactNode {
  const app = useApp();
  const id = useId();
  const { entries, removed, problem } = useAppState(({ gallery }) => gallery);
  const [words, setWords] = useState("");
  const [favouritesOnly, setFavouritesOnly] = useState(false);
  // Typing stays quick where there are thousands.
  const lazyWords = useDeferredValue(words);
  const shown = useMemo(() => found(entries, { words: lazyWords, favouritesOnly }), [entries, lazyWords, favouritesOnly]);
  return (
    <>
      <div className={styles["tools"]}>
        <label htmlFor={id} className="visually-hidden">
          {keeping.search}
        </label>
        <input
          id={id}
          type="search"
          className={styles["search"]}
          placeholder={keeping.search}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <button type="button" className={styles["filter"]} aria-pressed={favouritesOnly} onClick={() => setFavouritesOnly(!favouritesOnly)}>
          <HeartIcon filled={favouritesOnly} />
          {keeping.favourites}
        </button>
      </div>
      {problem !== undefined && (
        <p role="alert" className={styles["warning"]}>
          {keeping.problems[problem]}
        </p>
      )}
      <LiveRegion>
        {removed !== undefined && (
          <p className={styles["notice"]}>
            {keeping.removed}{" "}
            <button type="button" className={styles["link"]} onClick={() => void app.gallery.restore()}>
              {keeping.restore}
            </button>
          </p>
        )}
      </LiveRegion>
      {shown.length > 0 ? (
        <GalleryGrid entries={shown} />
      ) : (
        <p className={styles["empty"]}>{entries.length === 0 ? keeping.nothingKept : keeping.nothingFound}</p>
      )}
      <GalleryRoom found={shown.length} />
    </>
  );
}
