// A folder of ONNX exports as optimum and similar tools write it: `text_encoder/`, `unet/` and `vae_decoder/`
// with a graph each, a tokenizer and a scheduler; ours may have a second decoder in `vae_decoder_fine/` (scales.ts). The weights may be
// those of a checkpoint in the same folder. The networks' configurations are often missing; then the values are Stable Diffusion's, because
// such exports are made from it. The scheduler must not be missing: students of one model differ in nothing else, and a wrong guess would
// still draw.
import type { ChosenRule } from "../../common/chosen-sampler";
import type { ByteStore } from "../../checkpoints/byte-source";
import type { CatalogueEntry } from "../../catalogue/entry";
import type { ModelFiles } from "../../checkpoints/places";
import { Fields } from "../../common/json";
import { missingFile } from "../../checkpoints/memory-source";
import { readJson } from "../../checkpoints/read-file";
import { OnestrokeError } from "../../common/errors";
import { RANGES } from "../../networks/config";
import type { OnnxFile } from "../../ort/session/open-model";
import type { Sampler } from "../../samplers/sampler";
import { samplerOf } from "../../samplers/scheduler-file";
import { checkFineDecoder } from "../check-parts";
import { checkUsualSide } from "../fit";
import { scalesOf, type Decoding } from "../scales";
import { graphFile } from "./graph-file";

export interface OnnxCheckpoint {
  readonly name: string;
  readonly store: ByteStore;
  readonly entry: CatalogueEntry | undefined;
  /** As its files' (checkpoints/places.ts). */
  readonly revision: string | undefined;
  readonly textEncoder: OnnxFile;
  readonly unet: OnnxFile;
  readonly decoder: OnnxDecoderAt;
  /** A second decoder of the same latents. */
  readonly fine: OnnxDecoderAt | undefined;
  /** Rows of the text encoder's embedding, where its configuration states them. */
  readonly words: number | undefined;
  /** @throws OnestrokeError `model-unsupported` for a rule that its scheduler file does not go with */
  samplerOf(rule: ChosenRule | undefined): Sampler;
  readonly latentChannels: number;
  /** Latent pixels along each side at the size the model was trained on. */
  readonly sampleSize: number;
  /** Each side is a multiple of this many latent pixels: an exported denoiser halves and doubles, and its skips must fit again. */
  readonly sampleMultiple: number;
}

/** A decoder's graph, and how it is used. */
export interface OnnxDecoderAt extends Decoding {
  /** For progress: the component that it was exported from. */
  readonly name: "vae" | "vae_fine";
  readonly file: OnnxFile;
  readonly latentChannels: number;
  /** It reads `latent / scalingFactor + shiftFactor`. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

/** Stable Diffusion 1 and 2, and SD-Turbo. The autoencoder and the denoiser have equally many levels. */
const USUAL = { latentChannels: 4, scalingFactor: 0.18215, levels: 4, sampleSize: 64 } as const;

/**
 * @param chosen the sampler's rule, where a person chose one
 * @throws OnestrokeError `model-missing` naming the file, `model-unsupported`, `model-corrupt`
 */
export async function openOnnxCheckpoint(
  { entry, id, revision, base: store }: ModelFiles,
  chosen: ChosenRule | undefined,
  signal?: AbortSignal,
): Promise<OnnxCheckpoint> {
  if (store === undefined) throw new OnestrokeError("model-missing", `${entry?.title ?? "the model"} has no folder of its own`);
  // The graphs of the base alone would draw, but they would be another model.
  if (entry !== undefined && Object.keys(entry.components).length > 0) {
    throw new OnestrokeError("model-unsupported", `${entry.title} replaces networks of its base, and those have no ONNX graphs`);
  }
  const file = async (folder: string): Promise<OnnxFile> => {
    const path = await graphFile(store, folder, signal);
    if (path === undefined) throw missingFile(store.name, `${folder}/model.onnx`);
    return { store, path };
  };
  const config = async (folder: string): Promise<Fields> => {
    const path = `${folder}/config.json`;
    return new Fields((await store.exists(path, signal)) ? await readJson(store, path, signal) : {}, `${store.name}/${path}`);
  };
  if ((await graphFile(store, "text_encoder_2", signal)) !== undefined) {
    throw new OnestrokeError("model-unsupported", `${store.name} has two text encoders: ONNX exports of SDXL are not supported`);
  }
  const [textEncoder, unet] = [await file("text_encoder"), await file("unet")];
  const [denoiser, vae] = [await config("unet"), await config("vae_decoder")];
  const decoder = decoderAt("vae", await file("vae_decoder"), vae);
  const fineGraph = await graphFile(store, "vae_decoder_fine", signal);
  const fine = fineGraph === undefined ? undefined : decoderAt("vae_fine", { store, path: fineGraph }, await config("vae_decoder_fine"));
  if (fine !== undefined) checkFineDecoder(fine, decoder);
  const sampleSize = denoiser.optionalInteger("sample_size", RANGES.side) ?? USUAL.sampleSize;
  for (const { side } of scalesOf(sampleSize, decoder, fine)) checkUsualSide(side);
  const scheduler = entry?.sampler ? {} : await readJson(store, "scheduler/scheduler_config.json", signal);
  return {
    name: entry?.id ?? id ?? store.name.replace(/\/+$/, "").split("/").at(-1) ?? store.name,
    store,
    entry,
    revision,
    textEncoder,
    unet,
    decoder,
    fine,
    words: (await config("text_encoder")).optionalInteger("vocab_size", RANGES.rows),
    samplerOf: (rule = chosen) => samplerOf(entry?.sampler, () => scheduler, { rule }),
    latentChannels: decoder.latentChannels,
    sampleSize,
    sampleMultiple: 2 ** (levelsOf(denoiser, "block_out_channels") - 1),
  };
}

function decoderAt(name: OnnxDecoderAt["name"], file: OnnxFile, config: Fields): OnnxDecoderAt {
  // A decoder may have levels of its own.
  const widths = config.object["decoder_block_out_channels"] === undefined ? "block_out_channels" : "decoder_block_out_channels";
  // The two kinds of autoencoders differ in what is meant where nothing is said.
  const usualScaling = config.object["_class_name"] === "AutoencoderTiny" ? 1 : USUAL.scalingFactor;
  return {
    name,
    file,
    factor: 2 ** (levelsOf(config, widths) - 1),
    latentChannels: config.optionalInteger("latent_channels", RANGES.channels) ?? USUAL.latentChannels,
    scalingFactor: config.optionalNumber("scaling_factor", RANGES.scaling) ?? usualScaling,
    shiftFactor: config.optionalNumber("shift_factor", RANGES.shift) ?? 0,
  };
}

/** How many resolutions a network works at, each half the one before. */
function levelsOf(config: Fields, widths: string): number {
  const levels = config.optionalIntegers(widths, RANGES.channels)?.length ?? USUAL.levels;
  const [least, most] = RANGES.levels;
  if (levels < least || levels > most) throw config.unsupported(widths, `has ${levels} entries`);
  return levels;
}
