// Kept pictures for tests. A test changes the fields that it is about.
import type { Recipe } from "../../../common/recipe";
import { RECIPE } from "../../../common/testing/fakes";
import { idOf, type GalleryEntry } from "../entry";

type Fields = Partial<Pick<GalleryEntry, "date" | "isFavourite" | "byteLength"> & Pick<Recipe, "seed" | "prompt" | "negative">>;

export function entry({ date = 1, isFavourite = false, byteLength = 100, ...recipe }: Fields = {}): GalleryEntry {
  const whole = { ...RECIPE, ...recipe };
  return { id: idOf(whole), recipe: whole, date, isFavourite, byteLength, thumbnail: new Blob(["small"]) };
}
