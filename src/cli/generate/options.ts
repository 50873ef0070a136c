// The command line of `generate` as recipes: one for each picture, all checked before any
// model is opened.
import { extname } from "node:path";
import { parseArgs } from "node:util";
import { ENGINES, type Engine } from "../../common/engine";
import { MAX_LORA_WEIGHT, MOST_TEXT_ROWS } from "../../common/limits";
import { isLoraWeight, loraFromText } from "../../common/recipe-lora";
import { WEIGHT_FORMATS, type WeightFormat } from "../../common/weight-format";
import { CHOSEN_PREDICTIONS, CHOSEN_RULES, type ChosenPrediction, type ChosenRule } from "../../common/chosen-sampler";
import { batchJobs } from "./batch";
import { invalid, parse, whole } from "./check";
import { jobOf, type Job } from "./job";

/** Limit for one command, because every picture is planned before the first is drawn. */
const MOST_COPIES = 10_000;

/** No adapter has more. */
const MOST_GIGABYTES = 1000;

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
  /** Whether each kernel is timed. */
  readonly profile: boolean;
  /** LoRAs, and for a model in one file where its tokenizer is, and what it predicts. */
  readonly file: {
    readonly tokenizer: string | undefined;
    readonly prediction: ChosenPrediction | undefined;
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
        profile: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    }),
  );
  const engine = ENGINES.find((name) => name === values.engine);
  if (engine === undefined) throw invalid("engine", `--engine is ${ENGINES.join(" or ")}, not ${values.engine}`);
  const sampler = CHOSEN_RULES.find((rule) => rule === values.sampler);
  if (values.sampler !== undefined && sampler === undefined)
    throw invalid("sampler", `--sampler is ${CHOSEN_RULES.join(" or ")}, not ${values.sampler}`);
  const prediction = CHOSEN_PREDICTIONS.find((name) => name === values.prediction);
  if (values.prediction !== undefined && prediction === undefined)
    throw invalid("prediction", `--prediction is ${CHOSEN_PREDICTIONS.join(" or ")}, not ${values.prediction}`);
  const weights = WEIGHT_FORMATS.find((name) => name === values.weights);
  if (values.weights !== undefined && weights === undefined)
    throw invalid("weights", `--weights is ${WEIGHT_FORMATS.join(" or ")}, not ${values.weights}`);
  if (weights !== undefined && engine !== "wgsl")
    throw invalid("weights", "ONNX graphs bring their own weights: --weights is for the engine wgsl");
  if (values.tune !== undefined && engine !== "wgsl")
    throw invalid("tune", "ONNX Runtime has kernels of its own: --tune is for the engine wgsl");
  if (values.profile && engine !== "wgsl") throw invalid("profile", "ONNX Runtime tells no times: --profile is for the engine wgsl");
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
    profile: values.profile,
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
    profile: _profile,
    ...fields
  } = others;
  const copies = count === undefined ? 1 : whole("count", count, MOST_COPIES);
  const jobs = Array.from({ length: copies }, (_, copy) =>
    jobOf({ ...fields, out: copies === 1 ? fields.out : numbered(fields.out, copy + 1) }, BigInt(copy)),
  );
  return { ...opening, jobs, json };
}

function loraOf(text: string): { readonly file: string; readonly weight: number } {
  const { name, weight } = loraFromText(text);
  if (!isLoraWeight(weight)) throw invalid("lora", `a LoRA's weight is from -${MAX_LORA_WEIGHT} to ${MAX_LORA_WEIGHT}, not as in ${text}`);
  return { file: name, weight };
}

function numbered(file: string | undefined, index: number): string | undefined {
  if (file === undefined) return undefined;
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}-${index}${extension}`;
}
