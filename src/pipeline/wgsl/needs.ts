// What the networks of a model need on the GPU, counted on their graphs: neither weights nor a device are read.
import type { NetworkName } from "../../common/model-facts";
import type { WeightFormat } from "../../common/weight-format";
import { fuseGraph } from "../../engine/fuse";
import { GraphBuilder } from "../../engine/graph-builder";
import { quantiseGraph } from "../../engine/quantise-graph";
import { fitGraph, plannedArenaBytes } from "../../engine/strips/fit-graph";
import type { NumberFormat } from "../../engine/tensor";
import { weightMemory } from "../../engine/weights";
import type { Autoencoder, Denoiser, TextEncoder } from "../../networks/roles";
import type { Size } from "../engine";
import { ownBytes, planMemory, type MemoryPlan, type NetworkNeed } from "../memory-plan";
import { decoderGraph, encoderGraph, stepGraph, textGraph, type TextState } from "./graphs";

export interface PlannedNetworks {
  /** None for models that draw classes. */
  readonly texts: readonly TextEncoder[];
  readonly state: TextState;
  readonly denoiser: Denoiser;
  readonly autoencoder: Autoencoder;
}

export interface PlannedFormats {
  /** Of activations. */
  readonly format: NumberFormat;
  /** Of the weights that may have another than float16. */
  readonly weights: (network: NetworkName) => WeightFormat;
  /** The largest buffer that the device makes. */
  readonly bufferBytes: number;
}

export interface PicturePlan extends MemoryPlan {
  /** What the autoencoder's intermediate tensors may take: less than usual where its turn would be too large. */
  readonly decoderArenaBytes: number;
  /** Whether what reads pictures to draw over fits beside all others. Otherwise it comes in place of the decoder's tensors, and leaves again. */
  readonly encoderStays: boolean;
  /** What depends on the picture's shape: intermediate tensors of denoiser and decoder, and of what reads pictures if it stays. */
  readonly shapeBytes: number;
  /** The most that stays for the next picture: `peakBytes`, and what reads pictures if it stays. */
  readonly stayingBytes: number;
}

/** What a picture is planned for. */
export interface PictureShape extends Size {
  /** The longest text's, in whole rows. Default: one row. */
  readonly textTokens?: number | undefined;
}

/** What an adapter is asked for when nobody says more: most GPUs of 8 GB have it. */
export const USUAL_MEMORY_BYTES = 7.5e9;

/** From one GiB down: a decoder in strips takes longer the less it may take. */
const DECODER_ARENAS = [1, 1 / 2, 1 / 4, 1 / 8].map((share) => share * 2 ** 30);

export function planPicture(
  networks: PlannedNetworks,
  shape: PictureShape,
  formats: PlannedFormats,
  budgetBytes = USUAL_MEMORY_BYTES,
): PicturePlan {
  const denoiser = denoiserNeed(networks, shape, formats);
  const others = [...textNeeds(networks, formats), denoiser];
  const plans = DECODER_ARENAS.map((decoderArenaBytes) => {
    const decoder = decoderNeed(networks, shape, formats, decoderArenaBytes);
    const shapeBytes = denoiser.arenaBytes + decoder.arenaBytes;
    return { ...planMemory([...others, decoder], budgetBytes), decoderArenaBytes, shapeBytes };
  });
  const fitting = plans.filter(({ peakBytes }) => peakBytes <= budgetBytes);
  const kind = fitting.find(({ turns }) => !turns.includes("denoiser")) ?? fitting[0];
  const [nearest] = plans.toSorted((left, right) => left.peakBytes - right.peakBytes);
  const plan = kind ?? nearest ?? { peakBytes: 0, turns: [], decoderArenaBytes: 2 ** 30, shapeBytes: 0 };
  const encoder = encoderNeed(networks, shape, formats, plan.decoderArenaBytes);
  const withEncoder = plan.peakBytes + ownBytes(encoder);
  if (plan.turns.length > 0 || withEncoder > budgetBytes) return { ...plan, encoderStays: false, stayingBytes: plan.peakBytes };
  return { ...plan, encoderStays: true, shapeBytes: plan.shapeBytes + encoder.arenaBytes, stayingBytes: withEncoder };
}

function textNeeds({ texts, state }: PlannedNetworks, formats: PlannedFormats): readonly NetworkNeed[] {
  const names = ["text_encoder", "text_encoder_2"] as const;
  return names.flatMap((name, index) => {
    const role = texts[index];
    return role === undefined ? [] : [needOf(name, (g) => textGraph(g, role, state), formats, formats.format)];
  });
}

function denoiserNeed({ texts, denoiser, autoencoder }: PlannedNetworks, picture: PictureShape, formats: PlannedFormats): NetworkNeed {
  const { width, height } = latentOf(picture, autoencoder);
  const { textTokens = Math.max(0, ...texts.map(({ tokens }) => tokens)) } = picture;
  const shape = { width, height, textTokens, method: "nasa" } as const;
  return needOf("denoiser", (g) => stepGraph(g, denoiser, shape), formats, formats.format);
}

function decoderNeed({ autoencoder }: PlannedNetworks, size: Size, formats: PlannedFormats, arenaBytes: number): NetworkNeed {
  const latent = latentOf(size, autoencoder);
  return autoencoderNeed(autoencoder, (g) => decoderGraph(g, autoencoder, latent, "rgba"), formats, arenaBytes);
}

function encoderNeed({ autoencoder }: PlannedNetworks, size: Size, formats: PlannedFormats, arenaBytes: number): NetworkNeed {
  return autoencoderNeed(autoencoder, (g) => encoderGraph(g, autoencoder, size), formats, arenaBytes);
}

function autoencoderNeed(
  { needsFloat32 }: Autoencoder,
  build: (g: GraphBuilder) => void,
  formats: PlannedFormats,
  arenaBytes: number,
): NetworkNeed {
  return needOf("autoencoder", build, formats, needsFloat32 ? "f32" : formats.format, arenaBytes);
}

function latentOf({ width, height }: Size, { factor }: Autoencoder): Size {
  return { width: width / factor, height: height / factor };
}

function needOf(
  name: NetworkName,
  build: (g: GraphBuilder) => void,
  { weights, bufferBytes }: PlannedFormats,
  format: NumberFormat,
  arenaBytes = 2 ** 30,
): NetworkNeed {
  const builder = new GraphBuilder();
  build(builder);
  const graph = quantiseGraph(fuseGraph(builder.build()), weights(name));
  const fitted = fitGraph(graph, format, { arenaBytes, bufferBytes });
  return { name, ...weightMemory(graph), arenaBytes: plannedArenaBytes(fitted, format) };
}
