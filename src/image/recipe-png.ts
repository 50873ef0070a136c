// A drawn picture as the file that people keep: a PNG with its recipe in it, and the same in the form that other tools read.
import type { Recipe } from "../common/recipe";
import { PARAMETERS_KEYWORD, parametersOf } from "./parameters";
import { encodePng, type Pixels } from "./png";
import { RECIPE_KEYWORD } from "./png-text";

export function recipePng({ recipe, picture }: { readonly recipe: Recipe; readonly picture: Pixels }): Promise<Uint8Array<ArrayBuffer>> {
  const texts = new Map([
    [RECIPE_KEYWORD, JSON.stringify(recipe)],
    [PARAMETERS_KEYWORD, parametersOf(recipe)],
  ]);
  return encodePng(picture, texts);
}
