// The `parameters` text that the web UI of AUTOMATIC1111 writes into PNGs, and that many tools read: the prompt, a line for the negative
// prompt, and a last line of fields. A picture that is saved here has one beside its recipe, and another tool's is read as far as its
// fields mean the same. Nothing is guessed.
import type { ChosenRule } from "../common/chosen-sampler";
import { withoutEmphasis } from "../common/emphasis";
import type { Recipe } from "../common/recipe";
import { loraToText } from "../common/recipe-lora";
import { seedOf, sizeOf, stepsOf, textOf, type ForeignRecipe, type Taken } from "./foreign-fields";

export const PARAMETERS_KEYWORD = "parameters";

/** The same rules by those tools' names: trailing timesteps are a type of their own there. */
const SAMPLERS: Readonly<Record<ChosenRule, string>> = {
  consistency: "Sampler: LCM",
  euler: "Sampler: Euler, Schedule type: SGM Uniform",
  tcd: "Sampler: TCD",
};

const NEGATIVE = "Negative prompt: ";

export function parametersOf(recipe: Recipe): string {
  const { prompt, negative, emphasis, steps, seed, variations = [], width, height, model, revision, weights, steering } = recipe;
  const { inFloat32 = [], loras = [], sampler, prediction } = recipe;
  // There is no guidance in a student of few steps, which these tools call a scale of 1.
  const fields = [
    `Steps: ${steps}`,
    ...(sampler === undefined ? [] : [SAMPLERS[sampler]]),
    "CFG scale: 1",
    `Seed: ${seed}`,
    `Size: ${width}x${height}`,
    `Model: ${quoted(model)}`,
  ];
  const steered = steering.method === "none" ? [] : [`Negative steering: ${steering.method.toUpperCase()} ${steering.scale}`];
  // Their own "Model hash" is of a file.
  const made = [
    ...(revision === undefined ? [] : [`Model revision: ${revision}`]),
    ...(weights === undefined ? [] : [`Weights: ${weights}`]),
    ...(inFloat32.length === 0 ? [] : [`In float32: ${inFloat32.join(" ")}`]),
    ...(prediction === undefined ? [] : [`Prediction: ${prediction}`]),
    // Where those tools write LoRAs into the prompt, they would load them.
    ...(loras.length === 0 ? [] : [`LoRAs: ${JSON.stringify(loras.map(loraToText).join(" "))}`]),
  ];
  // They know one variation, between the noises of two seeds as here.
  const [variation, ...further] = variations;
  const varied =
    variation === undefined || further.length > 0
      ? []
      : [`Variation seed: ${variation.seed}`, `Variation seed strength: ${variation.strength}`];
  // Those tools read brackets as weights, whether they were meant so or not.
  const said = (text: string): string => (emphasis === undefined ? withoutEmphasis(text) : text);
  return [
    said(prompt),
    ...(negative === "" ? [] : [NEGATIVE + said(negative)]),
    [...fields, ...made, ...varied, ...steered].join(", "),
  ].join("\n");
}

/** @returns undefined for a text of another kind */
export function readParameters(text: string): ForeignRecipe | undefined {
  const lines = text.trim().split("\n");
  const last = lines.at(-1) ?? "";
  if (!/^Steps: \d+,/.test(last)) return undefined;
  const words = lines.slice(0, -1);
  const begin = words.findIndex((line) => line.startsWith(NEGATIVE));
  const prompt = (begin < 0 ? words : words.slice(0, begin)).join("\n");
  const negative = begin < 0 ? "" : words.slice(begin).join("\n").slice(NEGATIVE.length);
  let taken: Taken = { prompt: textOf(prompt) ?? "", negative: textOf(negative) ?? "" };
  const left: string[] = [];
  for (const [name, value] of fieldsOf(last)) {
    const same = meaningOf(name, value);
    if (same === undefined) left.push(name);
    else taken = { ...taken, ...same };
  }
  return { tool: undefined, taken, left };
}

/** What a field says of a recipe. A number that no picture here can have is left as well. */
function meaningOf(name: string, value: string): Taken | undefined {
  switch (name) {
    case "Steps": {
      const steps = stepsOf(Number(value));
      return steps === undefined ? undefined : { steps };
    }
    case "Seed": {
      const seed = seedOf(value);
      return seed === undefined ? undefined : { seed };
    }
    case "Size": {
      const [, width, height] = /^(\d+)x(\d+)$/.exec(value) ?? [];
      return sizeOf(Number(width), Number(height));
    }
    default:
      return undefined;
  }
}

/** `Name: value, Name: "a value, quoted", ...` */
function fieldsOf(line: string): readonly (readonly [string, string])[] {
  return [...line.matchAll(/([\w][\w /-]*): ("(?:\\.|[^"\\])*"|[^,]*)(?:, |$)/g)].map(([, name = "", value = ""]) => [name, value]);
}

function quoted(value: string): string {
  return /[,:"]/.test(value) ? JSON.stringify(value) : value;
}
