// Whole models: from prompt, seed, steps and size to latent and picture, through the pipeline that the app and the command line use.
// A model is a repository in diffusers' layout, or one file.
import { dirname, join } from "node:path";
import { nodeStore } from "../../checkpoints/node-file";
import { manifestOf, modelFile, modelFolder, type ModelFiles } from "../../checkpoints/places";
import { firstExisting } from "../../checkpoints/read-file";
import { OnestrokeError } from "../../common/errors";
import { Fields } from "../../common/json";
import type { Model } from "../../pipeline/draw";
import { openWgslModel } from "../../pipeline/wgsl/model";
import type { SamplerOverrides } from "../../samplers/scheduler-file";
import type { Comparison, DeviceCheck, Fixture } from "./check";
import { GOLDEN, relativeError } from "./golden";

export const checkRepository: DeviceCheck = async function* (fixture, device, format) {
  const manifest = await manifestOf(modelFolder(fixture.store));
  /** One model for each timestep shift among the cases. */
  const models = new Map<number | undefined, Model>();
  for (const fields of casesOf(fixture)) {
    const timestepShift = fields.optionalInteger("timestep_shift", GOLDEN.index);
    const sampler: SamplerOverrides = timestepShift === undefined ? {} : { timestepShift };
    const model = models.get(timestepShift) ?? (await openWgslModel(manifest, device, {}, { format, sampler }));
    models.set(timestepShift, model);
    yield* compare(fixture, fields, model);
  }
  for (const model of models.values()) await model.dispose();
};

export const checkSingleFile: DeviceCheck = async function* (fixture, device, format) {
  const manifest = await manifestOf(await fileIn(fixture.store.name));
  const model = await openWgslModel(manifest, device, {}, { format });
  for (const fields of casesOf(fixture)) yield* compare(fixture, fields, model);
  await model.dispose();
};

/** LoRAs over the model of another fixture, which stands beside this one; cases may name a sampler and a weight. */
export const checkLora: DeviceCheck = async function* (fixture, device, format) {
  const { store, golden, name } = fixture;
  const facts = new Fields(golden.facts, `${name}/golden.json`);
  const base = await fileIn(join(dirname(store.name), facts.string("base")));
  const path = (await firstExisting(store, LORA_FILES)) ?? "lora.safetensors";
  const models = new Map<string, Model>();
  for (const fields of casesOf(fixture)) {
    const sampler = fields.optionalString("sampler") ?? facts.optionalString("sampler") ?? "euler-trailing";
    const weight = fields.optionalNumber("weight", GOLDEN.value) ?? facts.optionalNumber("weight", GOLDEN.value) ?? 1;
    const key = `${sampler} ${weight}`;
    const manifest = await manifestOf({ ...base, loras: [{ store, path, weight }] });
    const rule = sampler === "lcm" ? "consistency" : "euler";
    const model = models.get(key) ?? (await openWgslModel(manifest, device, {}, { format, sampler: { rule } }));
    models.set(key, model);
    yield* compare(fixture, fields, model);
  }
  for (const model of models.values()) await model.dispose();
};

const LORA_FILES = ["lora.safetensors", "pytorch_lora_weights.safetensors"];

/** The one file of a folder, with the tokenizer of the fixture beside it if it has none of its own. */
async function fileIn(folder: string): Promise<ModelFiles> {
  const vocabulary = nodeStore(join(dirname(folder), "clip-tokenizer"));
  const tokenizer = (await vocabulary.exists("tokenizer.json")) ? vocabulary : undefined;
  for (const path of ["model.safetensors", "model.ckpt", "model.gguf"]) {
    const store = nodeStore(folder);
    if (await store.exists(path)) return modelFile({ store, path, tokenizer }, []);
  }
  throw new OnestrokeError("model-missing", `${folder} has no file called model`, { folder });
}

function casesOf({ name, golden }: Fixture): readonly Fields[] {
  return golden.cases.map((entry) => new Fields(entry, `${name}/golden.json`));
}

async function* compare({ name, golden }: Fixture, fields: Fields, model: Model): AsyncIterable<Comparison> {
  const { latent, pixels } = await model.measure({
    model: name,
    ...(model.facts.loras === undefined ? {} : { loras: model.facts.loras }),
    prompt: fields.string("prompt"),
    negative: "",
    steering: { method: "none" },
    steps: fields.integer("steps", GOLDEN.index),
    seed: String(fields.integer("seed", [0, Number.MAX_SAFE_INTEGER])),
    width: fields.integer("width", GOLDEN.side),
    height: fields.integer("height", GOLDEN.side),
  });
  const suffix = fields.optionalString("suffix");
  const index = `${fields.integer("i", GOLDEN.index)}${suffix === undefined ? "" : `.${suffix}`}`;
  const picture = pixels.map((value) => Math.min(1, Math.max(0, value)));
  yield { case: `latent.${index}`, error: relativeError(latent, golden.channelsLast(`latent.${index}`).values) };
  yield { case: `image.${index}`, error: relativeError(picture, golden.channelsLast(`image.${index}`).values) };
}
