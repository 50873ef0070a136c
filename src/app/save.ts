// Saving the picture as a file that carries its recipe, named after its prompt and seed, and
// apart from the same picture unsteered.
import type { Drawing } from "../common/drawing";
import { encodePng } from "../image/png";
import { RECIPE_KEYWORD } from "../image/png-text";

export async function savePng({ picture, recipe }: Drawing): Promise<void> {
  const file = await encodePng(picture, new Map([[RECIPE_KEYWORD, JSON.stringify(recipe)]]));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file], { type: "image/png" }));
  const side = recipe.steering.method === "none" ? "" : "-steered";
  link.download = `${fileStem(recipe.prompt)}-${recipe.seed}${side}.png`;
  link.click();
  // The download holds its own reference by the next task.
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

/** Letters and digits of any script, dashed, short; "picture" when the prompt has none. */
function fileStem(prompt: string): string {
  const words = prompt.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  const stem = words.join("-").toLowerCase().slice(0, 48).toWellFormed();
  return stem === "" ? "picture" : stem;
}
