// The noise of a recipe: its seed's, varied towards other seeds'. Every draw is varied, the first sample's and those between steps, so that
// a variation of full strength is the other seed's picture.
import type { Recipe } from "../../common/recipe";
import { slerp } from "./slerp";
import { TorchGenerator } from "./torch-generator";

/** Unit noise, as much as is asked for; each draw goes on from the one before. */
export type NoiseSource = (count: number) => Float32Array<ArrayBuffer>;

export function noiseOf({ seed, variations = [] }: Pick<Recipe, "seed" | "variations">): NoiseSource {
  const own = new TorchGenerator(BigInt(seed));
  const others = variations.map((variation) => ({ ...variation, generator: new TorchGenerator(BigInt(variation.seed)) }));
  return (count) => others.reduce((noise, { generator, strength }) => slerp(noise, generator.randn(count), strength), own.randn(count));
}
