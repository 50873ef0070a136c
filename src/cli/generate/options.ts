// The command line of `generate` as recipes: one for each picture, all checked before any
// model is opened.
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parseArgs } from "node:util";
import { emphasisOf } from "../../common/emphasis";
import { parseJsonObject, shown } from "../../common/json";
import { decodeText } from "../../checkpoints/read-file";
import { OnestrokeError } from "../../common/errors";
import { ENGINES, type Engine } from "../../common/engine";
import { MAX_LORA_WEIGHT, MIN_SIDE, MOST_TEXT_ROWS } from "../../common/limits";
import type { ModelFacts } from "../../common/model-facts";
import { parseRecipe, parseSeed, type Recipe } from "../../common/recipe";
import { variationFromText } from "../../common/recipe-variation";
import { isLoraWeight, loraFromText } from "../../common/recipe-lora";
import { STEERING_RANGES, type Steering } from "../../common/steering";
import { WEIGHT_FORMATS, type WeightFormat } from "../../common/weight-format";
import { CHOSEN_RULES, type ChosenRule } from "../../samplers/scheduler-file";
import type { SteeringDefaults } from "../../common/steering-defaults";
import { USAGE, USUAL_STRENGTH } from "./usage";

const PREDICTIONS = ["epsilon", "v_prediction"] as const;

/** The options that make one picture; a batch line has them as keys. */
const RECIPE_OPTIONS = [
  "prompt",
  "out",
  "negative",
  "nasa",
  "nag",
  "vsf",
  "vsf-offset",
  "sigma-end",
  "steps",
  "seed",
  "variation",
  "start",
  "strength",
  "width",
  "height",
] as const;
const TEXT_OPTIONS: readonly RecipeOption[] = ["prompt", "out", "negative", "variation", "start"];

/** Limit for one command, because every picture is planned before the first is drawn. */
const MOST_COPIES = 10_000;

/** No adapter has more. */
const MOST_GIGABYTES = 1000;

type RecipeOption = (typeof RECIPE_OPTIONS)[number];
type RecipeFields = Readonly<Partial<Record<RecipeOption, string | undefined>>>;

/** One picture to make. */
export interface Job {
  readonly file: string;
  /** The file of the picture that is drawn over, and how much of it; undefined where it begins with noise. */
  readonly start: { readonly file: string; readonly strength: number } | undefined;
  /** The recipe, with the model's own values for what the options leave out. */
  recipe(model: Pick<ModelFacts, "id" | "loras" | "defaultSize" | "steering">): Recipe;
}

export interface GenerateOptions {
  readonly model: string;
  /** ONNX Runtime's engines draw models that have ONNX graphs. */
  readonly engine: Engine;
  /** Rows of the encoder's length that a text may fill. */
  readonly textRows: number;
  /** The rule that is used instead of what the checkpoint's scheduler file states. */
  readonly sampler: ChosenRule | undefined;
  /** Number format of large weights. Absent: as the model's files have them. */
  readonly weights: WeightFormat | undefined;
  /** What a picture may take of the GPU's memory; undefined leaves it to the pipeline. */
  readonly memoryBytes: number | undefined;
  /** The file that keeps how products are best computed here; undefined leaves that to the tile table. */
  readonly tune: string | undefined;
  /** LoRAs, and for a model in one file where its tokenizer is, and what it predicts. */
  readonly file: {
    readonly tokenizer: string | undefined;
    readonly prediction: (typeof PREDICTIONS)[number] | undefined;
    readonly loras: readonly { readonly file: string; readonly weight: number }[];
  };
  readonly jobs: readonly Job[];
  readonly json: boolean;
}

/** @throws OnestrokeError `invalid-input` naming the option */
export async function parseOptions(args: readonly string[]): Promise<GenerateOptions> {
  const text = { type: "string" } as const;
  const { values } = parse(() =>
    parseArgs({
      args: [...args],
      options: {
        model: { type: "string", default: "vignette" },
        prompt: text,
        negative: text,
        nasa: text,
        nag: text,
        vsf: text,
        "vsf-offset": text,
        "sigma-end": text,
        steps: text,
        seed: text,
        variation: text,
        start: text,
        strength: text,
        width: text,
        height: text,
        count: text,
        out: text,
        batch: text,
        "text-rows": { type: "string", default: String(MOST_TEXT_ROWS) },
        sampler: text,
        lora: { type: "string", multiple: true, default: [] },
        tokenizer: text,
        prediction: text,
        weights: text,
        engine: { type: "string", default: "wgsl" },
        "gpu-memory": text,
        tune: text,
        json: { type: "boolean", default: false },
      },
    }),
  );
  const engine = ENGINES.find((name) => name === values.engine);
  if (engine === undefined) throw invalid("engine", `--engine is ${ENGINES.join(" or ")}, not ${values.engine}`);
  const sampler = CHOSEN_RULES.find((rule) => rule === values.sampler);
  if (values.sampler !== undefined && sampler === undefined)
    throw invalid("sampler", `--sampler is ${CHOSEN_RULES.join(" or ")}, not ${values.sampler}`);
  const prediction = PREDICTIONS.find((name) => name === values.prediction);
  if (values.prediction !== undefined && prediction === undefined)
    throw invalid("prediction", `--prediction is ${PREDICTIONS.join(" or ")}, not ${values.prediction}`);
  const weights = WEIGHT_FORMATS.find((name) => name === values.weights);
  if (values.weights !== undefined && weights === undefined)
    throw invalid("weights", `--weights is ${WEIGHT_FORMATS.join(" or ")}, not ${values.weights}`);
  if (weights !== undefined && engine !== "wgsl")
    throw invalid("weights", "ONNX graphs bring their own weights: --weights is for the engine wgsl");
  if (values.tune !== undefined && engine !== "wgsl")
    throw invalid("tune", "ONNX Runtime has kernels of its own: --tune is for the engine wgsl");
  const gigabytes = values["gpu-memory"];
  if (gigabytes !== undefined && !(Number(gigabytes) > 0 && Number(gigabytes) <= MOST_GIGABYTES))
    throw invalid("gpu-memory", `--gpu-memory is a number of gigabytes up to ${MOST_GIGABYTES}, not ${gigabytes}`);
  const textRows = whole("text-rows", values["text-rows"], MOST_TEXT_ROWS);
  const opening = {
    model: values.model,
    engine,
    textRows,
    sampler,
    weights,
    memoryBytes: gigabytes === undefined ? undefined : Number(gigabytes) * 1e9,
    tune: values.tune,
    file: { tokenizer: values.tokenizer, prediction, loras: values.lora.map(loraOf) },
  };
  if (values.batch !== undefined) return { ...opening, jobs: await batchJobs(values.batch), json: true };
  const { count, json, model: _model, batch: _batch, engine: _engine, sampler: _sampler, "text-rows": _textRows, ...others } = values;
  const {
    lora: _lora,
    "gpu-memory": _memory,
    tokenizer: _tokenizer,
    prediction: _prediction,
    weights: _weights,
    tune: _tune,
    ...fields
  } = others;
  const copies = count === undefined ? 1 : whole("count", count, MOST_COPIES);
  const jobs = Array.from({ length: copies }, (_, copy) =>
    job({ ...fields, out: copies === 1 ? fields.out : numbered(fields.out, copy + 1) }, BigInt(copy)),
  );
  return { ...opening, jobs, json };
}

function loraOf(text: string): { readonly file: string; readonly weight: number } {
  const { name, weight } = loraFromText(text);
  if (!isLoraWeight(weight)) throw invalid("lora", `a LoRA's weight is from -${MAX_LORA_WEIGHT} to ${MAX_LORA_WEIGHT}, not as in ${text}`);
  return { file: name, weight };
}

/** One job for each line that is not empty. Line numbers in errors count all lines. */
async function batchJobs(file: string): Promise<readonly Job[]> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new OnestrokeError("invalid-input", `--batch ${file} cannot be read`, { field: "batch" }, cause);
  });
  const lines = parse(() => decodeText(bytes, file)).split("\n");
  return lines.flatMap((line, index) => (line.trim() === "" ? [] : [batchJob(line, `${file} line ${index + 1}`)]));
}

function batchJob(line: string, where: string): Job {
  const fields: Partial<Record<RecipeOption, string>> = {};
  for (const [name, value] of Object.entries(parse(() => parseJsonObject(line, where)))) {
    const option = RECIPE_OPTIONS.find((known) => known === name);
    if (option === undefined) throw invalid(name, `${where}: "${name}" is not one of ${RECIPE_OPTIONS.join(", ")}`);
    const text = textOf(option, value);
    if (text === undefined) throw invalid(name, `${where}: "${name}" cannot be ${shown(value)}`);
    if (text !== null) fields[option] = text;
  }
  return job(fields, 0n);
}

/** What a user would type for a value of a batch line; `null` for `null`, undefined for what cannot be typed. */
function textOf(option: RecipeOption, value: unknown): string | null | undefined {
  if (value === null || typeof value === "string") return value;
  // JSON.parse has already rounded larger integers, so such a seed is written as a string.
  const isExact = typeof value === "number" && (Number.isSafeInteger(value) || !Number.isInteger(value));
  return isExact && !TEXT_OPTIONS.includes(option) ? String(value) : undefined;
}

function job(fields: RecipeFields, seedOffset: bigint): Job {
  const { prompt, out, negative = "" } = fields;
  if (prompt === undefined) throw invalid("prompt", `--prompt is needed\n${USAGE}`);
  if (out === undefined) throw invalid("out", `--out is needed\n${USAGE}`);
  const seed = BigInt(parseSeed(fields.seed ?? "0")) + seedOffset;
  const side = (name: "width" | "height") => (fields[name] === undefined ? undefined : whole(name, fields[name]));
  const [width, height] = [side("width"), side("height")];
  const steering = steeringFrom(fields);
  // The rest does not depend on the model, so it is checked against a recipe's bounds before a model is opened.
  const said = parseRecipe({
    model: "model",
    prompt,
    negative,
    ...emphasisOf(prompt, negative),
    steps: fields.steps === undefined ? 1 : whole("steps", fields.steps),
    seed,
    variations: fields.variation?.split(",").map(variationFromText),
    width: width ?? MIN_SIDE,
    height: height ?? MIN_SIDE,
  });
  return {
    file: out,
    start: startFrom(fields),
    recipe: ({ id, loras, defaultSize, steering: usual }) => ({
      ...said,
      model: id,
      ...(loras === undefined ? {} : { loras }),
      steering: said.negative === "" ? { method: "none" } : steering(usual),
      width: width ?? defaultSize,
      height: height ?? defaultSize,
    }),
  };
}

/** Method, strength and end as far as the options state them, and the model's own for the rest. */
function steeringFrom(fields: RecipeFields): (usual: SteeringDefaults) => Steering {
  const nasa = dial(fields, "nasa", STEERING_RANGES.nasa.scale);
  const nag = dial(fields, "nag", STEERING_RANGES.nag.scale);
  const vsf = dial(fields, "vsf", STEERING_RANGES.vsf.scale);
  const offset = dial(fields, "vsf-offset", STEERING_RANGES.vsf.offset);
  const sigmaEnd = dial(fields, "sigma-end", STEERING_RANGES.sigmaEnd);
  const [, second] = Object.entries({ nasa, nag, vsf }).filter(([, scale]) => scale !== undefined);
  if (second !== undefined) throw invalid(second[0], "--nasa, --nag and --vsf exclude each other");
  if (offset !== undefined && vsf === undefined) throw invalid("vsf-offset", "--vsf-offset belongs to --vsf");
  const end = sigmaEnd === undefined ? {} : { sigmaEnd };
  return (usual) => {
    if (nasa !== undefined) return { ...usual.nasa, scale: nasa, ...end };
    if (nag !== undefined) return { ...usual.nag, scale: nag, ...end };
    if (vsf !== undefined) return { ...usual.vsf, scale: vsf, ...(offset === undefined ? {} : { offset }), ...end };
    return { ...usual[usual.method], ...end };
  };
}

function startFrom({ start, strength }: RecipeFields): Job["start"] {
  if (start === undefined) {
    if (strength !== undefined)
      throw invalid("strength", "--strength says how much of a picture is drawn over: name the picture with --start");
    return undefined;
  }
  if (start === "") throw invalid("start", "--start is a PNG file");
  const share = strength === undefined ? USUAL_STRENGTH : Number(strength);
  if (strength?.trim() === "" || !(share >= 0 && share <= 1)) throw invalid("strength", `--strength lies between 0 and 1, not ${strength}`);
  return { file: start, strength: share };
}

function numbered(file: string | undefined, index: number): string | undefined {
  if (file === undefined) return undefined;
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}-${index}${extension}`;
}

function whole(name: string, text: string, most = 1e6): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw invalid(name, `--${name} is a whole number from 1 to ${most}, not ${text}`);
  return value;
}

function dial(
  fields: RecipeFields,
  name: "nasa" | "nag" | "vsf" | "vsf-offset" | "sigma-end",
  [least, most]: readonly [number, number],
): number | undefined {
  const text = fields[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw invalid(name, `--${name} lies between ${least} and ${most}, not ${text}`);
  }
  return value;
}

function parse<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw invalid("arguments", `${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}`);
  }
}

function invalid(field: string, message: string): OnestrokeError {
  return new OnestrokeError("invalid-input", message, { field });
}
