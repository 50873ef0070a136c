// Fits a valid recipe to what a model can do: its sizes and its steps. The answer is the same for every engine.
import { OnestrokeError } from "../common/errors";
import { MAX_SIDE } from "../common/limits";
import type { ModelFacts } from "../common/model-facts";
import type { Picture } from "../common/picture";
import type { Recipe } from "../common/recipe";
import { isSameLoras, loraToText, type RecipeLora } from "../common/recipe-lora";

/** @throws OnestrokeError `invalid-input`, detail `field` */
export function fitRecipe(
  recipe: Recipe,
  { title, loras = [], sizeMultiple, maxSteps }: Pick<ModelFacts, "title" | "loras" | "sizeMultiple" | "maxSteps">,
): void {
  if (!isSameLoras(recipe.loras ?? [], loras)) throw unfit("loras", otherLoras(recipe.loras ?? [], loras, title));
  for (const field of ["width", "height"] as const) {
    const side = recipe[field];
    if (side % sizeMultiple !== 0) throw unfit(field, `${field} must be a multiple of ${sizeMultiple} for ${title}, not ${side}`);
  }
  if (recipe.steps > maxSteps) throw unfit("steps", `${title} takes 1 to ${maxSteps} steps, not ${recipe.steps}`);
}

function otherLoras(asked: readonly RecipeLora[], merged: readonly RecipeLora[], title: string): string {
  const list = (loras: readonly RecipeLora[]): string => (loras.length === 0 ? "none" : loras.map(loraToText).join(", "));
  return `the recipe's LoRAs are ${list(asked)}, and those of ${title} as it is open are ${list(merged)}`;
}

/** A picture to start from, in place of noise alone. */
export interface StartPicture {
  /** Of the recipe's size. */
  readonly picture: Picture;
  /** Share of the steps that are taken over it, 0 to 1: 1 is all of them, which leaves little of it. */
  readonly strength: number;
}

/** @throws OnestrokeError `invalid-input`, detail `field` */
export function fitStart({ picture, strength }: StartPicture, { width, height }: Recipe): void {
  if (picture.width !== width || picture.height !== height) {
    throw unfit("start", `the picture to start from is ${picture.width}x${picture.height}, and the recipe asks for ${width}x${height}`);
  }
  if (!(strength >= 0 && strength <= 1)) throw unfit("strength", `the strength must be a number from 0 to 1, not ${strength}`);
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
