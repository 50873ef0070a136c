// How much room the gallery may take, and which pictures make room for others. What somebody likes never goes by itself. A picture that
// others were drawn over counts once, and goes with the last of them.
import { newestFirst, type GalleryEntry } from "./entry";

/** In bytes. A picture of 256 x 256 takes about 90 kB, one of 1024 x 1024 about 1.5 MB. */
export const BUDGETS = [50e6, 200e6, 500e6, 1e9] as const;
export const USUAL_BUDGET = 200e6;

/** Bytes of the pictures that others were drawn over, by their names. */
export type StartBytes = ReadonlyMap<string, number>;

const NO_STARTS: StartBytes = new Map();

type Counted = Pick<GalleryEntry, "byteLength" | "recipe">;

export function takenBy(entries: readonly Counted[], starts: StartBytes = NO_STARTS): number {
  const named = new Set(entries.map(({ recipe }) => recipe.start?.picture));
  const own = entries.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return [...starts].reduce((sum, [name, byteLength]) => sum + (named.has(name) ? byteLength : 0), own);
}

/**
 * The oldest that nobody marked as a favourite, as many as have to go. Where favourites alone are over the budget, they stay.
 * @param stay ids of pictures that stay too, because they have just come
 */
export function whatGoes(
  entries: readonly GalleryEntry[],
  budget: number,
  { starts = NO_STARTS, stay = new Set() }: { readonly starts?: StartBytes; readonly stay?: ReadonlySet<string> } = {},
): readonly GalleryEntry[] {
  let over = takenBy(entries, starts) - budget;
  const users = new Map<string, number>();
  for (const { recipe } of entries) if (recipe.start) users.set(recipe.start.picture, (users.get(recipe.start.picture) ?? 0) + 1);
  const going: GalleryEntry[] = [];
  for (const entry of entries.toSorted(newestFirst).toReversed()) {
    if (over <= 0) break;
    if (entry.isFavourite || stay.has(entry.id)) continue;
    going.push(entry);
    over -= entry.byteLength;
    const name = entry.recipe.start?.picture;
    if (name === undefined) continue;
    const others = (users.get(name) ?? 1) - 1;
    users.set(name, others);
    if (others === 0) over -= starts.get(name) ?? 0;
  }
  return going;
}
