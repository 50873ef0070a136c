// What the networks of a model need on the GPU, counted on their graphs: neither weights nor a device are read.
import type { WeightFormat } from "../../common/weight-format";
import { fuseGraph } from "../../engine/fuse";
import type { Graph } from "../../engine/graph";
import { GraphBuilder } from "../../engine/graph-builder";
import { weightId, weightsOf } from "../../engine/ops";
import { quantiseGraph } from "../../engine/quantise-graph";
import { fitGraph, plannedArenaBytes } from "../../engine/strips/fit-graph";
import type { NumberFormat } from "../../engine/tensor";
import { packedBytes } from "../../engine/weight-layout";
import type { Autoencoder, Denoiser, TextEncoder } from "../../networks/roles";
import type { Size } from "../engine";
import { planMemory, type MemoryPlan, type NetworkNeed } from "../memory-plan";
import { decoderGraph, stepGraph, textGraph, type TextState } from "./graphs";

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
  readonly weights: WeightFormat;
  /** The largest buffer that the device makes. */
  readonly bufferBytes: number;
}

export interface PicturePlan extends MemoryPlan {
  /** What the autoencoder's intermediate tensors may take: less than usual where its turn would be too large. */
  readonly decoderArenaBytes: number;
}

/** What an adapter is asked for when nobody says more: most GPUs of 8 GB have it. */
export const USUAL_MEMORY_BYTES = 7.5e9;

/** From one GiB down: a decoder in strips takes longer the less it may take. */
const DECODER_ARENAS = [1, 1 / 2, 1 / 4].map((share) => share * 2 ** 30);

/** @param size of the picture, in pixels */
export function planPicture(networks: PlannedNetworks, size: Size, formats: PlannedFormats, budgetBytes = USUAL_MEMORY_BYTES): PicturePlan {
  const others = [...textNeeds(networks, formats), denoiserNeed(networks, size, formats)];
  const plans = DECODER_ARENAS.map((decoderArenaBytes) => ({
    ...planMemory([...others, autoencoderNeed(networks, size, formats, decoderArenaBytes)], budgetBytes),
    decoderArenaBytes,
  }));
  const fitting = plans.filter(({ peakBytes }) => peakBytes <= budgetBytes);
  const kind = fitting.find(({ turns }) => !turns.includes("denoiser")) ?? fitting[0];
  const [nearest] = plans.toSorted((left, right) => left.peakBytes - right.peakBytes);
  return kind ?? nearest ?? { peakBytes: 0, turns: [], decoderArenaBytes: 2 ** 30 };
}

function textNeeds({ texts, state }: PlannedNetworks, formats: PlannedFormats): readonly NetworkNeed[] {
  const names = ["text_encoder", "text_encoder_2"] as const;
  return names.flatMap((name, index) => {
    const role = texts[index];
    return role === undefined ? [] : [{ name, ...needOf((g) => textGraph(g, role, state), formats, formats.format) }];
  });
}

function denoiserNeed({ texts, denoiser, autoencoder }: PlannedNetworks, { width, height }: Size, formats: PlannedFormats): NetworkNeed {
  const { factor } = autoencoder;
  const textTokens = Math.max(0, ...texts.map(({ tokens }) => tokens));
  const shape = { width: width / factor, height: height / factor, textTokens, method: "nasa" } as const;
  return { name: "denoiser", ...needOf((g) => stepGraph(g, denoiser, shape), formats, formats.format) };
}

function autoencoderNeed(
  { autoencoder }: PlannedNetworks,
  { width, height }: Size,
  formats: PlannedFormats,
  arenaBytes: number,
): NetworkNeed {
  const { factor, needsFloat32 } = autoencoder;
  const latent = { width: width / factor, height: height / factor };
  const format = needsFloat32 ? "f32" : formats.format;
  const build = (g: GraphBuilder): void => decoderGraph(g, autoencoder, latent, "rgba");
  return { name: "autoencoder", ...needOf(build, formats, format, arenaBytes) };
}

function needOf(
  build: (g: GraphBuilder) => void,
  { weights, bufferBytes }: PlannedFormats,
  format: NumberFormat,
  arenaBytes = 2 ** 30,
): Pick<NetworkNeed, "weightBytes" | "arenaBytes"> {
  const builder = new GraphBuilder();
  build(builder);
  const graph = quantiseGraph(fuseGraph(builder.build()), weights);
  const fitted = fitGraph(graph, format, { arenaBytes, bufferBytes });
  return { weightBytes: weightBytesOf(graph), arenaBytes: plannedArenaBytes(fitted, format) };
}

function weightBytesOf({ nodes }: Graph): number {
  const distinct = new Map(nodes.flatMap(({ op }) => weightsOf(op)).map((weight) => [weightId(weight), weight]));
  return [...distinct.values()].reduce((sum, weight) => sum + packedBytes(weight), 0);
}
