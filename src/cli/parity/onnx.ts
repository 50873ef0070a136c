// ONNX exports on ONNX Runtime: each folder of the fixture (`unet`, `unet-fused`,
// `text_encoder`, `vae_decoder`) against the reference tensors of the network that it was exported from.
// Denoisers are also compared with their graphs rewritten for NASA and NAG.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fields } from "../../common/json";
import { nodeStore } from "../../checkpoints/node-file";
import { OnestrokeError } from "../../common/errors";
import { chooseOutput, PREDICTION, sessionOutputs } from "../../ort/choose-output";
import { readModel, type OnnxFile } from "../../ort/session/open-model";
import type { OrtRuntime } from "../../ort/session/runtime";
import { OrtSession } from "../../ort/session/session";
import { tensorFrom, valuesOf } from "../../ort/session/tensors";
import { steerGraph, steeringScalars, type GraphSteering } from "../../ort/steer-graph";
import type { Nag, Nasa } from "../../common/steering";
import type { Comparison, Fixture, OnnxCheck } from "./check";
import { Golden, GOLDEN, relativeError } from "./golden";

/** Exported names and the reference tensors' names, where they differ; a denoiser's names are the same. */
const INPUT_NAMES: Readonly<Record<string, string>> = { latent_sample: "latent", sample: "image" };
const OUTPUT_NAMES: Readonly<Record<string, string>> = {
  sample: "decoded",
  latent_sample: "encoded_mean",
  latent_parameters: "encoded_mean",
};

const FLOAT16_BOUND = 5e-3;

interface Exported {
  readonly folder: string;
  readonly file: OnnxFile;
  readonly golden: Golden;
}

export const checkOnnx: OnnxCheck = async function* (fixture, runtime) {
  for (const exported of await exportsOf(fixture)) {
    const isDenoiser = exported.folder.startsWith("unet");
    yield* isDenoiser ? denoiser(runtime, exported) : network(runtime, exported);
  }
};

/** Folders with a model. A variant (`unet-fused`) shares the entry of the model that it is a variant of. */
async function exportsOf({ name, store, golden }: Fixture): Promise<readonly Exported[]> {
  const entries = await readdir(store.name, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const exported: Exported[] = [];
  for (const folder of folders.toSorted()) {
    const path = `${folder}/model.onnx`;
    if (!(await store.exists(path))) continue;
    const network = Object.hasOwn(golden.facts, folder) ? folder : Object.keys(golden.facts).find((key) => folder.startsWith(`${key}-`));
    if (network === undefined)
      throw new OnestrokeError("model-missing", `${name}/golden.json does not say what ${folder} is compared with`);
    const reference = new Fields(golden.facts, `${name}/golden.json`).optionalObject(network)?.string("golden") ?? "";
    exported.push({ folder, file: { store, path }, golden: await Golden.open(nodeStore(join(store.name, dirname(reference)))) });
  }
  return exported;
}

/** One run, in which every output that has a reference is compared. */
async function* network(runtime: OrtRuntime, { folder, file, golden }: Exported): AsyncIterable<Comparison> {
  const session = await OrtSession.open(runtime, () => readModel(file), { name: folder });
  const feeds = session.inputs.map((input) => {
    const { shape, values } = golden.tensor(INPUT_NAMES[input.name] ?? input.name);
    return [input.name, tensorFrom(runtime, input, values, shape)] as const;
  });
  const outputs = Object.entries(await session.run(Object.fromEntries(feeds)));
  const compared = outputs.filter(([output]) => golden.has(OUTPUT_NAMES[output] ?? output));
  for (const [output, tensor] of compared) {
    const reference = OUTPUT_NAMES[output] ?? output;
    const error = relativeError(valuesOf(tensor), golden.tensor(reference).values);
    yield { case: `${folder}/${reference}`, error, ...boundOf(session) };
  }
  if (compared.length === 0) yield { case: `${folder}/${outputs.map(([output]) => output).join(", ")}`, error: Number.NaN };
  await session.release();
}

async function* denoiser(runtime: OrtRuntime, exported: Exported): AsyncIterable<Comparison> {
  for (const method of [undefined, "nasa", "nag"] as const) {
    const names = exported.golden.names.filter((name) => name.startsWith(method ? `out_${method}.` : "out."));
    if (names.length > 0) yield* predictions(runtime, exported, method);
  }
}

/** Every case of one method, in one session. */
async function* predictions(
  runtime: OrtRuntime,
  { folder, file, golden }: Exported,
  method: GraphSteering["by"],
): AsyncIterable<Comparison> {
  const session = await OrtSession.open(
    runtime,
    () => readModel(file, { rewrite: (model) => steerGraph(model, { by: method, weighs: false }) }),
    {
      name: folder,
    },
  );
  const output = chooseOutput(folder, sessionOutputs(session.outputs), PREDICTION);
  for (const entry of golden.cases) {
    const fields = new Fields(entry, `${folder}: golden.json`);
    const index = fields.integer("i", GOLDEN.index);
    const reference = method ? `out_${method}.${index}` : `out.${index}`;
    if (!golden.has(reference)) continue;
    const scalars = method ? steeringScalars(dials(fields, method)) : {};
    const feeds = session.inputs.map((input) => {
      const scalar = input.name === "timestep" ? fields.number("timestep", GOLDEN.value) : scalars[input.name];
      if (scalar !== undefined) return [input.name, tensorFrom(runtime, input, [scalar])] as const;
      const { shape, values } = golden.tensor(input.name === "sample" ? `sample.${index}` : input.name);
      return [input.name, tensorFrom(runtime, input, values, shape)] as const;
    });
    const { [output]: prediction } = await session.run(Object.fromEntries(feeds));
    const error = relativeError(prediction ? valuesOf(prediction) : [], golden.tensor(reference).values);
    yield { case: `${folder}/${reference}`, error, ...boundOf(session) };
  }
  await session.release();
}

/** Models whose inputs or outputs are float16 compute in float16. */
function boundOf({ inputs, outputs }: OrtSession): Pick<Comparison, "bound"> {
  return [...inputs, ...outputs].some((value) => value.isTensor && value.type === "float16") ? { bound: FLOAT16_BOUND } : {};
}

function dials(fields: Fields, method: "nasa" | "nag"): Nasa | Nag {
  const stated = fields.optionalObject(method);
  if (!stated) throw new OnestrokeError("model-missing", `golden.json has no ${method} in a case that is steered by it`);
  if (method === "nasa") return { method, scale: stated.number("alpha", GOLDEN.value) };
  return {
    method,
    scale: stated.number("phi", GOLDEN.value),
    tau: stated.number("tau", GOLDEN.value),
    alpha: stated.number("alpha", GOLDEN.value),
  };
}
