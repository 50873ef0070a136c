// What the networks of a model need on the GPU, counted on their graphs: neither weights nor a device are read.
import type { WideNetwork } from "../../common/wide-network";
import type { NetworkName } from "../../common/model-facts";
import type { SteeringMethod } from "../../common/steering";
import type { WeightFormat } from "../../common/weight-format";
import { invariant } from "../../common/errors";
import { trainedFor } from "../../common/trained-sizes";
import { fuseGraph } from "../../engine/fuse";
import type { Graph } from "../../engine/graph";
import { GraphBuilder } from "../../engine/graph-builder";
import { quantiseGraph } from "../../engine/quantise-graph";
import { fitGraph, plannedArenaBytes, type MemoryBudget } from "../../engine/strips/fit-graph";
import { byteLengthOf, type NumberFormat } from "../../engine/tensor";
import { weightMemory } from "../../engine/weights";
import type { Autoencoder, Denoiser, TextEncoder } from "../../networks/roles";
import type { Size } from "../engine";
import { denoiserRoom, ownBytes, planMemory, type MemoryPlan, type NetworkNeed } from "../memory-plan";
import { planReading, type ReadingPlan } from "../reading-plan";
import { latentOf, readSize, scalesOf, type Scales } from "../scales";
import { decoderGraph, encoderGraph, stepGraph, textGraph, type DenoiserPlanShape, type TextState } from "./graphs";

export interface PlannedNetworks {
  /** None for models that draw classes. */
  readonly texts: readonly TextEncoder[];
  readonly state: TextState;
  readonly denoiser: Denoiser;
  readonly autoencoder: Autoencoder;
  /** A second decoder of its latents, for larger pictures. */
  readonly fine?: Autoencoder | undefined;
}

export interface PlannedFormats {
  /** Of activations. */
  readonly format: NumberFormat;
  /** Networks whose activations are float32 all the same. */
  readonly inFloat32?: readonly WideNetwork[];
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
  /** Whether what reads pictures to draw over fits beside all others. Otherwise it comes as `reading` says, and leaves again. */
  readonly encoderStays: boolean;
  readonly reading: ReadingPlan;
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

/** Of the autoencoder, from one GiB down: in strips it takes longer the less it may take. */
const MOST_ARENA_BYTES = 2 ** 30;
const ARENAS = [1, 1 / 2, 1 / 4, 1 / 8].map((share) => share * MOST_ARENA_BYTES);

export function planPicture(
  networks: PlannedNetworks,
  shape: PictureShape,
  formats: PlannedFormats,
  budgetBytes = USUAL_MEMORY_BYTES,
): PicturePlan {
  const denoiser = denoiserNeed(networks, shape, formats);
  const others = [...textNeeds(networks, formats), denoiser];
  const decoders = decoderNeeds(networks, shape, formats);
  const plansWith = (parts: boolean) =>
    decoders.map(({ arenaBytes, need }) => {
      const needs = [...others, need];
      const plan = planMemory(needs, budgetBytes, parts);
      const roomBytes = parts ? 0 : denoiserRoom(needs, plan, budgetBytes);
      return { ...plan, needs, decoderArenaBytes: arenaBytes, shapeBytes: denoiser.arenaBytes + need.arenaBytes, roomBytes };
    });
  const whole = plansWith(false);
  // Tensors that leave for each other are laid out anew for every picture.
  const plans = whole.some(({ peakBytes }) => peakBytes <= budgetBytes) ? whole : plansWith(true);
  const fitting = plans.filter(({ peakBytes }) => peakBytes <= budgetBytes);
  const [nearest] = plans.toSorted((left, right) => left.peakBytes - right.peakBytes);
  const best = fitting.find(({ turns }) => !turns.includes("denoiser")) ?? fitting[0] ?? nearest;
  invariant(best !== undefined, "a decoder may have some arena");
  const { needs, ...plan } = best;
  const encoders = encoderNeeds(networks, shape, formats);
  const reading = planReading(needs, plan, encoders, Math.max(budgetBytes, plan.peakBytes));
  const encoder = encoders.find(({ arenaBytes }) => arenaBytes === plan.decoderArenaBytes)?.need;
  invariant(encoder !== undefined, "an encoder may have what a decoder may");
  const withEncoder = plan.peakBytes + ownBytes(encoder);
  if (plan.parts || plan.turns.length > 0 || withEncoder > budgetBytes)
    return { ...plan, reading, encoderStays: false, stayingBytes: plan.peakBytes };
  const shapeBytes = plan.shapeBytes + encoder.arenaBytes;
  const staying = { leaving: {}, arenaBytes: plan.decoderArenaBytes, peakBytes: withEncoder };
  return { ...plan, reading: staying, encoderStays: true, shapeBytes, stayingBytes: withEncoder, roomBytes: budgetBytes - withEncoder };
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
  const format = formatOf("denoiser", formats);
  const isAllowed = graph.nodes.every(({ output }) => byteLengthOf(output, format) <= mostBytes);
  return isAllowed ? plannedArenaBytes(graph, format) : undefined;
}

function textNeeds({ texts, state }: PlannedNetworks, formats: PlannedFormats): readonly NetworkNeed[] {
  const names = ["text_encoder", "text_encoder_2"] as const;
  return names.flatMap((name, index) => {
    const role = texts[index];
    if (role === undefined) return [];
    const graph = graphOf(name, (g) => textGraph(g, role, state), formats);
    return [needOf(name, graph, formats.format, { arenaBytes: MOST_ARENA_BYTES, bufferBytes: formats.bufferBytes })];
  });
}

function denoiserNeed(networks: PlannedNetworks, picture: PictureShape, formats: PlannedFormats): NetworkNeed {
  const shape = { ...denoiserShape(networks, picture), method: "nasa" } as const;
  const graph = graphOf("denoiser", (g) => stepGraph(g, networks.denoiser, shape), formats);
  const budget = { arenaBytes: MOST_ARENA_BYTES, bufferBytes: formats.bufferBytes };
  return needOf("denoiser", graph, formatOf("denoiser", formats), budget);
}

function denoiserShape(networks: PlannedNetworks, picture: PictureShape): Omit<DenoiserPlanShape, "method"> {
  const { textTokens = Math.max(0, ...networks.texts.map(({ tokens }) => tokens)) } = picture;
  return { ...latentOf(picture, decodersOf(networks)), textTokens };
}

function decodersOf({ denoiser, autoencoder, fine }: PlannedNetworks): Scales<Autoencoder> {
  return scalesOf(denoiser.sampleSize, autoencoder, fine);
}

/** The decoder that draws this size, beside the weights of the other one: they stay for going back to another size. */
function decoderNeeds(networks: PlannedNetworks, size: Size, formats: PlannedFormats): readonly NeedWithin[] {
  const scales = decodersOf(networks);
  const latent = latentOf(size, scales);
  const { decoder } = trainedFor(size, scales);
  const weightsOf = (role: Autoencoder) => weightMemory(graphOf("autoencoder", (g) => decoderGraph(g, role, latent, "rgba"), formats));
  const others = scales.filter((scale) => scale.decoder !== decoder).map((scale) => weightsOf(scale.decoder));
  return autoencoderNeeds(decoder, (g) => decoderGraph(g, decoder, latent, "rgba"), formats).map(({ arenaBytes, need }) => ({
    arenaBytes,
    need: {
      ...need,
      weightBytes: others.reduce((sum, { weightBytes }) => sum + weightBytes, need.weightBytes),
      loadingBytes: Math.max(need.loadingBytes, ...others.map(({ loadingBytes }) => loadingBytes)),
    },
  }));
}

function encoderNeeds(networks: PlannedNetworks, size: Size, formats: PlannedFormats): readonly NeedWithin[] {
  const { autoencoder } = networks;
  const read = readSize(size, decodersOf(networks), autoencoder);
  return autoencoderNeeds(autoencoder, (g) => encoderGraph(g, autoencoder, read), formats);
}

/** What a half of the autoencoder needs, for each of the arenas that it may have. */
interface NeedWithin {
  readonly arenaBytes: number;
  readonly need: NetworkNeed;
}

function autoencoderNeeds({ needsFloat32 }: Autoencoder, build: (g: GraphBuilder) => void, formats: PlannedFormats): readonly NeedWithin[] {
  const format = needsFloat32 ? "f32" : formatOf("autoencoder", formats);
  const graph = graphOf("autoencoder", build, formats);
  return ARENAS.map((arenaBytes) => ({
    arenaBytes,
    need: needOf("autoencoder", graph, format, { arenaBytes, bufferBytes: formats.bufferBytes }),
  }));
}

function formatOf(network: WideNetwork, { format, inFloat32 = [] }: PlannedFormats): NumberFormat {
  return inFloat32.includes(network) ? "f32" : format;
}

function graphOf(name: NetworkName, build: (g: GraphBuilder) => void, { weights }: PlannedFormats): Graph {
  const builder = new GraphBuilder();
  build(builder);
  return quantiseGraph(fuseGraph(builder.build()), weights(name));
}

function needOf(name: NetworkName, graph: Graph, format: NumberFormat, { arenaBytes, bufferBytes }: MemoryBudget): NetworkNeed {
  const fitted = fitGraph(graph, format, { arenaBytes, bufferBytes });
  return { name, ...weightMemory(graph), arenaBytes: plannedArenaBytes(fitted, format) };
}
