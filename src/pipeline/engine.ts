// The interface between the algorithm (draw.ts) and what computes it: our own kernels (wgsl/) or ONNX Runtime (ort/).
// Arrays that cross it are float32 in torch's order, `[channels, height, width]`, so that the noise is torch's noise.
import type { ChosenRule } from "../common/chosen-sampler";
import type { KernelTime } from "../common/drawing";
import type { ModelFacts } from "../common/model-facts";
import type { Picture } from "../common/picture";
import type { Steering, SteeringMethod } from "../common/steering";
import type { Sampler } from "../samplers/sampler";
import type { SamplerStep } from "../samplers/schedule";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import type { Widening } from "./float16-guard";
import type { Work } from "./work";

export interface ModelEngine {
  readonly facts: ModelFacts;
  /**
   * How it is stepped.
   * @param rule that a recipe asks for; undefined for what it was opened with
   * @throws OnestrokeError `model-unsupported` where its scheduler file does not go with that rule, `invalid-input` where its network does not
   */
  samplerOf(rule: ChosenRule | undefined): Sampler;
  /** The most steps that it was made for, whatever the rule; undefined where only the rule bounds them. */
  readonly madeForSteps: number | undefined;
  readonly latent: { readonly channels: number; /** The latent of a picture of that size. */ readonly of: (size: Size) => Size };
  readonly textEncoders: readonly TextEncoder[];
  readonly widening: Widening;
  /**
   * Prepares the networks for denoising pictures under one condition.
   * @param samples make the samples of the first step, one for each picture. As many of the first as there is room for are denoised together
   * @throws OnestrokeError `model-*`, `gpu-*`, `download-failed`, `cancelled`
   */
  begin(samples: readonly (() => Float32Array)[], condition: Condition, size: Size, work: Work): Promise<Denoising>;
  /**
   * A picture as the latent that `begin` takes, without noise.
   * @throws OnestrokeError `model-unsupported` where the model has no encoder for pictures
   */
  encodePicture(picture: Picture, work: Work): Promise<Float32Array>;
  /**
   * Changes the weights of its LoRAs, in their order, and reads what that changes and nothing else. Absent where an engine merges none.
   * @returns whether texts are read otherwise from now on
   * @throws OnestrokeError as `begin`
   */
  reweigh?(weights: readonly number[], work: Work): Promise<boolean>;
  /**
   * Measures how it computes best here, for a while, and computes so from the next picture on. It ends when the signal says so, with what
   * is known by then. Absent where an engine has nothing to choose.
   * @throws OnestrokeError `gpu-*`, `cancelled`
   */
  tune?(work: Work, budgetMs?: number): Promise<void>;
  /**
   * Times every kernel until `end`; `read` waits for what was submitted so far. Absent where an engine does not tell, undefined where the
   * GPU has no clock.
   */
  timeKernels?(): KernelTimer | undefined;
  dispose(): Promise<void>;
}

export interface KernelTimer {
  read(): Promise<readonly KernelTime[]>;
  end(): void;
}

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface TextEncoder {
  readonly tokenizer: ClipTokenizer;
  /** @param ids one row of the tokenizer's length */
  encode(ids: Int32Array, work: Work): Promise<TextRow>;
}

/** What an encoder makes of one row of tokens. */
export interface TextRow {
  /** `[tokens, channels]` */
  readonly hidden: Float32Array;
  readonly channels: number;
  /** SDXL: the projected embedding, `[channels]`. */
  readonly pooled?: Float32Array | undefined;
}

/** A whole text, read by every encoder of a model. */
export interface EncodedText extends TextRow {
  /** Whole rows, and then the words that a prompt gives negative weights. */
  readonly tokens: number;
  /** [tokens] -1 for those words, else 1; absent where all are 1. */
  readonly signs?: Float32Array;
}

/** What a picture is to show: a text, possibly with a second text to steer away from; or a class. */
export type Condition =
  | {
      readonly kind: "text";
      readonly positive: EncodedText;
      /** Absent where the picture is not steered. Under VSF it holds the words alone, without begin, end and padding. */
      readonly negative?: EncodedText | undefined;
      readonly method: SteeringMethod | undefined;
    }
  | { readonly kind: "label"; readonly label: number };

/** Latents on their way from noise to pictures. They hold memory until `end` is called. */
export interface Denoising {
  /** How many of the samples are denoised: the first of them, and at least one. */
  readonly count: number;
  /** Whether nothing can be decoded between steps, because there is no memory for it. Absent: it can. */
  readonly hidesSteps?: boolean;
  /**
   * Goes from the samples to x0 and to the samples of the next step.
   * @param noises fresh unit noise for each of them, if the step adds any
   * @param keepsX0 whether `decode` will be asked for x0
   */
  step(step: SamplerStep, steering: Steering, noises: readonly Float32Array[] | undefined, keepsX0: boolean): Promise<void>;
  /**
   * @param index of the picture
   * @throws OnestrokeError `bad-image` if a pixel is not finite
   */
  decode(latent: "x0" | "next", index: number): Promise<Picture>;
  /** The first picture's scaled latent that `decode` reads, and its pixels about [0, 1]. Both are `[height, width, channels]`. */
  measure(): Promise<Measured>;
  end(): void;
}

export interface Measured {
  readonly latent: Float32Array;
  readonly pixels: Float32Array;
}
