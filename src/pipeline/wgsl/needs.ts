// What the networks of a model need on the GPU, counted on their graphs: neither weights nor a device are read.
import type { NetworkName } from "../../common/model-facts";
import type { SteeringMethod } from "../../common/steering";
import type { WeightFormat } from "../../common/weight-format";
import { fuseGraph } from "../../engine/fuse";
import { GraphBuilder } from "../../engine/graph-builder";
import { quantiseGraph } from "../../engine/quantise-graph";
import { fitGraph, plannedArenaBytes } from "../../engine/strips/fit-graph";
import { byteLengthOf, type NumberFormat } from "../../engine/tensor";
import { weightMemory } from "../../engine/weights";
import type { Autoencoder, Denoiser, TextEncoder } from "../../networks/roles";
import type { Size } from "../engine";
import { denoiserRoom, ownBytes, planMemory, type MemoryPlan, type NetworkNeed } from "../memory-plan";
import { decoderGraph, encoderGraph, stepGraph, textGraph, type DenoiserPlanShape, type TextState } from "./graphs";

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
  /** The most that a kernel sees of one. */
  readonly bindingBytes: number;
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
  /** What the tensors of pictures that are denoised together may take besides, so that going back to one picture compiles nothing. */
  readonly roomBytes: number;
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
    const plan = planMemory([...others, decoder], budgetBytes);
    return { ...plan, decoderArenaBytes, shapeBytes, roomBytes: denoiserRoom([...others, decoder], plan, budgetBytes) };
  });
  const fitting = plans.filter(({ peakBytes }) => peakBytes <= budgetBytes);
  const kind = fitting.find(({ turns }) => !turns.includes("denoiser")) ?? fitting[0];
  const [nearest] = plans.toSorted((left, right) => left.peakBytes - right.peakBytes);
  const plan = kind ?? nearest ?? { peakBytes: 0, turns: [], decoderArenaBytes: 2 ** 30, shapeBytes: 0, roomBytes: 0 };
  const encoder = encoderNeed(networks, shape, formats, plan.decoderArenaBytes);
  const withEncoder = plan.peakBytes + ownBytes(encoder);
  if (plan.turns.length > 0 || withEncoder > budgetBytes) return { ...plan, encoderStays: false, stayingBytes: plan.peakBytes };
  const shapeBytes = plan.shapeBytes + encoder.arenaBytes;
  return { ...plan, encoderStays: true, shapeBytes, stayingBytes: withEncoder, roomBytes: budgetBytes - withEncoder };
}

/**
 * What the denoiser's intermediate tensors take where so many pictures are denoised together.
 * @returns undefined where one of them is larger than the device allows
 */
export function batchBytes(
  networks: PlannedNetworks,
  picture: PictureShape,
  { batch, method }: { readonly batch: number; readonly method: SteeringMethod },
  formats: PlannedFormats,
): number | undefined {
  const builder = new GraphBuilder();
  stepGraph(builder, networks.denoiser, { ...denoiserShape(networks, picture), method, batch });
  const graph = fuseGraph(builder.build());
  const mostBytes = Math.min(formats.bufferBytes, formats.bindingBytes);
  const isAllowed = graph.nodes.every(({ output }) => byteLengthOf(output, formats.format) <= mostBytes);
  return isAllowed ? plannedArenaBytes(graph, formats.format) : undefined;
}

function textNeeds({ texts, state }: PlannedNetworks, formats: PlannedFormats): readonly NetworkNeed[] {
  const names = ["text_encoder", "text_encoder_2"] as const;
  return names.flatMap((name, index) => {
    const role = texts[index];
    return role === undefined ? [] : [needOf(name, (g) => textGraph(g, role, state), formats, formats.format)];
  });
}

function denoiserNeed(networks: PlannedNetworks, picture: PictureShape, formats: PlannedFormats): NetworkNeed {
  const shape = { ...denoiserShape(networks, picture), method: "nasa" } as const;
  return needOf("denoiser", (g) => stepGraph(g, networks.denoiser, shape), formats, formats.format);
}

function denoiserShape({ texts, autoencoder }: PlannedNetworks, picture: PictureShape): Omit<DenoiserPlanShape, "method"> {
  const { textTokens = Math.max(0, ...texts.map(({ tokens }) => tokens)) } = picture;
  return { ...latentOf(picture, autoencoder), textTokens };
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
