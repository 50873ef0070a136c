// What a pipeline is asked for, and what it says while and after it works.
// Plain data: the worker and the command line translate their own forms to it.
import type { Steering } from "../common/steering";

/** One picture. Sizes are pixels, multiples of the model's stride. */
export interface ImageRequest {
  readonly prompt: string;
  /** What the picture should not hold; "" means no steering. */
  readonly negative: string;
  readonly steering: Steering;
  /** Network evaluations, 1 to the model's maximum. */
  readonly steps: number;
  /** Unsigned 64-bit; noise uses the low 32 bits, as torch does. */
  readonly seed: bigint;
  readonly width: number;
  readonly height: number;
}

/** RGBA8, row-major from the top left, alpha 255. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Where the time of one image went, in milliseconds. */
export interface Timings {
  readonly load: number;
  readonly compile: number;
  readonly encode: number;
  /** One entry a step. */
  readonly denoise: readonly number[];
  readonly decode: number;
}

/** Tokens of the texts, without the marks of begin and end. What is above `most` is cut. */
export interface TextTokens {
  readonly prompt: number;
  /** 0 where nothing is steered by it. */
  readonly negative: number;
  /** What is read of each. */
  readonly most: number;
}

export type PipelineProgress =
  | { readonly stage: "load"; readonly component: string; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly stage: "compile"; readonly component: string; readonly pipelines: number; readonly totalPipelines: number }
  | { readonly stage: "encode" }
  | { readonly stage: "step"; readonly step: number; readonly steps: number }
  | { readonly stage: "decode" };

export interface PipelineHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PipelineProgress) => void;
  /** The picture as it stands after `step` of several; never called for the last step. */
  readonly onPreview?: (image: RgbaImage, step: number) => void;
}

export interface GeneratedImage {
  readonly image: RgbaImage;
  readonly timings: Timings;
  readonly tokens: TextTokens;
}
