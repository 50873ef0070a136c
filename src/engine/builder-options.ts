// What the methods of GraphBuilder take besides tensors. Names of weights are keys of the
// checkpoint without their last part: `name` means `${name}.weight` and `${name}.bias`.
import type { HeadLayout, Padding } from "./ops";
import type { Tensor } from "./tensor";

export interface LinearOptions {
  readonly outputs: number;
  /** Default true. */
  readonly bias?: boolean;
}

export interface ConvOptions {
  readonly outputs: number;
  /** Square kernel size; default 3. */
  readonly kernel?: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default: kernel >> 1 on every side. */
  readonly padding?: Padding;
  /** Default true. */
  readonly bias?: boolean;
}

export interface NormOptions {
  readonly epsilon: number;
  /** Default true: `${name}.weight` and `${name}.bias`. */
  readonly affine?: boolean;
}

export interface AttentionOptions {
  readonly heads: number;
  readonly headSize: number;
  /** Default 1 / sqrt(headSize). */
  readonly scale?: number;
  readonly causal?: boolean;
  /** Default: `{offset: 0, headStride: headSize}`. */
  readonly qLayout?: HeadLayout;
  readonly kLayout?: HeadLayout;
  readonly vLayout?: HeadLayout;
}

/** A text branch of cross-attention: k and v over up to `capacity` keys. */
export interface TextBranch {
  readonly k: Tensor;
  readonly v: Tensor;
}
