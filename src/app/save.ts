// Saving the picture as a file, named after its prompt and seed.
import type { Drawing } from "../client/generator";

export async function savePng({ picture, recipe }: Drawing): Promise<void> {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d")?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${fileStem(recipe.prompt)}-${recipe.seed}.png`;
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
