// Reads the recipe out of a PNG that this page saved. The file comes from anywhere, so whatever is wrong with it only means
// that there is no recipe in it.
import { parseRecipe, type Recipe } from "../common/recipe";
import { readPngText, RECIPE_KEYWORD } from "../image/png-text";

/** The largest picture that the page draws is a tenth of this. */
const MAX_BYTES = 256 * 2 ** 20;

export async function recipeOfPng(file: Blob): Promise<Recipe | undefined> {
  try {
    if (file.size > MAX_BYTES) return undefined;
    const text = readPngText(new Uint8Array(await file.arrayBuffer())).get(RECIPE_KEYWORD);
    return text === undefined ? undefined : parseRecipe(JSON.parse(text));
  } catch {
    return undefined;
  }
}
