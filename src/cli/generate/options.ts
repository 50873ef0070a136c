// The command line of `generate` as recipes: one for each picture, checked before any
// model is opened.
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { parseArgs } from "node:util";
import { parseJsonObject } from "../../checkpoints/json";
import { OnestrokeError } from "../../errors";
import type { ImageRequest } from "../../pipeline/request";
import { normalisePrompt } from "../../protocol/recipe";
import type { Steering } from "../../steering/types";

export const USAGE = `usage: npm run generate -- --model ID_OR_DIR --prompt TEXT --out FILE.png
  [--negative TEXT [--nasa A | --nag PHI]] [--steps N] [--seed S] [--width W] [--height H] [--count N] [--engine wgsl|ort-wasm] [--json]
or: npm run generate -- --model ID_OR_DIR --batch FILE.jsonl [--engine wgsl|ort-wasm]
  (a line: {"prompt", "out", "negative"?, "nasa"?, "nag"?, "steps"?, "seed"?, "width"?, "height"?})`;

/** What the model decides when a recipe does not say. */
export interface RecipeDefaults {
  readonly size: number;
  readonly steering: Exclude<Steering, { method: "none" }>;
}

/** One picture to make. */
export interface Job {
  readonly file: string;
  request(defaults: RecipeDefaults): ImageRequest;
}

/** `ort-wasm` draws folders of ONNX exports. */
const ENGINES = ["wgsl", "ort-wasm"] as const;

export interface GenerateOptions {
  readonly model: string;
  readonly engine: (typeof ENGINES)[number];
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
        steps: text,
        seed: text,
        width: text,
        height: text,
        count: text,
        out: text,
        batch: text,
        engine: { type: "string", default: "wgsl" },
        json: { type: "boolean", default: false },
      },
    }),
  );
  const engine = ENGINES.find((name) => name === values.engine);
  if (engine === undefined) throw invalid("engine", `--engine is ${ENGINES.join(" or ")}, not ${values.engine}`);
  if (values.batch !== undefined) {
    const lines = (await readFile(values.batch, "utf8")).split("\n").filter((line) => line.trim() !== "");
    const jobs = lines.map((line, index) => batchJob(line, `${values.batch} line ${index + 1}`));
    return { model: values.model, engine, jobs, json: true };
  }
  const { count, model, json, batch: _batch, engine: _engine, ...fields } = values;
  const copies = count === undefined ? 1 : whole("count", count);
  const jobs = Array.from({ length: copies }, (_, copy) =>
    job({ ...fields, out: copies === 1 ? fields.out : numbered(fields.out, copy + 1) }, BigInt(copy)),
  );
  return { model, engine, jobs, json };
}

function batchJob(line: string, where: string): Job {
  const fields = Object.entries(parseJsonObject(line, where)).map(([name, value]) => [name, String(value)] as const);
  return job(Object.fromEntries(fields), 0n);
}

function job(fields: Readonly<Record<string, string | undefined>>, seedOffset: bigint): Job {
  const { prompt, out, negative = "" } = fields;
  if (prompt === undefined) throw invalid("prompt", `--prompt is needed\n${USAGE}`);
  if (out === undefined) throw invalid("out", `--out is needed\n${USAGE}`);
  const seed = parse(() => BigInt(fields["seed"] ?? "0")) + seedOffset;
  if (seed < 0n || seed >= 2n ** 64n) throw invalid("seed", "the seed is a whole number from 0 to 18446744073709551615");
  const side = (name: "width" | "height") => (fields[name] === undefined ? undefined : whole(name, fields[name]));
  const [width, height] = [side("width"), side("height")];
  const steps = fields["steps"] === undefined ? 1 : whole("steps", fields["steps"]);
  return {
    file: out,
    request: (defaults) => ({
      prompt: normalisePrompt(prompt),
      negative: normalisePrompt(negative),
      steering: negative === "" ? { method: "none" } : steering(fields, defaults.steering),
      steps,
      seed,
      width: width ?? defaults.size,
      height: height ?? defaults.size,
    }),
  };
}

function steering(fields: Readonly<Record<string, string | undefined>>, usual: RecipeDefaults["steering"]): Steering {
  const { nasa, nag } = fields;
  if (nasa !== undefined && nag !== undefined) throw invalid("nag", "--nasa and --nag exclude each other");
  if (nasa !== undefined) return { method: "nasa", scale: dial("nasa", nasa, 2) };
  if (nag === undefined) return usual;
  const shape = usual.method === "nag" ? usual : { tau: 2.5, alpha: 0.375 };
  return { method: "nag", tau: shape.tau, alpha: shape.alpha, scale: dial("nag", nag, 10) };
}

function numbered(file: string | undefined, index: number): string | undefined {
  if (file === undefined) return undefined;
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}-${index}${extension}`;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw invalid(name, `--${name} is a whole number from 1, not ${text}`);
  return value;
}

function dial(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!(value >= 0 && value <= most)) throw invalid(name, `--${name} lies between 0 and ${most}, not ${text}`);
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
