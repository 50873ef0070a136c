// A whole checkpoint in one file in the layout of the original repositories, as model sites give it: its parts are told by the beginnings
// of their tensors' names, and each becomes a component of an ordinary manifest, over views of the same file.
import type { JsonObject } from "../../../common/json";
import type { OnestrokeError } from "../../../common/errors";
import type { SteeredFamily } from "../../../common/steering-defaults";
import { canonicalName, isWeight } from "../../spellings";
import type { StoredTensor, StoredTensors } from "../../stored-tensor";
import { foreignError } from "../../foreign-file";
import { otherThanOriginal } from "../../foreign-weights";
import { autoencoderConfig, autoencoderName } from "./autoencoder";
import { clipText, openClipText, type OriginalText } from "./text-encoder";
import { readUnet, unetConfig, type OriginalUnet, type Shapes } from "./unet";
import { renamed, unetModules } from "./unet-names";

export type SingleFamily = Exclude<SteeredFamily, "vignette">;

const REMEDY = "Choose a model that draws from a text: Stable Diffusion 1, 2, XL and their students.";

/** One network of the file. */
export interface SinglePart {
  readonly className: string;
  readonly config: JsonObject;
  /** By canonical name. */
  readonly tensors: StoredTensors;
}

export interface SingleFile {
  readonly family: SingleFamily;
  /** Whether its text encoders are laid out as SGM does, which came after LDM. */
  readonly isSgm: boolean;
  readonly unet: SinglePart;
  /** What is absent has to come from elsewhere. */
  readonly textEncoder: SinglePart | undefined;
  readonly textEncoder2: SinglePart | undefined;
  readonly vae: SinglePart | undefined;
}

const UNET_PREFIXES = ["model.diffusion_model.", "diffusion_model.", ""] as const;

/** Kept in files by training, and read by nobody: averages of weights, tables of the noise, losses. */
const UNREAD =
  /^(?:model_ema\.|first_stage_model\.loss\.|denoiser\.sigmas$|(?:betas|alphas_cumprod\w*|sqrt_\w+|log_one_minus_\w+|posterior_\w+|v_pred|ztsnr)$)/;

/**
 * Takes a file apart.
 * @throws OnestrokeError `model-unsupported`, naming what it is where it is of another kind
 */
export function takeApart(all: StoredTensors, where: string): SingleFile {
  const tensors: StoredTensors = new Map([...all].filter(([name]) => !UNREAD.test(name)));
  const names = [...tensors.keys()];
  const foreign = otherThanOriginal(names);
  if (foreign !== undefined) throw foreignError(where, foreign, "holds");
  if (names.some((name) => /^edm_(?:mean|std|vpred)/.test(name))) {
    throw refused(where, "a model that is stepped by EDM's rule (Playground 2.5, CosXL), which is not known here", REMEDY);
  }
  const prefix = UNET_PREFIXES.find((candidate) => tensors.has(`${candidate}input_blocks.0.0.weight`));
  if (prefix === undefined) {
    throw refused(where, "parts of a checkpoint in the original layout, but no UNet", "Choose the file of the whole model.");
  }
  const unet = below(tensors, prefix);
  const read = readUnet(shapesOf(unet), where);
  const family = read.addedChannels !== undefined ? "sdxl" : read.linearProjection ? "sd21" : "sd15";
  const clip = firstBelow(tensors, ["cond_stage_model.transformer.", "conditioner.embedders.0.transformer."]);
  const openFirst = firstBelow(tensors, ["cond_stage_model.model.", "conditioner.embedders.0.model."]);
  const openSecond = below(tensors, "conditioner.embedders.1.model.");
  refuseOthers(where, read, family, openFirst.size > 0);
  const vae = below(tensors, "first_stage_model.");
  return {
    family,
    isSgm: names.some((name) => name.startsWith("conditioner.")),
    unet: unetPart(unet, read, family),
    textEncoder: family === "sd21" ? openText(openFirst, where, "last but one") : clip.size > 0 ? part(clipText(clip, where)) : undefined,
    textEncoder2: family === "sdxl" ? openText(openSecond, where, "projection") : undefined,
    vae: vae.size > 0 ? vaePart(vae, where, family) : undefined,
  };
}

/** Networks of the same layout that read more than a text and a latent, or predict something else. */
function refuseOthers(
  where: string,
  { inChannels, outChannels, addedChannels, textChannels }: OriginalUnet,
  family: SingleFamily,
  hasOpenClipFirst: boolean,
): void {
  if (inChannels === 9) throw refused(where, "an inpainting model, which fills holes in pictures", REMEDY);
  if (inChannels === 8) throw refused(where, "a model that changes pictures by instructions (InstructPix2Pix)", REMEDY);
  if (inChannels === 5) throw refused(where, "a model that reads a map of depth", REMEDY);
  if (inChannels === 7) throw refused(where, "an upscaler", REMEDY);
  if (inChannels !== 4 || outChannels !== 4) throw refused(where, `a UNet of ${inChannels} to ${outChannels} channels`, REMEDY);
  if (family !== "sdxl") return;
  if (hasOpenClipFirst || (addedChannels === 2560 && textChannels === 1280)) {
    throw refused(where, "SDXL's refiner, which finishes pictures that another model has begun", REMEDY);
  }
}

const LATENT_SIDES: Readonly<Record<SingleFamily, number>> = { sd15: 64, sd21: 64, sdxl: 128 };

function unetPart(tensors: StoredTensors, read: OriginalUnet, family: SingleFamily): SinglePart {
  const modules = unetModules(read.levels);
  const heads = (channels: number): number => (family === "sd15" ? 8 : Math.max(1, Math.floor(channels / 64)));
  return {
    className: "UNet2DConditionModel",
    config: unetConfig(read, heads, LATENT_SIDES[family]),
    tensors: named(tensors, (name) => renamed(name, modules) ?? name),
  };
}

function vaePart(tensors: StoredTensors, where: string, family: SingleFamily): SinglePart {
  // SDXL's autoencoder overflows in float16; its repaired one cannot be told from it by names and shapes.
  const isXl = family === "sdxl";
  const config = autoencoderConfig(shapesOf(tensors), where, isXl ? 0.13025 : 0.18215, isXl);
  const levels = Array.isArray(config["block_out_channels"]) ? config["block_out_channels"].length : 0;
  return { className: "AutoencoderKL", config, tensors: named(tensors, (name) => autoencoderName(name, levels)) };
}

function openText(tensors: StoredTensors, where: string, reads: "last but one" | "projection"): SinglePart | undefined {
  return tensors.size === 0 ? undefined : part(openClipText(tensors, where, reads));
}

function part({ className, config, tensors }: OriginalText): SinglePart {
  return { className, config, tensors: named(tensors, (name) => name) };
}

function named(tensors: StoredTensors, name: (original: string) => string): StoredTensors {
  const weights = new Map<string, StoredTensor>();
  for (const [original, tensor] of tensors) {
    const here = name(original);
    if (isWeight(here)) weights.set(canonicalName(here), tensor);
  }
  return weights;
}

function below(tensors: StoredTensors, prefix: string): StoredTensors {
  return new Map([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

function firstBelow(tensors: StoredTensors, prefixes: readonly string[]): StoredTensors {
  return prefixes.map((prefix) => below(tensors, prefix)).find(({ size }) => size > 0) ?? new Map();
}

function shapesOf(tensors: StoredTensors): Shapes {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}

function refused(where: string, what: string, remedy: string): OnestrokeError {
  return foreignError(where, { what, remedy, code: "model-unsupported" }, "holds");
}
