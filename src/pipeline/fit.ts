// Fits a valid recipe to what a model can do: its sizes and its steps. The answer is the same for every engine.
import { OnestrokeError } from "../common/errors";
import { MAX_SIDE } from "../common/limits";
import type { ModelFacts } from "../common/model-facts";
import type { Recipe } from "../common/recipe";

/** @throws OnestrokeError `invalid-input`, detail `field` */
export function fitRecipe(
  recipe: Recipe,
  { title, sizeMultiple, maxSteps }: Pick<ModelFacts, "title" | "sizeMultiple" | "maxSteps">,
): void {
  for (const field of ["width", "height"] as const) {
    const side = recipe[field];
    if (side % sizeMultiple !== 0) throw unfit(field, `${field} must be a multiple of ${sizeMultiple} for ${title}, not ${side}`);
  }
  if (recipe.steps > maxSteps) throw unfit("steps", `${title} takes 1 to ${maxSteps} steps, not ${recipe.steps}`);
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
