// What made a picture besides what was asked for: the version of the model's files, and the numbers that its weights lay in. Whoever draws
// writes both into the recipe. They ask for nothing: the model that is here draws, as it is here.
import type { ModelFacts } from "./model-facts";
import type { Recipe } from "./recipe";
import type { QuantisedFormat } from "./weight-format";

/** The recipe as the picture's that this model makes of it. */
export function madeBy({ revision, parts }: Pick<ModelFacts, "revision" | "parts">, recipe: Recipe): Recipe {
  const formats = new Set(parts.map(({ weights }) => weights));
  const weights = (["q4", "q8"] as const satisfies readonly QuantisedFormat[]).find((format) => formats.has(format));
  return { ...withoutMadeWith(recipe), ...(revision === undefined ? {} : { revision }), ...(weights === undefined ? {} : { weights }) };
}

export function withoutMadeWith({ revision: _, weights: __, ...asked }: Recipe): Recipe {
  return asked;
}
