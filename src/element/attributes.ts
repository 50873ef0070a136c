// The element's attributes as a recipe. Each has the name and the form of a link's setting (common/permalink.ts), so what stands in a
// page reads like what stands in a link.
import { catalogueEntry, VIGNETTE } from "../catalogue/entries";
import type { Generator } from "../client/generator";
import { emphasisOf } from "../common/emphasis";
import { MOST_TEXT_ROWS } from "../common/limits";
import type { ModelFacts } from "../common/model-facts";
import { recipeFromQuery } from "../common/permalink";
import type { Recipe } from "../common/recipe";
import { mayBeLong, neededRows } from "../common/text-rows";

export const RECIPE_ATTRIBUTES = ["prompt", "negative", "steering", "steps", "seed", "size", "model"] as const;

type Attributes = Pick<Element, "getAttribute">;

export function modelOf(element: Attributes): string {
  return element.getAttribute("model") ?? VIGNETTE.id;
}

/**
 * @param facts of the model, whose own size, steps and steering hold where no attribute says otherwise
 * @param seed where no attribute names one
 * @throws OnestrokeError `invalid-input`, detail `field`
 */
export function recipeOfAttributes(element: Attributes, facts: ModelFacts, seed: string): Recipe {
  const stated = RECIPE_ATTRIBUTES.flatMap((name) => {
    const value = element.getAttribute(name);
    return value === null ? [] : [[name, value]];
  });
  const isSteered = (element.getAttribute("negative") ?? "").trim() !== "";
  const { emphasis } = emphasisOf(element.getAttribute("prompt") ?? "", element.getAttribute("negative") ?? "");
  return recipeFromQuery(new URLSearchParams(stated).toString(), {
    model: facts.id,
    prompt: "",
    negative: "",
    ...(emphasis === undefined ? {} : { emphasis }),
    steering: isSteered ? facts.steering[facts.steering.method] : { method: "none" },
    steps: catalogueEntry(facts.id)?.steps.preferred ?? facts.maxSteps,
    seed,
    width: facts.defaultSize,
    height: facts.defaultSize,
  });
}

/** The recipe with the rows that its texts fill, where one is longer than a row. @param count of the generator that has its model */
export async function withTextRows(recipe: Recipe, count: Generator["count"]): Promise<Recipe> {
  if (!mayBeLong(recipe)) return recipe;
  const lengths = await count(recipe);
  // Where another element's model is loaded by now, nobody can count. Rows that a text does not need change nothing.
  const rows = lengths === undefined ? MOST_TEXT_ROWS : neededRows(lengths, recipe.steering.method !== "none");
  return rows === undefined ? recipe : { ...recipe, rows };
}
