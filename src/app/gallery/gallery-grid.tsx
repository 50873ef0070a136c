// Kept pictures in rows. One of them is in the order of the Tab key, and arrow keys go from there to the others, so that hundreds are no
// obstacle; F likes and Delete removes the one with the focus.
import { useCallback, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useApp } from "../use-app";
import type { GalleryEntry } from "./entry";
import { GalleryItem } from "./gallery-item";
import styles from "./gallery.module.css";

export function GalleryGrid({ entries }: { readonly entries: readonly GalleryEntry[] }): ReactNode {
  const app = useApp();
  const list = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState(0);
  const current = Math.min(at, entries.length - 1);
  /** A picture with the focus is about to go, and the next one is to have it. */
  const passesFocus = useRef(false);

  const focus = (index: number): void => {
    list.current?.children[index]?.querySelector<HTMLElement>("button")?.focus();
  };

  useEffect(() => {
    if (!passesFocus.current) return;
    passesFocus.current = false;
    focus(current);
  }, [entries, current]);

  const remove = useCallback(
    (id: string) => {
      passesFocus.current = true;
      void app.gallery.remove(id);
    },
    [app],
  );

  const onKeyDown = (event: KeyboardEvent): void => {
    const entry = entries[current];
    if (entry === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = target(event.key, current, entries.length, columnsOf(list.current));
    if (to !== undefined) focus(to);
    else if (event.key === "Delete") remove(entry.id);
    else if (event.key === "f") void app.gallery.favour(entry.id, !entry.isFavourite);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <ul ref={list} className={styles["grid"]} onKeyDown={onKeyDown}>
      {entries.map((entry, index) => (
        <GalleryItem key={entry.id} entry={entry} index={index} isCurrent={index === current} onFocus={setAt} onRemove={remove} />
      ))}
    </ul>
  );
}

function columnsOf(list: HTMLElement | null): number {
  return list === null ? 1 : getComputedStyle(list).gridTemplateColumns.split(" ").length;
}

/** Where a key goes from a place in rows; undefined for other keys. */
function target(key: string, at: number, count: number, columns: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    Home: -at,
    End: count - 1 - at,
  };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  if (step === undefined) return undefined;
  const to = at + step;
  return to >= 0 && to < count ? to : at;
}
