// Reads the recipe out of a PNG that this page saved, or what another tool wrote into one. The file comes from anywhere, so whatever is
// wrong with it only means that there is no recipe in it.
import { parseRecipe, type Recipe } from "../common/recipe";
import { foreignRecipe } from "../image/foreign";
import type { ForeignRecipe } from "../image/foreign-fields";
import { readPngText, RECIPE_KEYWORD } from "../image/png-text";

/** The largest picture that the page draws is a tenth of this. */
const MAX_BYTES = 256 * 2 ** 20;

export async function recipeOfPng(file: Blob): Promise<Recipe | ForeignRecipe | undefined> {
  try {
    if (file.size > MAX_BYTES) return undefined;
    const texts = readPngText(new Uint8Array(await file.arrayBuffer()));
    const own = texts.get(RECIPE_KEYWORD);
    return own === undefined ? foreignRecipe(texts) : parseRecipe(JSON.parse(own));
  } catch {
    return undefined;
  }
}
