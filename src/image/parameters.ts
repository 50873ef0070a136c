// The `parameters` text that the web UI of AUTOMATIC1111 writes into PNGs, and that many tools read: the prompt, a line for the negative
// prompt, and a last line of fields. A picture that is saved here has one beside its recipe, and another tool's is read as far as its
// fields mean the same. Nothing is guessed.
import { withoutEmphasis } from "../common/emphasis";
import { parseSeed, type Recipe } from "../common/recipe";
import { MAX_SIDE, MAX_STEPS, MIN_SIDE } from "../common/limits";

export const PARAMETERS_KEYWORD = "parameters";

const NEGATIVE = "Negative prompt: ";

export function parametersOf({ prompt, negative, emphasis, steps, seed, width, height, model, steering }: Recipe): string {
  // There is no guidance in a student of few steps, which these tools call a scale of 1.
  const fields = [`Steps: ${steps}`, "CFG scale: 1", `Seed: ${seed}`, `Size: ${width}x${height}`, `Model: ${quoted(model)}`];
  const steered = steering.method === "none" ? [] : [`Negative steering: ${steering.method.toUpperCase()} ${steering.scale}`];
  // Those tools read brackets as weights, whether they were meant so or not.
  const said = (text: string): string => (emphasis === undefined ? withoutEmphasis(text) : text);
  return [said(prompt), ...(negative === "" ? [] : [NEGATIVE + said(negative)]), [...fields, ...steered].join(", ")].join("\n");
}

export interface ForeignRecipe {
  /** What means the same here. */
  readonly taken: Partial<Pick<Recipe, "prompt" | "negative" | "steps" | "seed" | "width" | "height">>;
  /** The names of the other fields, as the file has them. */
  readonly left: readonly string[];
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
  let taken: ForeignRecipe["taken"] = { prompt, negative };
  const left: string[] = [];
  for (const [name, value] of fieldsOf(last)) {
    const same = meaningOf(name, value);
    if (same === undefined) left.push(name);
    else taken = { ...taken, ...same };
  }
  return { taken, left };
}

/** What a field says of a recipe. A number that no picture here can have is left as well. */
function meaningOf(name: string, value: string): ForeignRecipe["taken"] | undefined {
  switch (name) {
    case "Steps":
      return within(Number(value), 1, MAX_STEPS) ? { steps: Number(value) } : undefined;
    case "Seed":
      return seedOf(value);
    case "Size": {
      const [, width = NaN, height = NaN] = (/^(\d+)x(\d+)$/.exec(value) ?? []).map(Number);
      return within(width, MIN_SIDE, MAX_SIDE) && within(height, MIN_SIDE, MAX_SIDE) ? { width, height } : undefined;
    }
    default:
      return undefined;
  }
}

function seedOf(value: string): { seed: string } | undefined {
  try {
    return { seed: parseSeed(value) };
  } catch {
    return undefined;
  }
}

function within(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** `Name: value, Name: "a value, quoted", ...` */
function fieldsOf(line: string): readonly (readonly [string, string])[] {
  return [...line.matchAll(/([\w][\w /-]*): ("(?:\\.|[^"\\])*"|[^,]*)(?:, |$)/g)].map(([, name = "", value = ""]) => [name, value]);
}

function quoted(value: string): string {
  return /[,:"]/.test(value) ? JSON.stringify(value) : value;
}
