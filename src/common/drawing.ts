// A drawn recipe: the picture, and where its time went. The same object travels from the pipeline that draws
// the picture to the page that shows it.
import type { ModelFacts } from "./model-facts";
import type { Picture } from "./picture";
import type { Progress } from "./progress";
import type { Recipe } from "./recipe";

export interface Drawing {
  readonly recipe: Recipe;
  readonly picture: Picture;
  readonly timings: Timings;
  readonly tokens: TextTokens;
  readonly model: ModelFacts;
  /** How long each kind of dispatch took, where that was asked for and the GPU has a clock. Of all pictures that were drawn together. */
  readonly kernels?: readonly KernelTime[];
}

/** Milliseconds of each stage of one picture: its share where several were drawn together. */
export interface Timings {
  readonly load: number;
  readonly compile: number;
  readonly encode: number;
  /** Each step's milliseconds. */
  readonly denoise: readonly number[];
  readonly decode: number;
}

/** Dispatches of one kernel with one number of workgroups. */
export interface KernelTime {
  readonly kernel: string;
  /** Such as "5x64x1". */
  readonly workgroups: string;
  readonly count: number;
  /** Of all of them, by the GPU's clock. */
  readonly ms: number;
}

/** Tokens of the texts, without the begin and end marks. Tokens beyond `most` are cut. */
export interface TextTokens {
  readonly prompt: number;
  /** 0 where no negative text steers the picture. */
  readonly negative: number;
  /** How many tokens of each text are read. */
  readonly most: number;
}

/** How long a text is for a model, before it is drawn. */
export interface TextLength {
  /** Without begin and end marks. */
  readonly tokens: number;
  /** Rows that it needs, at least one and at most `MOST_TEXT_ROWS`. */
  readonly rows: number;
  /** Tokens in the last of them. */
  readonly lastRow: number;
  /** Tokens that a row holds. */
  readonly perRow: number;
  /** Whether it needs further rows for its length, and not for a BREAK in it. */
  readonly isLong: boolean;
}

/** Texts whose length somebody wants to know, as a model reads them. */
export type CountedTexts = Pick<Recipe, "model" | "prompt" | "negative" | "emphasis">;

export interface TextLengths {
  readonly prompt: TextLength;
  readonly negative: TextLength;
}

/** How the caller follows the drawing of a picture, and stops it. */
export interface DrawHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * The picture as it stands after `step` of several, as often as `previewShare` allows; never called for the last step. `index` is the
   * recipe's among those that were asked for together.
   */
  readonly onPreview?: ((picture: Picture, step: number, index: number) => void) | undefined;
  /**
   * The most of a picture's time that previews may take. It is a tenth unless it is given; with 0 there are none, with Infinity each step
   * has one.
   */
  readonly previewShare?: number | undefined;
  /** Whether the first of several steps is shown whatever it costs, as while somebody types. */
  readonly firstStepShown?: boolean | undefined;
  /** Whether the drawing says how long each kernel took, which makes it a little slower. */
  readonly timesKernels?: boolean | undefined;
  /** Whether somebody can see a preview at this moment. */
  readonly isSeen?: (() => boolean) | undefined;
}

/** The same where several are asked for together. */
export interface DrawTogetherHooks extends DrawHooks {
  /** Hears of each picture as soon as it is there, which need not be in the order of the recipes. */
  readonly onDrawn?: ((drawing: Drawing, index: number) => void) | undefined;
}

/** How the caller follows the loading of a model, and what for. */
export interface LoadHooks extends Pick<DrawHooks, "signal" | "onProgress"> {
  /** Of the picture that the model is made ready for. Absent, or where it draws no such size: the size that it was trained at. */
  readonly size?: PictureSize | undefined;
}

/** Sides in pixels. */
export type PictureSize = Pick<Recipe, "width" | "height">;

/** How long the next picture of the same size will take: loading and compiling are paid for once. */
export function drawingMs({ encode, denoise, decode }: Timings): number {
  return denoise.reduce((sum, step) => sum + step, encode + decode);
}
