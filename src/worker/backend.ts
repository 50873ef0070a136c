// What the session needs from the machinery below it. The real one is `webgpu-backend.ts`;
// unit tests put a drawn gradient in its place, so that queueing, cancelling and recovery
// are tested without a GPU.
import type { GeneratedImage, ImageRequest, PipelineHooks } from "../pipeline/request";
import type { ModelAddress, ModelInfo } from "../protocol/messages";

/** A loaded model. */
export interface LoadedModel {
  readonly info: ModelInfo;
  generate(request: ImageRequest, hooks: PipelineHooks): Promise<GeneratedImage>;
  dispose(): void;
}

/** A device and what can be loaded onto it. */
export interface Backend {
  /** Resolves with the reason when the device is gone; never rejects. */
  readonly lost: Promise<string>;
  load(model: ModelAddress, hooks: PipelineHooks): Promise<LoadedModel>;
}
