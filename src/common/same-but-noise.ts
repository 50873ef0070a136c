// Which recipes may be denoised together: those that differ in nothing but their noise, so that texts, steps and steering are one for all.
import { OnestrokeError } from "./errors";
import type { Recipe } from "./recipe";

/** The first field in which two recipes differ besides their noise; undefined where there is none. */
export function otherField(left: Recipe, right: Recipe): string | undefined {
  const [one, another] = [fieldsOf(left), fieldsOf(right)];
  return [...new Set([...one.keys(), ...another.keys()])].find((name) => one.get(name) !== another.get(name));
}

/** @throws OnestrokeError `invalid-input`, detail `field`, where one of them differs in more than its noise */
export function checkSameButNoise(recipes: readonly Recipe[]): asserts recipes is readonly [Recipe, ...Recipe[]] {
  const [first] = recipes;
  if (first === undefined) throw new OnestrokeError("invalid-input", "there is no recipe to draw", { field: "recipes" });
  for (const recipe of recipes) {
    const field = otherField(first, recipe);
    if (field === undefined) continue;
    throw new OnestrokeError("invalid-input", `recipes that are drawn together have the same ${field}`, {
      field,
      remedy: "Only seed and variations may differ. Draw the others by themselves.",
    });
  }
}

function fieldsOf({ seed: _, variations: __, ...rest }: Recipe): ReadonlyMap<string, string> {
  return new Map(Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [[name, JSON.stringify(value)]])));
}
