// What stands in the row of newest pictures: those that are kept, and before them those that are being packed for it.
import type { Picture } from "../../common/picture";
import type { Recipe } from "../../common/recipe";
import { idOf, type GalleryEntry } from "./entry";
import type { GalleryState } from "./state";

export interface StripRow {
  readonly id: string;
  readonly recipe: Recipe;
  /** Undefined while it is being packed. */
  readonly entry: GalleryEntry | undefined;
  /** As it was drawn, while it is being packed. */
  readonly picture: Picture | undefined;
}

/** The newest come first, each once. */
export function newestRows({ entries, coming }: Pick<GalleryState, "entries" | "coming">): readonly StripRow[] {
  const ids = new Set(entries.map(({ id }) => id));
  const fresh = new Map(coming.map(({ recipe, picture }) => [idOf(recipe), { recipe, picture }]));
  const replaced = new Set(coming.map(({ insteadOf }) => insteadOf));
  const stay = entries.filter(({ id, isFavourite }) => isFavourite || fresh.has(id) || !replaced.has(id));
  return [
    ...[...fresh].filter(([id]) => !ids.has(id)).map(([id, { recipe, picture }]) => ({ id, recipe, entry: undefined, picture })),
    ...stay.map((entry) => ({ id: entry.id, recipe: entry.recipe, entry, picture: fresh.get(entry.id)?.picture })),
  ];
}
