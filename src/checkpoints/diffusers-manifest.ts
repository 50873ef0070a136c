// A manifest out of a folder in diffusers' layout: model_index.json, a folder a component,
// config.json in each. Pipelines and classes that are not known are refused by name.
import { OnestrokeError } from "../errors";
import type { ByteStore } from "./byte-source";
import { Fields, type JsonObject } from "./json";
import type { Component, ComponentName, Manifest, PipelineKind } from "./manifest";
import { COMPONENT_NAMES } from "./manifest";
import { readJson } from "./read-file";
import { weightFiles } from "./weight-files";

const PIPELINES: Readonly<Record<string, PipelineKind>> = {
  StableDiffusionPipeline: "stable-diffusion",
  LatentConsistencyModelPipeline: "stable-diffusion",
  StableDiffusionXLPipeline: "stable-diffusion-xl",
};

interface KnownClass {
  readonly configFile: string;
  readonly hasWeights: boolean;
}

const WEIGHTS: KnownClass = { configFile: "config.json", hasWeights: true };
const TOKENIZER: KnownClass = { configFile: "tokenizer_config.json", hasWeights: false };
/** Any scheduler class: its file is judged when it is stepped by (samplers/recipe.ts), for a catalogue may overrule it. */
const SCHEDULER: KnownClass = { configFile: "scheduler_config.json", hasWeights: false };

const CLASSES: Readonly<Record<ComponentName, readonly string[]>> = {
  unet: ["UNet2DConditionModel"],
  transformer: [],
  text_encoder: ["CLIPTextModel"],
  text_encoder_2: ["CLIPTextModelWithProjection"],
  vae: ["AutoencoderKL", "AutoencoderTiny"],
  tokenizer: ["CLIPTokenizer", "CLIPTokenizerFast"],
  tokenizer_2: ["CLIPTokenizer", "CLIPTokenizerFast"],
  scheduler: [],
};

const REQUIRED: Readonly<Record<PipelineKind, readonly ComponentName[]>> = {
  "stable-diffusion": ["unet", "text_encoder", "vae", "tokenizer", "scheduler"],
  "stable-diffusion-xl": ["unet", "text_encoder", "text_encoder_2", "vae", "tokenizer", "tokenizer_2", "scheduler"],
  "class-to-image": [],
};

/**
 * @param store root of the checkpoint
 * @throws OnestrokeError `model-missing`, `model-corrupt`, `model-unsupported` naming the class
 */
export async function diffusersManifest(store: ByteStore, signal?: AbortSignal): Promise<Manifest> {
  const index = await readJson(store, "model_index.json", signal);
  const where = `${store.name}/model_index.json`;
  const className = new Fields(index, where).string("_class_name");
  const pipeline = Object.hasOwn(PIPELINES, className) ? PIPELINES[className] : undefined;
  if (pipeline === undefined) {
    throw new OnestrokeError(
      "model-unsupported",
      `${where}: the pipeline ${className} is not one of ${Object.keys(PIPELINES).join(", ")}`,
      { class: className },
    );
  }
  const components: Partial<Record<ComponentName, Component>> = {};
  for (const name of COMPONENT_NAMES) {
    const listed = classOf(index, name);
    if (listed !== undefined) components[name] = await diffusersComponent(store, name, listed, name, signal);
    else if (REQUIRED[pipeline].includes(name)) {
      throw new OnestrokeError("model-missing", `${where} lists no ${name}, which ${className} needs`, { component: name });
    }
  }
  return { name: baseName(store.name), pipeline, components };
}

/** One component's folder: its class checked, its config read, its weight files found. */
export async function diffusersComponent(
  store: ByteStore,
  name: ComponentName,
  className: string,
  folder: string,
  signal?: AbortSignal,
): Promise<Component> {
  const { configFile, hasWeights } = knownClass(name, className, store.name);
  const path = folder === "" ? configFile : `${folder}/${configFile}`;
  // tokenizer_config.json may be absent: CLIP's own special tokens then hold.
  const config = name.startsWith("tokenizer") && !(await store.exists(path, signal)) ? {} : await readJson(store, path, signal);
  const files = hasWeights ? await weightFiles(store, folder, signal) : [];
  return { className, store, folder, files, config };
}

function knownClass(name: ComponentName, className: string, where: string): KnownClass {
  if (name === "scheduler") return SCHEDULER;
  if (CLASSES[name].includes(className)) return name.startsWith("tokenizer") ? TOKENIZER : WEIGHTS;
  throw new OnestrokeError("model-unsupported", `${where}: ${name} is a ${className}, not one of ${CLASSES[name].join(", ")}`, {
    class: className,
    component: name,
  });
}

/** `["diffusers", "UNet2DConditionModel"]`; absent components are written `[null, null]`. */
function classOf(index: JsonObject, name: ComponentName): string | undefined {
  const entry = index[name];
  if (!Array.isArray(entry)) return undefined;
  const className: unknown = entry[1];
  return typeof className === "string" ? className : undefined;
}

function baseName(path: string): string {
  return path.replace(/\/+$/, "").split("/").at(-1) ?? path;
}
