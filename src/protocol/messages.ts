// The messages between page and worker, in both directions. Every call has an id, and every message
// about it carries that id; a call ends with exactly one of `loaded`, `drawn`, `compared`, `failed`.
import type { HandedLora, HandedModel } from "../common/download";
import type { CountedTexts, Drawing, PictureSize, TextLengths } from "../common/drawing";
import type { Engine } from "../common/engine";
import type { WireError } from "../common/errors";
import type { ModelFacts } from "../common/model-facts";
import type { ModelNumbers } from "../common/model-numbers";
import type { Picture } from "../common/picture";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";

interface With {
  /** What is to compute the call. If it is absent: our own where there is WebGPU, else WASM if the model has ONNX graphs. */
  readonly engine: Engine | undefined;
  /** The model's files, where the browser gives no storage that the worker could read them from. */
  readonly files?: HandedModel | undefined;
  /** What is to be merged into it: the recipe's LoRAs, in their order. */
  readonly loras?: readonly HandedLora[] | undefined;
  /** What the page knows of the numbers that it takes here. */
  readonly numbers?: ModelNumbers | undefined;
}

export type Call =
  /**
   * @param model the model's id
   * @param size of the picture that it is made ready for; its own if absent
   */
  | ({ readonly type: "load"; readonly model: string; readonly size?: PictureSize | undefined } & With)
  /**
   * Draws as many of the recipes as are denoised together, from the first on, and loads their model first if it is not the loaded one. They
   * are valid, and the same but for their noise.
   */
  | ({
      readonly type: "generate";
      readonly recipes: readonly [Recipe, ...Recipe[]];
      /** What they are drawn over, if they name a picture. */ readonly start?: Picture | undefined;
      /** As in `DrawHooks`. */
      readonly timesKernels?: boolean | undefined;
    } & Previewing &
      With);

/** How much of a drawing is shown before it is done, as in `DrawHooks`. */
interface Previewing {
  /** 0 for no previews. */
  readonly previewShare?: number | undefined;
  readonly firstStepShown?: boolean | undefined;
}

/** Asks whether two recipes are one picture for the model that is loaded. It is answered at once, also while a picture is drawn. */
export interface Comparing {
  readonly type: "compare";
  readonly left: Recipe;
  readonly right: Recipe;
}

/** Where the worker finds what ships with the page: absolute addresses that end in slashes. */
export interface Roots {
  /** Has a folder for each model. */
  readonly modelsRoot: string;
  /** Has ONNX Runtime's WASM files under their published names. If it is absent, they lie beside the worker's script. */
  readonly runtimeRoot?: string;
}

export type ToWorker =
  /** The first message. */
  | ({ readonly type: "start" } & Roots)
  | ((Call | Comparing) & { readonly id: number })
  /** Answered at once, beside the calls, because somebody types. */
  | ({ readonly type: "count"; readonly id: number } & CountedTexts)
  /** `id` is the id of the call to cancel. */
  | { readonly type: "cancel"; readonly id: number }
  /** Whether the page can be seen, told when that changes. Until then it can. */
  | { readonly type: "seen"; readonly isSeen: boolean }
  | { readonly type: "ping" };

export type Answer =
  | { readonly type: "loaded"; readonly id: number; readonly model: ModelFacts }
  /** Every picture has been sent. */
  | { readonly type: "drawn"; readonly id: number }
  /** Not the same where the model is not loaded: then nobody knows. */
  | { readonly type: "compared"; readonly id: number; readonly isSame: boolean };

export type FromWorker =
  | Answer
  | { readonly type: "failed"; readonly id: number; readonly error: WireError }
  /** What computes from now on, sent before loading begins, because WASM blocks the worker's thread. */
  | { readonly type: "engine"; readonly engine: Engine }
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  /** The picture after one of several steps; there is no preview after the last step. `index` is the recipe's among those of the call. */
  | { readonly type: "preview"; readonly id: number; readonly picture: Picture; readonly step: number; readonly index: number }
  /** A finished one, as soon as it is there. */
  | { readonly type: "picture"; readonly id: number; readonly drawing: Drawing; readonly index: number }
  /** Without lengths where the texts' model is not loaded, or reads no texts. */
  | { readonly type: "counted"; readonly id: number; readonly lengths: TextLengths | undefined }
  | { readonly type: "pong" }
  /** The worker cannot go on (device lost, a bug) and asks to be replaced. */
  | { readonly type: "unusable"; readonly error: WireError };
