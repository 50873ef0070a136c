// A manifest from a folder in diffusers' layout: model_index.json, a folder for each component, and a
// config.json in each folder. Pipelines and classes that are not known are refused by name.
import { COMPONENT_NAMES, type ComponentName } from "../catalogue/components";
import { OnestrokeError } from "../common/errors";
import type { ByteStore } from "./byte-source";
import { Fields, type JsonObject } from "../common/json";
import { networkRow, type Role, type WeightStem } from "../networks";
import type { Component, Manifest, PipelineKind } from "./manifest";
import { readJson } from "./read-file";
import { weightFiles } from "./weight-files";

const PIPELINES: Readonly<Record<string, PipelineKind>> = {
  StableDiffusionPipeline: "stable-diffusion",
  LatentConsistencyModelPipeline: "stable-diffusion",
  StableDiffusionXLPipeline: "stable-diffusion-xl",
};

/** Any scheduler class is accepted here: its file is judged where it is used (samplers/sampler.ts), for a catalogue may overrule it. */
const CONFIG_FILES: Readonly<Partial<Record<ComponentName, string>>> = {
  scheduler: "scheduler_config.json",
  tokenizer: "tokenizer_config.json",
  tokenizer_2: "tokenizer_config.json",
};

const TOKENIZERS: readonly string[] = ["CLIPTokenizer", "CLIPTokenizerFast"];

/** The role that each component's network must be known for. */
const ROLES = {
  unet: "denoiser",
  transformer: "denoiser",
  text_encoder: "text-encoder",
  text_encoder_2: "text-encoder",
  vae: "autoencoder",
  vae_fine: "autoencoder",
} as const satisfies Partial<Record<ComponentName, Role>>;

const REQUIRED: Readonly<Record<PipelineKind, readonly ComponentName[]>> = {
  "stable-diffusion": ["unet", "text_encoder", "vae", "tokenizer", "scheduler"],
  "stable-diffusion-xl": ["unet", "text_encoder", "text_encoder_2", "vae", "tokenizer", "tokenizer_2", "scheduler"],
  "class-to-image": [],
};

/**
 * @param store root of the checkpoint
 * @param replaced components that come from another place, so they are not looked for here
 * @throws OnestrokeError `model-missing`, `model-corrupt`, `model-unsupported` naming the class
 */
export async function diffusersManifest(
  store: ByteStore,
  signal?: AbortSignal,
  replaced: ReadonlySet<ComponentName> = new Set(),
): Promise<Manifest> {
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
    // A second decoder is of the latents of the autoencoder beside it.
    if (replaced.has(name) || (name === "vae_fine" && replaced.has("vae"))) continue;
    const listed = classOf(index, name);
    if (listed !== undefined) components[name] = await diffusersComponent(store, name, listed, name, signal);
    else if (REQUIRED[pipeline].includes(name)) {
      throw new OnestrokeError("model-missing", `${where} lists no ${name}, which ${className} needs`, { component: name });
    }
  }
  return { name: baseName(store.name), pipeline, components };
}

/**
 * Reads one component's folder: checks its class, reads its config and finds its weight files.
 * @param folder "" is the store's root, as in repositories that hold a single autoencoder
 */
export async function diffusersComponent(
  store: ByteStore,
  name: ComponentName,
  className: string,
  folder: string,
  signal?: AbortSignal,
): Promise<Component> {
  const stem = weightStem(name, className, store.name);
  const configFile = CONFIG_FILES[name] ?? "config.json";
  const path = folder === "" ? configFile : `${folder}/${configFile}`;
  // A tokenizer without a config has CLIP's special tokens.
  const read = name.startsWith("tokenizer") && !(await store.exists(path, signal)) ? {} : await readJson(store, path, signal);
  // A scheduler's file need not repeat the class that the index states.
  const config = name === "scheduler" ? { _class_name: className, ...read } : read;
  const files = stem === undefined ? [] : await weightFiles(store, folder, stem, signal);
  return { className, store, folder, files, config };
}

/** The stem of the component's weight file names; undefined where it has no weights. */
function weightStem(name: ComponentName, className: string, where: string): WeightStem | undefined {
  if (name === "scheduler") return undefined;
  if (name === "tokenizer" || name === "tokenizer_2") {
    if (TOKENIZERS.includes(className)) return undefined;
  } else {
    const row = networkRow(className);
    if (row?.role === ROLES[name]) return row.stem;
  }
  throw new OnestrokeError("model-unsupported", `${where}: ${name} is a ${className}, which is not supported`, {
    class: className,
    component: name,
  });
}

/** The entry is `["diffusers", "UNet2DConditionModel"]`; an absent component is written `[null, null]`. */
function classOf(index: JsonObject, name: ComponentName): string | undefined {
  const entry = index[name];
  if (!Array.isArray(entry)) return undefined;
  const className: unknown = entry[1];
  return typeof className === "string" ? className : undefined;
}

function baseName(path: string): string {
  return path.replace(/\/+$/, "").split("/").at(-1) ?? path;
}
