// Recipes like one: a seed of their own each, or a part of the way from its noise to another seed's.
import { MOST_VARIATIONS } from "../../common/limits";
import type { Recipe } from "../../common/recipe";

/** @param seed the other seed, which is the new recipe's own at a strength of 1 */
export function vary({ variations = [], ...recipe }: Recipe, seed: string, strength: number): Recipe {
  if (strength >= 1) return { ...recipe, seed };
  return { ...recipe, variations: [...variations.slice(0, MOST_VARIATIONS - 1), { seed, strength }] };
}
