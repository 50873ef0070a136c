// What other tools write into their PNGs, as far as it means the same here. Nothing is guessed: a field is taken, or named as left.
import { COMFY_KEYWORD, readComfy } from "./comfy";
import type { ForeignRecipe } from "./foreign-fields";
import { INVOKE_KEYWORD, readInvoke } from "./invoke";
import { PARAMETERS_KEYWORD, readParameters } from "./parameters";

/** Tools that write several texts say the most in the first of these. */
const READERS = [
  [PARAMETERS_KEYWORD, readParameters],
  [INVOKE_KEYWORD, readInvoke],
  [COMFY_KEYWORD, readComfy],
] as const;

/** @param texts of a PNG, by keyword. @returns undefined where no tool that is known here wrote any of them */
export function foreignRecipe(texts: ReadonlyMap<string, string>): ForeignRecipe | undefined {
  for (const [keyword, read] of READERS) {
    const text = texts.get(keyword);
    const recipe = text === undefined ? undefined : read(text);
    if (recipe !== undefined) return recipe;
  }
  return undefined;
}
