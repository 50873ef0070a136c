// What a running call says to the page: how far it is, the picture as it stands, where the
// time went and what was read. The same shapes as the pipeline's, kept here because the page may
// not import the pipeline; the worker's assignments make the compiler compare the two.

export type Progress =
  | { readonly stage: "load"; readonly component: string; readonly loadedBytes: number; readonly totalBytes: number }
  | { readonly stage: "compile"; readonly component: string; readonly pipelines: number; readonly totalPipelines: number }
  | { readonly stage: "encode" }
  | { readonly stage: "step"; readonly step: number; readonly steps: number }
  | { readonly stage: "decode" };

/** RGBA8, row-major from the top left, alpha 255. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Milliseconds of each stage of one image. */
export interface StageTimings {
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

/** What the next picture of the same size will take: loading and compiling are paid once. */
export function drawingMs({ encode, denoise, decode }: StageTimings): number {
  return denoise.reduce((sum, step) => sum + step, encode + decode);
}
