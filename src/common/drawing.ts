// A recipe that was drawn: the picture, and where its time went. The same object from the pipeline that
// draws it to the page that shows it.
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
}

/** Milliseconds of each stage of one picture. */
export interface Timings {
  readonly load: number;
  readonly compile: number;
  readonly encode: number;
  /** Each step's own. */
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

/** How whoever asks for a picture follows it, and stops it. */
export interface DrawHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** The picture as it stands after `step` of several; never called for the last step. */
  readonly onPreview?: ((picture: Picture, step: number) => void) | undefined;
}

/** What the next picture of the same size will take: loading and compiling are paid once. */
export function drawingMs({ encode, denoise, decode }: Timings): number {
  return denoise.reduce((sum, step) => sum + step, encode + decode);
}
