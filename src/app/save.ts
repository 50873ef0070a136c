// Saves the picture as a file that carries its recipe. The name says the prompt and the seed, and
// tells a steered picture from the same picture without steering.
import type { Drawing } from "../common/drawing";
import { PARAMETERS_KEYWORD, parametersOf } from "../image/parameters";
import { encodePng } from "../image/png";
import { RECIPE_KEYWORD } from "../image/png-text";

export async function savePng({ picture, recipe }: Drawing): Promise<void> {
  const texts = new Map([
    [RECIPE_KEYWORD, JSON.stringify(recipe)],
    [PARAMETERS_KEYWORD, parametersOf(recipe)],
  ]);
  const file = await encodePng(picture, texts);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file], { type: "image/png" }));
  const side = recipe.steering.method === "none" ? "" : "-steered";
  link.download = `${fileStem(recipe.prompt)}-${recipe.seed}${side}.png`;
  link.click();
  // By the next task the download holds a reference of its own.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

/** A short name of letters and digits of any script with dashes between, or "picture" where the prompt has none of them. */
function fileStem(prompt: string): string {
  const words = prompt.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  const stem = words.join("-").toLowerCase().slice(0, 48).toWellFormed();
  return stem === "" ? "picture" : stem;
}
