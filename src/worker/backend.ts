// What the session needs from the machinery below it. The real one is `open-backend.ts`;
// unit tests put a drawn gradient in its place, so that queueing, cancelling and recovery
// are tested without a GPU.
import type { GeneratedImage, ImageRequest, PipelineHooks } from "../pipeline/request";
import type { Engine } from "../common/engine";
import type { ModelAddress, ModelInfo } from "../protocol/messages";

/** A loaded model. */
export interface LoadedModel {
  readonly info: ModelInfo;
  generate(request: ImageRequest, hooks: PipelineHooks): Promise<GeneratedImage>;
  dispose(): void | Promise<void>;
}

export interface LoadHooks extends PipelineHooks {
  /** Called once it is known what will compute the model, before anything large is fetched. */
  readonly onEngine?: (engine: Engine) => void;
}

/** What this worker can compute with: a device where there is one, and the engines on it or beside it. */
export interface Backend {
  /** Resolves with the reason when the device is gone; never rejects. */
  readonly lost: Promise<string>;
  load(model: ModelAddress, hooks: LoadHooks): Promise<LoadedModel>;
}
