// Fits a valid recipe to what a model can do: its sizes and its steps. One answer for every engine.
import { OnestrokeError } from "../common/errors";
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

function unfit(field: string, message: string): OnestrokeError {
  return new OnestrokeError("invalid-input", message, { field });
}
