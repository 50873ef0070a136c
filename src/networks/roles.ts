// What a pipeline asks of any network: a text encoder reads token ids, a denoiser predicts from
// a sample under a condition, an autoencoder maps pictures to latents and back. index.ts lists which network has which role.
import type { SteeringMethod } from "../common/steering";
import type { GraphBuilder } from "../engine/graph-builder";
import type { Tensor } from "../engine/tensor";
import type { TensorData } from "../engine/transfer";
import type { SamplerStep } from "../samplers/schedule";

/** Values of graph inputs, by name. */
export type Inputs = Readonly<Record<string, TensorData>>;

/** A graph over a checkpoint's weights. */
export interface NetworkGraph<Shape, Output> {
  /** Checkpoint tensors that the graph may leave unread. */
  readonly unused: readonly RegExp[];
  build(g: GraphBuilder, shape: Shape): Output;
}

export interface TextStates {
  /** `[batch, tokens, channels]` */
  readonly lastHiddenState: Tensor;
  readonly penultimate: Tensor;
  /** `[batch, channels]` */
  readonly pooled: Tensor;
  /** The projected pooled state, `[batch, projection]`. */
  readonly textEmbeds: Tensor | undefined;
}

export interface TextEncoder extends NetworkGraph<{ readonly batch: number }, TextStates> {
  readonly vocabularySize: number;
  /** Tokens in a row, padding included. */
  readonly tokens: number;
  readonly channels: number;
  /** Channels of `textEmbeds`. */
  readonly projection: number | undefined;
  /** @param ids a row for each batch element, one after another */
  inputs(ids: Int32Array): Inputs;
}

export interface DenoiserShape {
  readonly batch: number;
  /** Of the latent. */
  readonly height: number;
  readonly width: number;
  /** Room for text, in tokens; 0 for networks that read labels. */
  readonly textTokens: number;
  /** 1 where one text serves the whole batch. Default: a text for each element. */
  readonly textBatch?: number;
  readonly steering: SteeringMethod;
  /** `[batch, height, width, channels]`. Default: the input `sample`. */
  readonly sample?: Tensor;
}

/** What a denoiser is conditioned on. */
export type Reads =
  | { readonly kind: "text"; readonly channels: number; readonly pooledChannels: number | undefined }
  | { readonly kind: "label"; readonly classes: number };

/** @returns the prediction, `[batch, height, width, outChannels]` */
export interface Denoiser extends NetworkGraph<DenoiserShape, Tensor> {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Side of the latent that it was trained on. */
  readonly sampleSize: number;
  readonly reads: Reads;
  /** The inputs that tell it the time of a step. */
  timeInputs(step: Pick<SamplerStep, "timestep" | "endTimestep">, batch?: number): Inputs;
  /** The inputs that describe the picture, besides the condition. Sizes are in pixels. */
  pictureInputs(size: { readonly width: number; readonly height: number }, batch?: number): Inputs;
}

/** Sizes of the network's input. */
export interface CodecShape {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

export interface Autoencoder {
  readonly latentChannels: number;
  /** The denoiser's latent is `(latent - shiftFactor) * scalingFactor`. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Pixels for each latent pixel, along one side. */
  readonly factor: number;
  /** Whether float16 activations would overflow. */
  readonly needsFloat32: boolean;
  /** From the latent (default: the input `latent`) to pixels about [-1, 1]. */
  readonly decoder: NetworkGraph<CodecShape & { readonly latent?: Tensor }, Tensor>;
  /** From the input `image`, pixels in [-1, 1], to the latent. */
  readonly encoder: NetworkGraph<CodecShape, Tensor>;
}
