// Fits a valid recipe to what a model can do: its sizes and its steps. The answer is the same for every engine.
import { OnestrokeError } from "../common/errors";
import { MAX_SIDE } from "../common/limits";
import type { ModelFacts } from "../common/model-facts";
import type { Picture } from "../common/picture";
import type { Recipe } from "../common/recipe";
import { isSameLoras, type RecipeLora } from "../common/recipe-lora";
import { trainedFor } from "../common/trained-sizes";

/** @throws OnestrokeError `invalid-input`, detail `field` */
export function fitRecipe(
  recipe: Recipe,
  { title, loras = [], trainedSizes, maxSteps }: Pick<ModelFacts, "title" | "loras" | "trainedSizes" | "maxSteps">,
): void {
  if (!isSameLoras(recipe.loras ?? [], loras)) throw unfit("loras", otherLoras(recipe.loras ?? [], loras, title));
  const { multiple } = trainedFor(recipe, trainedSizes);
  for (const field of ["width", "height"] as const) {
    const side = recipe[field];
    if (side % multiple === 0) continue;
    const where = trainedSizes.length > 1 ? ` at ${recipe.width}x${recipe.height}` : "";
    throw unfit(field, `${field} must be a multiple of ${multiple} for ${title}${where}, not ${side}`);
  }
  if (recipe.steps > maxSteps) throw unfit("steps", `${title} takes 1 to ${maxSteps} steps, not ${recipe.steps}`);
}

function otherLoras(asked: readonly RecipeLora[], merged: readonly RecipeLora[], title: string): string {
  const list = (loras: readonly RecipeLora[]): string =>
    loras.length === 0 ? "none" : loras.map(({ name, weight }) => `${name}:${weight}`).join(", ");
  return `the recipe's LoRAs are ${list(asked)}, and those of ${title} as it is open are ${list(merged)}`;
}

/**
 * What a recipe is drawn over, or undefined where it begins with noise alone.
 * @param picture of the recipe's size
 * @throws OnestrokeError `invalid-input`, detail `field`
 */
export function fittingStart({ start, width, height }: Recipe, picture: Picture | undefined): Picture | undefined {
  if (start === undefined) return undefined;
  if (picture === undefined) {
    throw new OnestrokeError("invalid-input", "the picture that the recipe is drawn over is not here", {
      field: "start",
      remedy: "Choose that picture again, or take it out of the recipe.",
    });
  }
  if (picture.width !== width || picture.height !== height) {
    throw unfit("start", `the picture to start from is ${picture.width}x${picture.height}, and the recipe asks for ${width}x${height}`);
  }
  return picture;
}

/**
 * @param side pixels on a side of the pictures that a model was trained on, for which it is prepared before the first picture
 * @throws OnestrokeError `model-unsupported`
 */
export function checkUsualSide(side: number): void {
  if (side <= MAX_SIDE) return;
  throw new OnestrokeError(
    "model-unsupported",
    `"sample_size" says pictures of ${side} pixels on a side, and at most ${MAX_SIDE} are drawn`,
    {
      field: "sample_size",
    },
  );
}

function unfit(field: string, message: string): OnestrokeError {
  return new OnestrokeError("invalid-input", message, { field });
}
