// The element's attributes as a recipe. Each has the name and the form of a link's setting (common/permalink.ts), so what stands in a
// page reads like what stands in a link. Only files are named by their addresses, because a page has them: LoRAs, and the picture that is
// drawn over (sources.ts).
import { catalogueEntry, VIGNETTE } from "../catalogue/entries";
import type { Generator } from "../client/generator";
import { emphasisOf } from "../common/emphasis";
import { OnestrokeError } from "../common/errors";
import { MOST_TEXT_ROWS } from "../common/limits";
import type { ModelFacts } from "../common/model-facts";
import { recipeFromQuery } from "../common/permalink";
import type { Recipe } from "../common/recipe";
import { mayBeLong, neededRows } from "../common/text-rows";

const AS_IN_LINKS = ["prompt", "negative", "steering", "steps", "seed", "size", "model"] as const;

export const RECIPE_ATTRIBUTES = [...AS_IN_LINKS, "variation", "lora", "start", "strength"] as const;

/** Share of the steps that are taken over a picture, where nobody says. */
const USUAL_STRENGTH = "0.5";

export type Attributes = Pick<Element, "getAttribute">;

/** What a recipe says of the files that attributes point at. */
export interface Sourced extends Pick<Recipe, "loras"> {
  readonly startName?: string;
}

export function modelOf(element: Attributes): string {
  return element.getAttribute("model") ?? VIGNETTE.id;
}

/**
 * @param facts of the model, whose own size, steps and steering hold where no attribute says otherwise
 * @param seed where no attribute names one
 * @param sourced what the recipe says of the files that attributes point at
 * @throws OnestrokeError `invalid-input`, detail `field`
 */
export function recipeOfAttributes(element: Attributes, facts: ModelFacts, seed: string, { loras, startName }: Sourced = {}): Recipe {
  const stated = AS_IN_LINKS.flatMap((name) => {
    const value = element.getAttribute(name);
    return value === null ? [] : [[name, value]];
  });
  const variations = element.getAttribute("variation")?.split(",") ?? [];
  const start = startName === undefined ? [] : [["start", `${startName}:${strengthOf(element)}`]];
  const isSteered = (element.getAttribute("negative") ?? "").trim() !== "";
  const { emphasis } = emphasisOf(element.getAttribute("prompt") ?? "", element.getAttribute("negative") ?? "");
  return recipeFromQuery(
    new URLSearchParams([...stated, ...variations.map((variation) => ["variation", variation.trim()]), ...start]).toString(),
    {
      model: facts.id,
      prompt: "",
      negative: "",
      ...(emphasis === undefined ? {} : { emphasis }),
      ...(loras && { loras }),
      steering: isSteered ? facts.steering[facts.steering.method] : { method: "none" },
      steps: catalogueEntry(facts.id)?.steps.preferred ?? facts.maxSteps,
      seed,
      width: facts.defaultSize,
      height: facts.defaultSize,
    },
  );
}

function strengthOf(element: Attributes): string {
  const strength = element.getAttribute("strength") ?? USUAL_STRENGTH;
  if (strength.trim() !== "" && Number(strength) >= 0 && Number(strength) <= 1) return strength;
  throw new OnestrokeError("invalid-input", "the strength is a number from 0 to 1", { field: "strength" });
}

/** The recipe with the rows that its texts fill, where one is longer than a row. @param count of the generator that has its model */
export async function withTextRows(recipe: Recipe, count: Generator["count"]): Promise<Recipe> {
  if (!mayBeLong(recipe)) return recipe;
  const lengths = await count(recipe);
  // Where another element's model is loaded by now, nobody can count. Rows that a text does not need change nothing.
  const rows = lengths === undefined ? MOST_TEXT_ROWS : neededRows(lengths, recipe.steering.method !== "none");
  return rows === undefined ? recipe : { ...recipe, rows };
}
