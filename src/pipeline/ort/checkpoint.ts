// A folder of ONNX exports as optimum and similar tools write it: `text_encoder/`, `unet/` and `vae_decoder/`
// with a graph each, a tokenizer and a scheduler. The weights may be those of a checkpoint in the same
// folder. The networks' configurations are often missing; then the values are Stable Diffusion's, because
// such exports are made from it. The scheduler must not be missing: students of one model differ in nothing
// else, and a wrong guess would still draw.
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
import { samplerFromConfig, withRule } from "../../samplers/scheduler-file";
import { checkUsualSide } from "../fit";
import { graphFile } from "./graph-file";

export interface OnnxCheckpoint {
  readonly name: string;
  readonly store: ByteStore;
  readonly entry: CatalogueEntry | undefined;
  /** As its files' (checkpoints/places.ts). */
  readonly revision: string | undefined;
  readonly textEncoder: OnnxFile;
  readonly unet: OnnxFile;
  readonly decoder: OnnxFile;
  /** Rows of the text encoder's embedding, where its configuration states them. */
  readonly words: number | undefined;
  /** @throws OnestrokeError `model-unsupported` for a rule that its scheduler file does not go with */
  samplerOf(rule: ChosenRule | undefined): Sampler;
  readonly latentChannels: number;
  /** The decoder reads `latent / scalingFactor + shiftFactor`. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Pixels for each latent pixel, along one side. */
  readonly factor: number;
  /** Latent pixels along each side at the size the model was trained on. */
  readonly sampleSize: number;
  /** Each side is a multiple of this many latent pixels: an exported denoiser halves and doubles, and its skips must fit again. */
  readonly sampleMultiple: number;
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
  const [textEncoder, unet, decoder] = [await file("text_encoder"), await file("unet"), await file("vae_decoder")];
  const [denoiser, vae] = [await config("unet"), await config("vae_decoder")];
  const sampleSize = denoiser.optionalInteger("sample_size", RANGES.side) ?? USUAL.sampleSize;
  const factor = 2 ** (levelsOf(vae) - 1);
  checkUsualSide(sampleSize * factor);
  const scheduler = entry?.sampler ? undefined : await readJson(store, "scheduler/scheduler_config.json", signal);
  return {
    name: entry?.id ?? id ?? store.name.replace(/\/+$/, "").split("/").at(-1) ?? store.name,
    store,
    entry,
    revision,
    textEncoder,
    unet,
    decoder,
    words: (await config("text_encoder")).optionalInteger("vocab_size", RANGES.rows),
    samplerOf: (rule = chosen) => (entry?.sampler ? withRule(entry.sampler, rule) : samplerFromConfig(scheduler ?? {}, { rule })),
    latentChannels: vae.optionalInteger("latent_channels", RANGES.channels) ?? USUAL.latentChannels,
    scalingFactor: vae.optionalNumber("scaling_factor", RANGES.scaling) ?? USUAL.scalingFactor,
    shiftFactor: vae.optionalNumber("shift_factor", RANGES.shift) ?? 0,
    factor,
    sampleSize,
    sampleMultiple: 2 ** (levelsOf(denoiser) - 1),
  };
}

/** How many resolutions a network works at, each half the one before. */
function levelsOf(config: Fields): number {
  const levels = config.optionalIntegers("block_out_channels", RANGES.channels)?.length ?? USUAL.levels;
  const [least, most] = RANGES.levels;
  if (levels < least || levels > most) throw config.unsupported("block_out_channels", `has ${levels} entries`);
  return levels;
}
