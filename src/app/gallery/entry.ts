// A picture that is kept: its recipe, when it was drawn, whether somebody likes it, and a small copy to show in rows. The picture itself,
// a PNG with its recipe in it, lies beside it and is read when it is wanted.
import { recipeToQuery } from "../../common/permalink";
import { parseRecipe, type Recipe } from "../../common/recipe";

export interface GalleryEntry {
  /** The recipe as a link. Equal recipes are one picture, in every tab. */
  readonly id: string;
  readonly recipe: Recipe;
  /** When it was drawn, in milliseconds since 1970. */
  readonly date: number;
  readonly isFavourite: boolean;
  /** Of the PNG and the small copy together. */
  readonly byteLength: number;
  readonly thumbnail: Blob;
}

/** A picture that others are drawn over, as their recipes name it (`RecipeStart.picture`). */
export interface KeptStart {
  readonly name: string;
  /** A PNG of exactly its pixels. */
  readonly file: Blob;
}

/** An entry with its PNG, and what it was drawn over. */
export interface KeptPicture {
  readonly entry: GalleryEntry;
  readonly file: Blob;
  /** Undefined where it began with noise, or where that picture is not here. */
  readonly start?: KeptStart | undefined;
}

export const idOf: (recipe: Recipe) => string = recipeToQuery;

/** Undefined for what is no entry, as one that a later version of the page has written. */
export function parseEntry(value: unknown): GalleryEntry | undefined {
  const { id, recipe, date, isFavourite, byteLength, thumbnail }: Partial<Record<keyof GalleryEntry, unknown>> = Object(value);
  if (typeof date !== "number" || typeof byteLength !== "number" || typeof isFavourite !== "boolean") return undefined;
  if (!(thumbnail instanceof Blob)) return undefined;
  try {
    const parsed = parseRecipe(recipe);
    return idOf(parsed) === id ? { id, recipe: parsed, date, isFavourite, byteLength, thumbnail } : undefined;
  } catch {
    return undefined;
  }
}

export const newestFirst = (left: GalleryEntry, right: GalleryEntry): number => right.date - left.date || left.id.localeCompare(right.id);

/** `fresh`, with the objects that were there already for entries that have not changed, so that nothing is painted again for them. */
export function reconciled(old: readonly GalleryEntry[], fresh: readonly GalleryEntry[]): readonly GalleryEntry[] {
  const known = new Map(old.map((entry) => [entry.id, entry]));
  return fresh.map((entry) => {
    const before = known.get(entry.id);
    return before !== undefined && before.date === entry.date && before.isFavourite === entry.isFavourite ? before : entry;
  });
}
