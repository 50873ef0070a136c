// The two sides of a comparison are a recipe that leaves something out, and the same recipe with nothing
// left out. Equal recipes give equal pictures, so a picture that was drawn before is found by its recipe.
import { recipeToQuery } from "../common/permalink";
import type { Recipe } from "../common/recipe";
import type { ShownPicture } from "./shown-picture";

/** How many pictures stay in memory. One of 256 x 256 takes 256 KiB, one of 1024 x 1024 4 MiB. */
const MOST_IN_MEMORY = 12;

export function leavesOut({ negative }: Pick<Recipe, "negative">): boolean {
  return negative.trim() !== "";
}

export function withoutNegative(recipe: Recipe): Recipe {
  return { ...recipe, negative: "", steering: { method: "none" } };
}

/** A recipe that does not say which version of the model drew it, or of a LoRA, as those of before it was written, may be of any. */
export function isSameRecipe(left: Recipe, right: Recipe): boolean {
  return recipeToQuery(asFarAsSaid(left, right)) === recipeToQuery(asFarAsSaid(right, left));
}

/** The recipe without those versions that the other one does not say. */
function asFarAsSaid({ revision, loras, ...recipe }: Recipe, other: Recipe): Recipe {
  const versioned = revision === undefined || other.revision === undefined ? recipe : { ...recipe, revision };
  if (loras === undefined) return versioned;
  const said = loras.map(({ hash, ...lora }, index) =>
    hash === undefined || other.loras?.[index]?.hash === undefined ? lora : { ...lora, hash },
  );
  return { ...versioned, loras: said };
}

export function isSameButSteering(left: Recipe, right: Recipe): boolean {
  return isSameRecipe(left, { ...right, steering: left.steering });
}

export function pictureOf(recipe: Recipe, pictures: readonly ShownPicture[]): ShownPicture | undefined {
  return pictures.find((picture) => isSameRecipe(picture.recipe, recipe));
}

/** The pictures in memory with another one before them. */
export function withNewest(picture: ShownPicture, recent: readonly ShownPicture[]): readonly ShownPicture[] {
  // The same recipe is the same picture, which is not listed twice.
  const others = recent.filter(({ recipe }) => !isSameRecipe(recipe, picture.recipe));
  return [picture, ...others].slice(0, MOST_IN_MEMORY);
}
