// What the session needs from the layers below it. The real backend is `open-backend.ts`;
// unit tests use one that draws a gradient, so that queueing, cancelling and recovery
// are tested without a GPU.
import type { HandedLora, HandedModel } from "../common/download";
import type { LoadHooks as AskedHooks } from "../common/drawing";
import type { Engine } from "../common/engine";
import type { ModelNumbers } from "../common/model-numbers";
import type { Model } from "../pipeline/draw";

/** A loaded model. What has nothing to measure does not tune. */
export type LoadedModel = Pick<Model, "facts" | "drawTogether" | "textLength" | "meaning" | "dispose"> & Partial<Pick<Model, "tune">>;

export interface LoadHooks extends AskedHooks {
  /** Called as soon as it is known what will compute the model, before its weights are loaded. */
  readonly onEngine?: (engine: Engine) => void;
}

/** What this worker can compute with: a device where there is one, and the engines that run on it or without it. */
export interface Backend {
  /** Resolves with the reason when the device is gone; never rejects. */
  readonly lost: Promise<string>;
  /** Hears whether somebody looks at the page, which the same GPU paints. */
  tellSeen(isSeen: boolean): void;
  /**
   * @param engine if absent, our own where there is WebGPU, else WASM if the model has ONNX graphs
   * @param handed the model's files, where the worker cannot find them by itself
   * @param loras what is merged into it
   * @param numbers for our own engine
   */
  load(
    id: string,
    engine: Engine | undefined,
    hooks: LoadHooks,
    handed?: HandedModel,
    loras?: readonly HandedLora[],
    numbers?: ModelNumbers,
  ): Promise<LoadedModel>;
}
