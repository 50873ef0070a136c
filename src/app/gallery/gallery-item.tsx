// One kept picture: it is shown by a click, and liked and removed by the two buttons on it.
import { memo, type ReactNode } from "react";
import { HeartIcon, TrashIcon } from "../icons";
import { strings } from "../strings";
import { keeping } from "../strings-keeping";
import { useApp, useAppState } from "../use-app";
import type { GalleryEntry } from "./entry";
import styles from "./gallery.module.css";
import { Thumbnail } from "./thumbnail";

interface Props {
  readonly entry: GalleryEntry;
  readonly index: number;
  /** Whether its buttons are in the order of the Tab key. */
  readonly isCurrent: boolean;
  readonly onFocus: (index: number) => void;
  readonly onRemove: (id: string) => void;
}

/** Of hundreds only those that change are rendered again. */
export const GalleryItem = memo(function GalleryItem({ entry, index, isCurrent, onFocus, onRemove }: Props): ReactNode {
  const app = useApp();
  const isUnkept = useAppState(({ gallery }) => gallery.unkept.has(entry.id));
  const { id, recipe, isFavourite, date } = entry;
  const prompt = recipe.prompt === "" ? strings.emptyPrompt : recipe.prompt;
  const tabIndex = isCurrent ? 0 : -1;
  const show = (): void => {
    app.gallery.closeGallery();
    void app.bring(recipe);
  };
  return (
    <li className={styles["item"]} data-favourite={isFavourite} onFocus={() => onFocus(index)}>
      <button
        type="button"
        className={styles["picture"]}
        tabIndex={tabIndex}
        aria-label={keeping.show(recipe)}
        title={prompt}
        onClick={show}
      >
        <Thumbnail entry={entry} className={styles["thumbnail"]} />
      </button>
      <p className={styles["words"]} dir="auto">
        {prompt}
      </p>
      <p className={styles["facts"]}>
        <time dateTime={new Date(date).toISOString()}>{keeping.drawnAt(date)}</time>
        {isUnkept && ` · ${keeping.unkept}`}
      </p>
      <span className={styles["marks"]}>
        <button
          type="button"
          tabIndex={tabIndex}
          aria-label={keeping.favourOf(prompt)}
          title={keeping.favour}
          aria-pressed={isFavourite}
          onClick={() => void app.gallery.favour(id, !isFavourite)}
        >
          <HeartIcon filled={isFavourite} />
        </button>
        <button type="button" tabIndex={tabIndex} aria-label={keeping.removeOf(prompt)} title={keeping.remove} onClick={() => onRemove(id)}>
          <TrashIcon />
        </button>
      </span>
    </li>
  );
});
