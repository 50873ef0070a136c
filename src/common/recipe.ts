// The recipe of one picture: everything needed to make it again. It is the request to the
// worker, and the text in the PNG, the history row and the permalink. Anything that comes from
// outside goes through `parseRecipe`; a value of type `Recipe` is valid.
import { CHOSEN_PREDICTIONS, CHOSEN_RULES, type ChosenPrediction, type ChosenRule } from "./chosen-sampler";
import type { Emphasis } from "./emphasis";
import { OnestrokeError } from "./errors";
import {
  MAX_PROMPT_CHARACTERS,
  MAX_SEED,
  MAX_SIDE,
  MAX_STEPS,
  MOST_TEXT_ROWS,
  MIN_SIDE,
  MAX_LORA_WEIGHT,
  MAX_MODEL_CHARACTERS,
  MOST_LORAS,
  MOST_VARIATIONS,
} from "./limits";
import { parseLoras, type RecipeLora } from "./recipe-lora";
import { isRevision } from "./model-revision";
import { isPictureName, type RecipeStart } from "./recipe-start";
import type { RecipeVariation } from "./recipe-variation";
import { isRepositoryName } from "./repository-name";
import { STEERING_RANGES, type Steering } from "./steering";
import { WEIGHT_FORMATS, type QuantisedFormat } from "./weight-format";
import { wideNetworks, type WideNetwork } from "./wide-network";
export type { Steering };

export interface Recipe {
  /** Catalogue id, the name of a repository of the hub, or the name of a folder (`modelName`). */
  readonly model: string;
  /** The version of the model's files that drew it (model-revision.ts). Absent where nobody published one, and in recipes of before it was written. */
  readonly revision?: string;
  /** The smallest format that its networks' weights lay in. Absent where all were float16, and in recipes of before it was written. */
  readonly weights?: QuantisedFormat;
  /** Networks that computed in float32 where float16 did not hold their numbers. Absent where there was none. */
  readonly inFloat32?: readonly WideNetwork[];
  /** Merged into the model, in this order; absent where there is none. */
  readonly loras?: readonly RecipeLora[];
  readonly prompt: string;
  readonly negative: string;
  /** How brackets in both texts are read (emphasis.ts). If it is absent, they are text like any other. */
  readonly emphasis?: Emphasis;
  /**
   * Rows of tokens that each text may fill, where one is longer than a row: a full row then goes back to its last comma. If it is absent,
   * rows are filled to the last token, and there is one, or four where `emphasis` is given.
   */
  readonly rows?: number;
  readonly steering: Steering;
  readonly steps: number;
  /** The rule that it is stepped by, where a person chose one over the model's files; absent: theirs. */
  readonly sampler?: ChosenRule;
  /** What the denoiser predicts, where a person said it; absent: what the model's files say. */
  readonly prediction?: ChosenPrediction;
  /** Unsigned 64-bit, decimal. */
  readonly seed: string;
  /** How its noise goes on from the seed's, in this order; absent where it is the seed's own. */
  readonly variations?: readonly RecipeVariation[];
  /** What it is drawn over; absent where it begins with noise alone. */
  readonly start?: RecipeStart;
  readonly width: number;
  readonly height: number;
}

/** @throws OnestrokeError `invalid-input`, detail `field` */
export function parseRecipe(value: unknown): Recipe {
  const fields = objectOf(value, "recipe");
  return {
    model: parseModel(fields["model"]),
    ...parseRevision(fields["revision"]),
    ...parseWeights(fields["weights"]),
    ...parseInFloat32(fields["inFloat32"]),
    ...parseLoraList(fields["loras"]),
    prompt: parsePrompt(fields["prompt"], "prompt"),
    negative: parsePrompt(fields["negative"] ?? "", "negative"),
    ...parseEmphasis(fields["emphasis"]),
    ...(fields["rows"] === undefined ? {} : { rows: parseInteger(fields["rows"], "rows", 2, MOST_TEXT_ROWS) }),
    steering: parseSteering(fields["steering"] ?? { method: "none" }),
    steps: parseInteger(fields["steps"], "steps", 1, MAX_STEPS),
    ...parseOneOf("sampler", CHOSEN_RULES, fields["sampler"]),
    ...parseOneOf("prediction", CHOSEN_PREDICTIONS, fields["prediction"]),
    seed: parseSeed(fields["seed"]),
    ...parseVariationList(fields["variations"]),
    ...parseStart(fields["start"]),
    width: parseInteger(fields["width"], "width", MIN_SIDE, MAX_SIDE),
    height: parseInteger(fields["height"], "height", MIN_SIDE, MAX_SIDE),
  };
}

/**
 * The prompt in a form that the tokenizer accepts: well-formed Unicode (lone surrogates become
 * U+FFFD), ASCII control characters turned into spaces, at most `MAX_PROMPT_CHARACTERS` UTF-16 units.
 * Nothing else is changed: markup, emoji and every script are prompts like any other.
 */
export function normalisePrompt(text: string): string {
  return text
    .slice(0, MAX_PROMPT_CHARACTERS)
    .toWellFormed()
    .replace(/[^\P{Cc}\x80-\x9f]/gu, " ");
}

/** A seed as canonical decimal text, from a decimal string, a safe integer or a bigint. */
export function parseSeed(value: unknown, field = "seed"): string {
  const seed = toBigInt(value);
  if (seed === undefined || seed < 0n || seed > MAX_SEED) {
    throw invalid(field, "the seed is a whole number from 0 to 18446744073709551615");
  }
  return seed.toString();
}

/** A seed drawn at random. It has 32 bits, because noise uses no more and people read seeds aloud. */
export function randomSeed(): string {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return String(seed);
}

function toBigInt(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^\s*\d{1,40}\s*$/.test(value)) return BigInt(value.trim());
  return undefined;
}

/**
 * The name of a model as recipes write it. A repository of the hub is called as it is there. A folder may have any name, but the name becomes part of an address, so it must
 * not climb out of the models' folder.
 */
export function modelName(text: string): string {
  if (isRepositoryName(text)) return text;
  const name = text
    .replace(/[\p{Cc}/\\]/gu, " ")
    .slice(0, MAX_MODEL_CHARACTERS)
    .toWellFormed()
    .trim();
  return /^\.*$/.test(name) ? "model" : name;
}

function parseModel(value: unknown): string {
  if (typeof value !== "string" || modelName(value) !== value) {
    throw invalid(
      "model",
      `a model's name is at most ${MAX_MODEL_CHARACTERS} characters without slashes and control characters, or a repository as owner/name`,
    );
  }
  return value;
}

function parseRevision(value: unknown): Pick<Recipe, "revision"> {
  if (value === undefined) return {};
  if (!isRevision(value)) throw invalid("revision", "the version of a model is 12 hexadecimal digits, in lower case");
  return { revision: value };
}

function parseWeights(value: unknown): Pick<Recipe, "weights"> {
  const weights = WEIGHT_FORMATS.find((format) => format === (value ?? "f16"));
  if (weights === undefined) throw invalid("weights", `weights are ${WEIGHT_FORMATS.join(", ")}`);
  return weights === "f16" ? {} : { weights };
}

function parseInFloat32(value: unknown = []): Pick<Recipe, "inFloat32"> {
  const networks = Array.isArray(value) ? wideNetworks(value) : [];
  if (!Array.isArray(value) || networks.length !== value.length) {
    throw invalid("inFloat32", "networks in float32 are autoencoder, denoiser or both");
  }
  return networks.length === 0 ? {} : { inFloat32: networks };
}

function parseLoraList(value: unknown): Pick<Recipe, "loras"> {
  const loras = parseLoras(value ?? []);
  if (loras === undefined) {
    throw invalid(
      "loras",
      `LoRAs are at most ${MOST_LORAS}, each with a name and a weight from -${MAX_LORA_WEIGHT} to ${MAX_LORA_WEIGHT}, perhaps with 12 digits of its hash`,
    );
  }
  return loras.length === 0 ? {} : { loras };
}

function parseVariationList(value: unknown = []): Pick<Recipe, "variations"> {
  if (!Array.isArray(value) || value.length > MOST_VARIATIONS) {
    throw invalid("variations", `variations are at most ${MOST_VARIATIONS}, each with a seed and a strength from 0 to 1`);
  }
  const variations = value.map((entry: unknown): RecipeVariation => {
    const fields = objectOf(entry, "variations");
    return { seed: parseSeed(fields["seed"], "variations"), strength: parseNumber(fields["strength"], "variations", [0, 1]) };
  });
  return variations.length === 0 ? {} : { variations };
}

function parseStart(value: unknown): Pick<Recipe, "start"> {
  if (value === undefined) return {};
  const { picture, strength } = objectOf(value, "start");
  if (!isPictureName(picture)) throw invalid("start", "the picture to start from is named by 32 hexadecimal digits");
  return { start: { picture, strength: parseNumber(strength, "start", [0, 1]) } };
}

function parsePrompt(value: unknown, field: string): string {
  if (typeof value !== "string") throw invalid(field, `the ${field} must be text`);
  return normalisePrompt(value);
}

function parseEmphasis(value: unknown): Pick<Recipe, "emphasis"> {
  if (value === undefined) return {};
  if (value !== "a1111") throw invalid("emphasis", "brackets are read as a1111, or as they stand if nothing is said");
  return { emphasis: value };
}

function parseOneOf<Field extends string, Value extends string>(
  field: Field,
  known: readonly Value[],
  value: unknown,
): { readonly [Name in Field]?: Value } {
  if (value === undefined) return {};
  const found = known.find((one) => one === value);
  if (found === undefined) throw invalid(field, `${field} is ${known.join(", ")}, or not said`);
  const said: { [Name in Field]?: Value } = {};
  said[field] = found;
  return said;
}

function parseInteger(value: unknown, field: string, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw invalid(field, `${field} must be a whole number from ${least} to ${most}`);
  }
  return value;
}

function parseSteering(value: unknown): Steering {
  const fields = objectOf(value, "steering");
  const { nasa, nag, vsf } = STEERING_RANGES;
  switch (fields["method"]) {
    case "none":
      return { method: "none" };
    case "nasa":
      return { method: "nasa", scale: parseNumber(fields["scale"], "steering.scale", nasa.scale), ...parseEnd(fields["sigmaEnd"]) };
    case "nag":
      return {
        method: "nag",
        scale: parseNumber(fields["scale"], "steering.scale", nag.scale),
        tau: parseNumber(fields["tau"], "steering.tau", nag.tau),
        alpha: parseNumber(fields["alpha"], "steering.alpha", nag.alpha),
        ...parseEnd(fields["sigmaEnd"]),
      };
    case "vsf":
      return {
        method: "vsf",
        scale: parseNumber(fields["scale"], "steering.scale", vsf.scale),
        offset: parseNumber(fields["offset"], "steering.offset", vsf.offset),
        ...parseEnd(fields["sigmaEnd"]),
      };
    default:
      throw invalid("steering.method", "the steering method is none, nasa, nag or vsf");
  }
}

function parseEnd(value: unknown): { readonly sigmaEnd?: number } {
  return value === undefined ? {} : { sigmaEnd: parseNumber(value, "steering.sigmaEnd", STEERING_RANGES.sigmaEnd) };
}

function parseNumber(value: unknown, field: string, [least, most]: readonly [number, number]): number {
  // Written this way, the comparison also refuses NaN.
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw invalid(field, `${field} must be a number from ${least} to ${most}`);
  }
  return value;
}

function objectOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(field, `the ${field} must be an object`);
  return Object.fromEntries(Object.entries(value));
}

export function invalid(field: string, message: string): OnestrokeError {
  return new OnestrokeError("invalid-input", message, { field });
}
