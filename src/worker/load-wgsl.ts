// A model on our own engine: text-to-image checkpoints in diffusers' layout.
import { catalogueManifest } from "../checkpoints/catalogue-manifest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { component, COMPONENT_NAMES, weightBytes, type Manifest } from "../checkpoints/manifest";
import type { Device } from "../engine/device";
import type { PipelineHooks, PipelineProgress } from "../pipeline/request";
import { TextToImage } from "../pipeline/text-to-image";
import type { ModelPart } from "../protocol/messages";
import type { LoadedModel } from "./backend";
import { adapterName, loadedModel, type ModelFiles } from "./loaded-model";

/** @throws OnestrokeError `model-*`, `gpu-*`, `download-failed`, `cancelled` */
export async function loadWgsl({ store, entry }: ModelFiles, device: Device, hooks: PipelineHooks): Promise<LoadedModel> {
  const manifest = await (entry === undefined
    ? diffusersManifest(store, hooks.signal)
    : catalogueManifest(entry, () => store, hooks.signal));
  const onProgress = hooks.onProgress === undefined ? undefined : wholeModel(weightBytes(manifest), hooks.onProgress);
  const pipeline = await TextToImage.load(manifest, device, { ...hooks, ...(onProgress && { onProgress }) });
  return loadedModel(pipeline, {
    ...pipeline.info,
    name: entry?.title ?? pipeline.info.name,
    adapter: adapterName(device),
    parts: partsOf(manifest),
  });
}

function partsOf(manifest: Manifest): readonly ModelPart[] {
  const networks = COMPONENT_NAMES.filter((name) => (manifest.components[name]?.files.length ?? 0) > 0);
  return networks.map((name) => {
    const byteLength = component(manifest, name).files.reduce((sum, file) => sum + (file.byteLength ?? 0), 0);
    return { name, engine: "wgsl", byteLength };
  });
}

/** Turns each component's bytes into the model's, so that one bar fills once. */
function wholeModel(totalBytes: number, onProgress: (progress: PipelineProgress) => void): (progress: PipelineProgress) => void {
  const loaded = new Map<string, number>();
  return (progress) => {
    if (progress.stage !== "load") {
      onProgress(progress);
      return;
    }
    loaded.set(progress.component, progress.loadedBytes);
    const loadedBytes = [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
    onProgress({ ...progress, loadedBytes: Math.min(loadedBytes, totalBytes), totalBytes });
  };
}
