// What made a picture besides what was asked for: the version of the model's files and of its LoRAs', the numbers that its weights lay in, and
// networks that had to compute in wider ones. Whoever draws writes them into the recipe. They ask for nothing: what is here draws, as it is.
import type { ModelFacts } from "./model-facts";
import type { Recipe } from "./recipe";
import type { QuantisedFormat } from "./weight-format";

type Maker = Pick<ModelFacts, "revision" | "parts" | "inFloat32" | "loras">;

/** The recipe as the picture's that this model makes of it. Of a LoRA that is not merged yet it says what it said before. */
export function madeBy({ revision, parts, inFloat32 = [], loras: merged = [] }: Maker, recipe: Recipe): Recipe {
  const formats = new Set(parts.map(({ weights }) => weights));
  const weights = (["q4", "q8"] as const satisfies readonly QuantisedFormat[]).find((format) => formats.has(format));
  const loras = recipe.loras?.map((lora) => {
    const hash = (merged.find(({ name }) => name === lora.name) ?? lora).hash;
    return { name: lora.name, weight: lora.weight, ...(hash !== undefined && { hash }) };
  });
  return {
    ...withoutMadeWith(recipe),
    ...(revision !== undefined && { revision }),
    ...(weights !== undefined && { weights }),
    ...(inFloat32.length > 0 && { inFloat32 }),
    ...(loras && { loras }),
  };
}

export function withoutMadeWith({ revision: _, weights: __, inFloat32: ___, loras, ...asked }: Recipe): Recipe {
  return loras === undefined ? asked : { ...asked, loras: loras.map(({ name, weight }) => ({ name, weight })) };
}
