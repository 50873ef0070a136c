// The manifest of a checkpoint in one file. What the file lacks is looked for beside it, where a person says, and in the repository that
// its family comes from: its tokenizer always, text encoders and autoencoder sometimes. Its sampler is nowhere: a file of this layout does
// not say how it is to be stepped.
import type { ComponentName } from "../../../catalogue/components";
import { BASES } from "../../../catalogue/bases";
import type { RepositoryAt } from "../../../catalogue/entry";
import { OnestrokeError } from "../../../common/errors";
import { STABLE_DIFFUSION_NOISE } from "../../../samplers/alphas";
import type { Sampler } from "../../../samplers/sampler";
import type { PredictionType } from "../../../samplers/schedule";
import type { ByteStore } from "../../byte-source";
import { diffusersComponent } from "../../diffusers-manifest";
import type { Component, Manifest } from "../../manifest";
import { readTensorFile, type TensorFile } from "../../tensor-file";
import { tensorReader } from "../../tensor-reader";
import { namesFewSteps } from "../few-step-name";
import { lacking } from "./lacking";
import { takeApart, type SingleFile, type SinglePart } from "./single-file";
import { findTokenizer, tokenizerComponent } from "./tokenizer";

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
  const words = await findTokenizer(file, BASES[parts.family], open, source.name, signal);
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
      tokenizer: tokenizerComponent(words, firstPad),
      ...(isXl && {
        text_encoder_2: await network(parts.textEncoder2, "text_encoder_2", "CLIPTextModelWithProjection"),
        tokenizer_2: tokenizerComponent(words, "!"),
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
