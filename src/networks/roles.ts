// What a pipeline asks of a network, whichever it is: a text encoder reads token ids, a denoiser predicts from
// a sample under a condition, an autoencoder maps pictures to latents and back. index.ts lists who plays what.
import type { SteeringMethod } from "../common/steering";
import type { GraphBuilder } from "../engine/graph-builder";
import type { Tensor } from "../engine/tensor";
import type { TensorData } from "../engine/transfer";
import type { SamplerStep } from "../samplers/schedule";

/** Values of graph inputs, by name. */
export type Inputs = Readonly<Record<string, TensorData>>;

/** A graph over a checkpoint's weights. */
export interface NetworkGraph<Shape, Output> {
  /** Checkpoint tensors that it may leave unread. */
  readonly unused: readonly RegExp[];
  build(g: GraphBuilder, shape: Shape): Output;
}

export interface TextStates {
  /** `[batch, tokens, channels]` */
  readonly lastHiddenState: Tensor;
  readonly penultimate: Tensor;
  /** `[batch, channels]` */
  readonly pooled: Tensor;
  /** The pooled state, projected, `[batch, projection]`. */
  readonly textEmbeds: Tensor | undefined;
}

export interface TextEncoder extends NetworkGraph<{ readonly batch: number }, TextStates> {
  readonly vocabularySize: number;
  /** Tokens of a row, padding included. */
  readonly tokens: number;
  readonly channels: number;
  /** Channels of `textEmbeds`. */
  readonly projection: number | undefined;
  /** @param ids one row a batch element, after another */
  inputs(ids: Int32Array): Inputs;
}

export interface DenoiserShape {
  readonly batch: number;
  /** Of the latent. */
  readonly height: number;
  readonly width: number;
  /** Room for tokens of text; 0 for networks that read labels. */
  readonly textTokens: number;
  readonly steering: SteeringMethod;
  /** `[batch, height, width, channels]`. Default: the input `sample`. */
  readonly sample?: Tensor;
}

/** What a denoiser is conditioned on. */
export type Reads =
  | { readonly kind: "text"; readonly channels: number; readonly pooledChannels: number | undefined }
  | { readonly kind: "label"; readonly classes: number };

/** @returns its prediction, `[batch, height, width, outChannels]` */
export interface Denoiser extends NetworkGraph<DenoiserShape, Tensor> {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Side of the latent it was trained at. */
  readonly sampleSize: number;
  readonly reads: Reads;
  /** What it is told of the time of a step. */
  timeInputs(step: Pick<SamplerStep, "timestep" | "endTimestep">, batch?: number): Inputs;
  /** What it is told of the picture, besides the condition. Sizes are pixels. */
  pictureInputs(size: { readonly width: number; readonly height: number }, batch?: number): Inputs;
}

/** Sizes of what goes in. */
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
  /** Pixels a latent pixel, along one side. */
  readonly factor: number;
  /** Float16 activations would overflow. */
  readonly needsFloat32: boolean;
  /** From the latent (default: the input `latent`) to pixels about [-1, 1]. */
  readonly decoder: NetworkGraph<CodecShape & { readonly latent?: Tensor }, Tensor>;
  /** From the input `image`, pixels in [-1, 1], to the latent. */
  readonly encoder: NetworkGraph<CodecShape, Tensor>;
}
