// Every operation a network can be made of: a discriminated union of readonly data.
// `inputs` are tensors, `weights` checkpoint parameters; generic passes walk them by
// field, so each op keeps exactly this form. Fields marked "fused" are filled by
// `fuse/*`; networks leave them out.
import type { Tensor } from "./tensor";
import type { Weight } from "./weight-layout";

export type Activation =
  | "none"
  | "relu"
  | "silu"
  | "gelu" // exact, erf
  | "gelu-tanh"
  | "quick-gelu" // x * sigmoid(1.702 x)
  | "soft-clamp"; // 3 tanh(x / 3), AutoencoderTiny's input

/** Where head h, channel c of a packed projection lies in a row: `offset + h * headStride + c`. */
export interface HeadLayout {
  readonly offset: number;
  readonly headStride: number;
}

/** One `[batch, channels]` chunk of a modulation tensor `[batch, chunks * channels]`. */
export type Chunk = number;

interface OpOf<
  Kind extends string,
  Inputs extends Readonly<Record<string, Tensor>>,
  OptionalInputs extends string = never,
  Weights extends string = never,
  OptionalWeights extends string = never,
> {
  readonly kind: Kind;
  readonly inputs: Inputs & { readonly [Name in OptionalInputs]?: Tensor };
  readonly weights: { readonly [Name in Weights]: Weight } & { readonly [Name in OptionalWeights]?: Weight };
}

type X = { readonly x: Tensor };

/** `y = epilogue(x W^T + b)`; also 1x1 convolutions. x: `[..., k]`, y: `[..., n]`. */
export interface Linear extends OpOf<"linear", X, "second" | "residual", "weight", "bias"> {
  /** Applied before the residual is added. */
  readonly activation: Activation;
  /**
   * Fused: W has 2n outputs, y = value * activation(gate). `weight` and `bias` are interleaved.
   * `second` (fused): x and second are read as one tensor, concatenated along channels.
   */
  readonly gated: boolean;
}

export interface Padding {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/**
 * NHWC convolution. `channelBias` `[batch, n or more]` is added to every pixel (time embedding). The padding at the top is negative where
 * the first line of x is above what the first line of the output reads (strips).
 */
export interface Conv2d extends OpOf<"conv2d", X, "residual" | "channelBias", "weight", "bias"> {
  readonly kernel: readonly [height: number, width: number];
  readonly stride: number;
  readonly padding: Padding;
  /** Fused: where the channels of `channelBias` begin that are this convolution's. */
  readonly channelBiasBegin: number;
  /** Fused: x is read as if it were upsampled (nearest) by this factor. With 2 it is 3x3, of stride 1, padded by 1 but for strips' ends. */
  readonly upsample: 1 | 2;
  /** After bias and channelBias, before the residual. */
  readonly activation: Activation;
  /** After the residual (AutoencoderTiny's blocks). */
  readonly finalActivation: Activation;
}

/**
 * GroupNorm over `[batch, height, width, channels]` or `[batch, tokens, channels]`.
 * `second` (fused): x and second are normalised as one tensor, concatenated along channels.
 * `modulation` `[batch, 2 * channels]`: y = norm * (1 + modulation[:c]) + modulation[c:], before the activation.
 * `moments` (strips): x is some lines of one image, and these are the `channel-moments` of the whole image, which has `imagePixels`.
 */
export interface GroupNorm extends OpOf<"group-norm", X, "second" | "modulation" | "moments", never, "scale" | "shift"> {
  readonly groups: number;
  readonly epsilon: number;
  readonly activation: Activation;
  readonly imagePixels?: number;
}

/** Mean and centred square sum of each channel of each line, f32 `[1, 2 * height, channels]`. x: `[1, height, width, channels]`. */
export interface ChannelMoments extends OpOf<"channel-moments", X> {}

/**
 * Some lines of an image that lies in up to three strips: those from `begin` on of `before`, x and `after`, one below the other. All are
 * `[1, *, width, channels]`.
 */
export interface Lines extends OpOf<"lines", X, "before" | "after"> {
  readonly begin: number;
}

/** LayerNorm over channels; `modulation` `[batch, chunks * c]`: y = norm * (1 + scale chunk) + shift chunk. */
export interface LayerNorm extends OpOf<"layer-norm", X, "modulation", never, "scale" | "shift"> {
  readonly epsilon: number;
  readonly shiftChunk: Chunk;
  readonly scaleChunk: Chunk;
}

/** RMSNorm over each run of `groupSize` channels (the whole row, or one head); weight `[groupSize]`. */
export interface RmsNorm extends OpOf<"rms-norm", X, never, "scale"> {
  readonly epsilon: number;
  readonly groupSize: number;
}

/** softmax(q k^T * scale) v over tokens. q: `[batch, tokens, *]`, k and v: `[batch, keys, *]`; y: `[batch, tokens, heads * headSize]`. */
export interface Attention extends OpOf<"attention", { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor }> {
  readonly heads: number;
  readonly headSize: number;
  readonly scale: number;
  readonly causal: boolean;
  readonly qLayout: HeadLayout;
  readonly kLayout: HeadLayout;
  readonly vLayout: HeadLayout;
}

/**
 * Attention over a positive and a negative text with q shared.
 * `steering` is f32 as steering-input.ts packs it, with signs for the capacity of k and of negativeK; key counts up to those capacities.
 * With negative keys 0 the negative branch is skipped, and with signs of 1 the result is then bit-identical to plain attention.
 * mode `nasa`: y = Z+ - scale * Z-, `[batch, tokens, c]`. mode `branches`: y = Z+ | Z-, `[batch, tokens, 2c]`. mode `vsf`: one softmax over
 * both sets of keys, with values of the negative that count -scale times and scores that are offset lower, `[batch, tokens, c]`.
 */
export interface CrossAttention extends OpOf<
  "cross-attention",
  {
    readonly q: Tensor;
    readonly k: Tensor;
    readonly v: Tensor;
    readonly negativeK: Tensor;
    readonly negativeV: Tensor;
    readonly steering: Tensor;
  }
> {
  readonly heads: number;
  readonly headSize: number;
  readonly scale: number;
  readonly mode: "nasa" | "branches" | "vsf";
  readonly qLayout: HeadLayout;
  readonly kLayout: HeadLayout;
  readonly vLayout: HeadLayout;
}

/** NAG's normalise, clip and blend over all heads of a token: `[batch, tokens, 2c]` to `[batch, tokens, c]`. */
export interface NagCombine extends OpOf<"nag-combine", { readonly branches: Tensor; readonly steering: Tensor }> {}

/** Rows of a table by id; `position` `[tokens, c]` is added. ids: u32 `[batch, tokens]`; y: `[batch, tokens, c]`. */
export interface Embedding extends OpOf<"embedding", { readonly ids: Tensor }, never, "table", "position"> {}

/** y = activation(x) */
export interface Activate extends OpOf<"activate", X> {
  readonly activation: Activation;
}

/** y = x (op) b; b has x's shape, or is `[batch, channels]` and broadcast over the rows between. */
export interface Binary extends OpOf<"binary", { readonly x: Tensor; readonly b: Tensor }> {
  readonly operation: "add" | "multiply";
}

/** y = residual + x * scale weight; scale: `[channels]`. */
export interface ScaleChannels extends OpOf<"scale-channels", X, "residual", "scale"> {}

/** y = x * scale + shift with constants. */
export interface ScaleShift extends OpOf<"scale-shift", X> {
  readonly scale: number;
  readonly shift: number;
}

/** y = x + modulation chunk * b (adaLN-Zero gate). x, b: `[batch, tokens, c]`; modulation: `[batch, chunks * c]`. */
export interface GatedAdd extends OpOf<"gated-add", { readonly x: Tensor; readonly b: Tensor; readonly modulation: Tensor }> {
  readonly chunk: Chunk;
}

/** x: `[..., 2c]` split in halves; y = value * activation(gate). */
export interface GatedActivation extends OpOf<"gated-activation", X> {
  readonly activation: Activation;
  /** Which half is the gate: diffusers' GEGLU has the value first. */
  readonly gateFirst: boolean;
}

/** y[b, t, :] = x[b, t, :] + table[t, :] (position embedding). */
export interface AddTable extends OpOf<"add-table", X, never, "table"> {}

/** y[b, t, :] = table[t, :] + x[b, :]; x: `[batch, c]`, table: `[tokens, c]` (learnable prefix tokens). */
export interface TableTokens extends OpOf<"table-tokens", X, never, "table"> {}

/** Concatenation along channels, or along tokens (the last but one axis of a `[batch, tokens, c]`). */
export interface Concat extends OpOf<"concat", { readonly x: Tensor; readonly b: Tensor }> {
  readonly along: "channels" | "tokens";
}

/** A run of channels or of tokens. */
export interface Slice extends OpOf<"slice", X> {
  readonly along: "channels" | "tokens";
  readonly begin: number;
  readonly length: number;
}

/** One row of each batch item. x: `[batch, tokens, c]`; index: u32 `[1, batch]`; y: `[batch, c]`. */
export interface GatherRow extends OpOf<"gather-row", { readonly x: Tensor; readonly index: Tensor }> {}

/** Nearest-neighbour resize to `[height, width]`, torch's rule floor(i * in / out). */
export interface ResizeNearest extends OpOf<"resize-nearest", X> {}

/** 2x2 mean, stride 2. */
export interface AveragePool extends OpOf<"average-pool", X> {}

/** Rotary embedding, interleaved pairs (2i, 2i+1), angle = position * theta^(-2i / headSize), in place of each head. */
export interface Rotary extends OpOf<"rotary", X> {
  readonly heads: number;
  readonly headSize: number;
  readonly theta: number;
}

/** `[batch, tokens, patch * patch * c]` in (row, column, channel) order to `[batch, height, width, c]`. */
export interface Unpatchify extends OpOf<"unpatchify", X> {
  readonly patch: number;
}

/**
 * y = c0 * x + c1 * b + c2 * noise with coefficients f32 `[1, 4k]`, quad `index`.
 * The sampler's step, and the network's input scaling (then b and noise are x).
 */
export interface Combine extends OpOf<"combine", { readonly x: Tensor; readonly coefficients: Tensor }, "b" | "noise"> {
  readonly index: number;
}

/**
 * `[batch, height, width, 3+]` to packed RGBA8, u32 `[batch, height, width]`: byte = clamp(x * scale + shift, 0, 1) * 255
 * rounded to nearest. Alpha is 255, or 0 where a channel is not finite.
 */
export interface ToRgba extends OpOf<"to-rgba", X> {
  readonly scale: number;
  readonly shift: number;
}

export type Op =
  | Linear
  | Conv2d
  | GroupNorm
  | LayerNorm
  | RmsNorm
  | Attention
  | CrossAttention
  | NagCombine
  | Embedding
  | Activate
  | Binary
  | ScaleChannels
  | ScaleShift
  | GatedAdd
  | GatedActivation
  | AddTable
  | TableTokens
  | Concat
  | Slice
  | GatherRow
  | ResizeNearest
  | AveragePool
  | Rotary
  | Unpatchify
  | Combine
  | ToRgba
  | ChannelMoments
  | Lines;

export type OpKind = Op["kind"];

/** An op with its result. */
export interface Node {
  readonly op: Op;
  readonly output: Tensor;
}

export function inputsOf(op: Op): readonly Tensor[] {
  return Object.values<Tensor | undefined>(op.inputs).filter((tensor) => tensor !== undefined);
}

export function weightsOf(op: Op): readonly Weight[] {
  return Object.values<Weight | undefined>(op.weights).filter((weight) => weight !== undefined);
}
