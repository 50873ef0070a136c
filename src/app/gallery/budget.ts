// How much room the gallery may take, and which pictures make room for others. What somebody likes never goes by itself.
import { newestFirst, type GalleryEntry } from "./entry";

/** In bytes. A picture of 256 x 256 takes about 90 kB, one of 1024 x 1024 about 1.5 MB. */
export const BUDGETS = [50e6, 200e6, 500e6, 1e9] as const;
export const USUAL_BUDGET = 200e6;

export function takenBy(entries: readonly Pick<GalleryEntry, "byteLength">[]): number {
  return entries.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * The oldest that nobody marked as a favourite, as many as have to go. Where favourites alone are over the budget, they stay.
 * @param stay ids of pictures that stay too, because they have just come
 */
export function whatGoes(entries: readonly GalleryEntry[], budget: number, stay: ReadonlySet<string> = new Set()): readonly GalleryEntry[] {
  let over = takenBy(entries) - budget;
  const going: GalleryEntry[] = [];
  for (const entry of entries.toSorted(newestFirst).toReversed()) {
    if (over <= 0) break;
    if (entry.isFavourite || stay.has(entry.id)) continue;
    going.push(entry);
    over -= entry.byteLength;
  }
  return going;
}
