// The messages between page and worker, both ways. Every call has an id, and everything
// said about it carries that id; a call ends with exactly one of `loaded`, `drawn`, `failed`.
import type { WireError } from "../common/errors";
import type { SteeringDefaults } from "../common/steering-defaults";
import type { Engine } from "../common/engine";
import type { Picture, Progress, StageTimings, TextTokens } from "../common/progress";
import type { Recipe } from "../common/recipe";

export type { SteeringDefaults };

/** Where a model's files are; `root` is an absolute address that ends in a slash. */
export interface ModelAddress {
  readonly id: string;
  readonly root: string;
  /** What is to compute it. Absent: our own engine where there is WebGPU, else WASM if the model has ONNX graphs. */
  readonly engine?: Engine;
}

/** One network of a model. */
export interface ModelPart {
  /** Its component, as in the model's folder: `text_encoder`, `unet`, `vae`. */
  readonly name: string;
  readonly engine: Engine;
  /** Stored bytes. */
  readonly byteLength: number;
}

/** What the page needs to know about a loaded model. */
export interface ModelInfo {
  readonly name: string;
  /** SPDX identifier, where the checkpoint says. */
  readonly license: string | undefined;
  /** Stored bytes of all weights. */
  readonly weightBytes: number;
  /** Pixels on a side. */
  readonly defaultSize: number;
  /** Sizes are multiples of this. */
  readonly sizeMultiple: number;
  readonly maxSteps: number;
  readonly steering: SteeringDefaults;
  /** What its networks are computed on: the GPU's name, or "cpu". */
  readonly adapter: string;
  /** In the order they run. */
  readonly parts: readonly ModelPart[];
}

export type Call =
  | { readonly type: "load"; readonly model: ModelAddress }
  /** Loads the model first where it is not the loaded one. */
  | { readonly type: "generate"; readonly model: ModelAddress; readonly recipe: Recipe };

export type ToWorker =
  | (Call & { readonly id: number })
  /** `id` is the call's. */
  | { readonly type: "cancel"; readonly id: number }
  | { readonly type: "ping" };

export type Answer =
  | { readonly type: "loaded"; readonly id: number; readonly info: ModelInfo }
  | {
      readonly type: "drawn";
      readonly id: number;
      readonly picture: Picture;
      readonly timings: StageTimings;
      readonly tokens: TextTokens;
      readonly info: ModelInfo;
    };

export type FromWorker =
  | Answer
  | { readonly type: "failed"; readonly id: number; readonly error: WireError }
  /** What computes from now on, said before it begins to load: WASM keeps the worker's thread to itself. */
  | { readonly type: "engine"; readonly engine: Engine }
  | { readonly type: "progress"; readonly id: number; readonly progress: Progress }
  /** The picture after `step` of several; never the last. */
  | { readonly type: "preview"; readonly id: number; readonly picture: Picture; readonly step: number }
  | { readonly type: "pong" }
  /** The worker cannot go on (device lost, a bug) and asks to be replaced. */
  | { readonly type: "unusable"; readonly error: WireError };
