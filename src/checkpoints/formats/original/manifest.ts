// The manifest of a checkpoint in one file. What the file lacks is looked for beside it, where a person says, and in the repository that
// its family comes from: its tokenizer always, text encoders and autoencoder sometimes. Its sampler is nowhere: a file of this layout does
// not say how it is to be stepped.
import type { ComponentName } from "../../../catalogue/components";
import { BASES } from "../../../catalogue/bases";
import type { RepositoryAt } from "../../../catalogue/entry";
import { OnestrokeError } from "../../../common/errors";
import type { JsonObject } from "../../../common/json";
import { STABLE_DIFFUSION_NOISE } from "../../../samplers/alphas";
import type { Sampler } from "../../../samplers/sampler";
import type { PredictionType } from "../../../samplers/schedule";
import type { ByteStore } from "../../byte-source";
import { diffusersComponent } from "../../diffusers-manifest";
import type { Component, Manifest } from "../../manifest";
import { overlaid } from "../../overlaid";
import { firstExisting } from "../../read-file";
import { readTensorFile, type TensorFile } from "../../tensor-file";
import { tensorReader } from "../../tensor-reader";
import { namesFewSteps } from "../few-step-name";
import { takeApart, type SingleFile, type SinglePart } from "./single-file";

/** What a person, or the page, says besides the file. */
export interface SingleFileOptions {
  /** A folder with `tokenizer.json`, or with `vocab.json` and `merges.txt`, of CLIP's vocabulary. */
  readonly tokenizer?: ByteStore | undefined;
  /** What the network predicts, for files that do not say it. */
  readonly prediction?: Exclude<PredictionType, "sample"> | undefined;
}

export interface SingleFileAt extends SingleFileOptions {
  readonly store: ByteStore;
  readonly path: string;
}

/**
 * @param open the repositories that what is missing may come from
 * @throws OnestrokeError `model-unsupported`, `model-corrupt`, `model-missing` naming what the file lacks, `download-failed`, `cancelled`
 */
export async function singleFileManifest(
  file: SingleFileAt,
  open: (at: RepositoryAt) => ByteStore,
  signal?: AbortSignal,
): Promise<Manifest> {
  const { store, path } = file;
  const source = await store.open(path, signal);
  const content = await readTensorFile(source, signal);
  const parts = takeApart(content.tensors, source.name);
  const isXl = parts.family === "sdxl";
  const component = (part: SinglePart): Component => componentOf(part, store, path);
  const elsewhere = async (name: ComponentName, className: string): Promise<Component> => {
    const base = BASES[parts.family];
    try {
      return await diffusersComponent(open(base), name, className, name, signal);
    } catch (cause) {
      throw lacking(source.name, name, base, cause);
    }
  };
  const network = (part: SinglePart | undefined, name: ComponentName, className: string): Component | Promise<Component> =>
    part === undefined ? elsewhere(name, className) : component(part);
  const words = await tokenizerFolder(file, parts, open, source.name, signal);
  const firstPad = parts.family === "sd21" ? "!" : "<|endoftext|>";
  return {
    name: fileName(path),
    pipeline: isXl ? "stable-diffusion-xl" : "stable-diffusion",
    family: parts.family,
    sampler: samplerOf(file, parts, content, source.name),
    components: {
      unet: component(parts.unet),
      text_encoder: await network(parts.textEncoder, "text_encoder", "CLIPTextModel"),
      vae: await network(parts.vae, "vae", "AutoencoderKL"),
      tokenizer: tokenizer(words, firstPad),
      ...(isXl && {
        text_encoder_2: await network(parts.textEncoder2, "text_encoder_2", "CLIPTextModelWithProjection"),
        tokenizer_2: tokenizer(words, "!"),
      }),
    },
  };
}

function componentOf({ className, config, tensors }: SinglePart, store: ByteStore, path: string): Component {
  const weights = tensorReader(`${store.name}/${path}`, tensors);
  return {
    className,
    config,
    store,
    folder: "",
    files: [],
    weights: { byteLength: weights.storedBytes(weights.names), open: async () => weights },
  };
}

interface TokenizerFolder {
  readonly store: ByteStore;
  readonly folder: string;
}

const TOKENIZER_FILES = ["tokenizer.json", "vocab.json"] as const;

/** Where CLIP's vocabulary is: where a person says, else beside the file, else in the repository of its family. */
async function tokenizerFolder(
  { store, path, tokenizer: chosen }: SingleFileAt,
  { family }: SingleFile,
  open: (at: RepositoryAt) => ByteStore,
  where: string,
  signal?: AbortSignal,
): Promise<TokenizerFolder> {
  const beside = path.includes("/") ? `${path.slice(0, path.lastIndexOf("/"))}/` : "";
  const has = async (at: ByteStore, folder: string): Promise<boolean> =>
    (await firstExisting(
      at,
      TOKENIZER_FILES.map((name) => folder + name),
      signal,
    )) !== undefined;
  const base = BASES[family];
  try {
    for (const [at, folder] of chosen === undefined
      ? ([
          [store, beside],
          [store, `${beside}tokenizer/`],
        ] as const)
      : ([
          [chosen, ""],
          [chosen, "tokenizer/"],
        ] as const)) {
      if (await has(at, folder)) return { store: at, folder: folder.replace(/\/$/, "") };
    }
    if (chosen !== undefined) throw new OnestrokeError("model-missing", `${chosen.name} has neither tokenizer.json nor vocab.json`);
    const repository = open(base);
    if (await has(repository, "tokenizer/")) return { store: repository, folder: "tokenizer" };
    throw new OnestrokeError("model-missing", `${repository.name} has no tokenizer`);
  } catch (cause) {
    throw lacking(where, "tokenizer", base, cause);
  }
}

/** CLIP's tokenizer with the pad token of its place, whatever the vocabulary's own folder says. */
function tokenizer({ store, folder }: TokenizerFolder, pad: string): Component {
  const inFolder = (name: string): string => (folder === "" ? name : `${folder}/${name}`);
  const config = { model_max_length: 77, bos_token: "<|startoftext|>", eos_token: "<|endoftext|>", pad_token: pad, backend: "tokenizers" };
  const settings = new Map<string, JsonObject>([
    [inFolder("tokenizer_config.json"), config],
    [inFolder("special_tokens_map.json"), {}],
  ]);
  return { className: "CLIPTokenizer", store: overlaid(store, settings), folder, files: [], config };
}

/** Euler's rule at trailing timesteps is right for turbo models and for Lightning's; it is the least wrong for the others. */
function samplerOf(file: SingleFileAt, parts: SingleFile, content: TensorFile, where: string): Sampler {
  const noise = STABLE_DIFFUSION_NOISE;
  const predictionType = file.prediction ?? predictionOf(parts, content, where);
  const rule = { rule: "euler", timesteps: { spacing: "trailing" }, ancestral: false } as const;
  if (namesFewSteps(fileName(file.path))) return { rule, noise, predictionType };
  return { rule, noise, predictionType, doubt: "one file does not say how it is to be stepped, nor that it was made for few steps" };
}

/** What the file says that its network predicts. @throws OnestrokeError `model-unsupported` where both are usual and it says nothing */
function predictionOf({ family, isSgm }: SingleFile, { tensors, metadata }: TensorFile, where: string): PredictionType {
  if (tensors.has("ztsnr")) {
    throw new OnestrokeError("model-unsupported", `${where} was trained down to pure noise (zero terminal SNR), which is not supported`, {
      file: where,
    });
  }
  const said = metadata.get("modelspec.prediction_type") ?? metadata.get("modelspec.predict_key");
  if (tensors.has("v_pred") || (said !== undefined && /^v/i.test(said))) return "v_prediction";
  if (said !== undefined || family !== "sd21" || isSgm) return "epsilon";
  throw new OnestrokeError(
    "model-unsupported",
    `${where} is of the Stable Diffusion 2 family and does not say whether it predicts noise or v`,
    {
      file: where,
      remedy: "Say it with --prediction: epsilon for models of 512 pixels on a side, v_prediction for those of 768.",
    },
  );
}

function fileName(path: string): string {
  return (path.split("/").at(-1) ?? path).replace(/\.(?:safetensors|ckpt|pth?|bin|gguf)$/i, "");
}

function lacking(where: string, name: ComponentName, { repository }: RepositoryAt, cause: unknown): OnestrokeError {
  if (cause instanceof OnestrokeError && cause.code === "cancelled") return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const remedy =
    name === "tokenizer"
      ? "Put CLIP's tokenizer.json, or vocab.json and merges.txt, beside the file, or name a folder that has them with --tokenizer DIR. " +
        `They are in the folder "tokenizer" of ${repository} on the hub.`
      : `Use a file with all parts of the model in it, or connect to the network: the part would come from ${repository}.`;
  return new OnestrokeError(
    "model-missing",
    `${where} holds no ${name}, and there is none to take its place: ${reason}`,
    { file: where, component: name, remedy },
    cause,
  );
}
