// What the controls say at this moment, and the recipe that is made of it. A draft may be
// invalid, as while a seed is typed. A recipe may not.
import { catalogueEntry, VIGNETTE } from "../catalogue/entries";
import type { CatalogueEntry } from "../catalogue/entry";
import type { SteeringDefaults } from "../common/steering-defaults";
import { recipeFromQuery } from "../common/permalink";
import { parseRecipe, parseSeed, type Recipe } from "../common/recipe";
import type { Steering } from "../common/steering";
import { leavesOut } from "./comparison";
import { chosenSteering } from "./dial";

export interface Draft {
  readonly model: string;
  /** Of a recipe that was opened. No control changes them yet. */
  readonly loras?: NonNullable<Recipe["loras"]>;
  readonly prompt: string;
  readonly negative: string;
  /** Undefined until someone chooses, and then the model's own holds. */
  readonly steering: Steering | undefined;
  readonly steps: number;
  /** The text of the field, which may be no number. */
  readonly seed: string;
  /** Whether the next picture keeps the seed. */
  readonly seedKept: boolean;
  readonly width: number;
  readonly height: number;
}

/** What the controls say before anyone has touched them. */
export const FIRST_DRAFT: Draft = firstDraftFor(VIGNETTE);

function firstDraftFor({ id, size, steps }: CatalogueEntry): Draft {
  return {
    model: id,
    prompt: "a lighthouse on a cliff at sunset, two sailboats",
    negative: "",
    steering: undefined,
    steps: steps.preferred,
    seed: "2",
    seedKept: false,
    width: size,
    height: size,
  };
}

/**
 * @param defaults of the model, for what nobody has chosen
 * @throws OnestrokeError `invalid-input`
 */
export function recipeOf(draft: Draft, defaults: SteeringDefaults): Recipe {
  const steering = chosenSteering(draft.steering, defaults);
  const isSteered = leavesOut(draft) && steering.scale > 0;
  return parseRecipe({ ...draft, steering: isSteered ? steering : { method: "none" } });
}

/** The controls as they were when the recipe was drawn. */
export function draftOf(recipe: Recipe, current: Draft): Draft {
  // A recipe that leaves nothing out says nothing about steering, so the dial stays where it is.
  return { ...recipe, steering: leavesOut(recipe) ? recipe.steering : current.steering, seedKept: true };
}

/**
 * The controls as a link sets them.
 * @throws OnestrokeError `invalid-input`
 */
export function draftOfLink(query: string): Draft {
  const asked = new URLSearchParams(query);
  const first = firstDraftFor(catalogueEntry(asked.get("model") ?? "") ?? VIGNETTE);
  const draft = draftOf(recipeFromQuery(query, parseRecipe(first)), first);
  return asked.has("steering") ? draft : { ...draft, steering: undefined };
}

export function isSeed(text: string): boolean {
  try {
    parseSeed(text);
    return true;
  } catch {
    return false;
  }
}
