// What a recipe comes to. Two recipes that differ in nothing but a space at the end, or in a negative text that nothing steers by, have
// the same meaning, and a page that draws while somebody types need not draw the second one.
import { withoutMadeWith } from "../common/made-with";
import type { Recipe } from "../common/recipe";
import { effectiveSteering } from "../steering/schedule";
import type { Texts } from "./texts";

/** Equal meanings are the same picture, byte for byte. */
export function meaningOf(recipe: Recipe, texts: Pick<Texts, "key">): string {
  const { prompt, negative, emphasis, rows, steering: asked, seed, variations = [], ...rest } = withoutMadeWith(recipe);
  const steering = effectiveSteering(asked, negative);
  return JSON.stringify({
    ...rest,
    seed: lowBits(seed),
    variations: variations.map((variation) => [lowBits(variation.seed), variation.strength]),
    prompt: texts.key(prompt, { emphasis, rows }),
    steering: Object.entries(steering),
    negative: steering.method === "none" ? "" : texts.key(negative, { emphasis, rows }),
  });
}

/** Noise uses no more of a seed. */
function lowBits(seed: string): string {
  return String(BigInt.asUintN(32, BigInt(seed)));
}
