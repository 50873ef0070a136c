// The real backend: this worker's GPU device, and text-to-image checkpoints in diffusers'
// layout read over HTTP.
import { CATALOGUE } from "../checkpoints/catalogue-entries";
import { catalogueManifest } from "../checkpoints/catalogue-manifest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { httpStore } from "../checkpoints/http-source";
import { weightBytes } from "../checkpoints/manifest";
import { openDevice, type Device } from "../engine/device";
import type { PipelineHooks, PipelineProgress } from "../pipeline/request";
import { TextToImage } from "../pipeline/text-to-image";
import type { ModelAddress } from "../protocol/messages";
import type { Backend, LoadedModel } from "./backend";

/** @throws OnestrokeError `gpu-unavailable` */
export async function openWebGpuBackend(): Promise<Backend> {
  const device = await openDevice(navigator.gpu);
  return {
    lost: device.lost.then(({ reason, message }) => message || reason),
    load: (model, hooks) => loadTextToImage(model, device, hooks),
  };
}

async function loadTextToImage({ id, root }: ModelAddress, device: Device, hooks: PipelineHooks): Promise<LoadedModel> {
  const store = httpStore(root);
  // What ships with the page is in the catalogue; any other folder must speak for itself.
  const entry = CATALOGUE.find((candidate) => candidate.id === id && candidate.base?.revision === "");
  const manifest = await (entry === undefined
    ? diffusersManifest(store, hooks.signal)
    : catalogueManifest(entry, () => store, hooks.signal));
  const onProgress = hooks.onProgress === undefined ? undefined : wholeModel(weightBytes(manifest), hooks.onProgress);
  const pipeline = await TextToImage.load(manifest, device, { ...hooks, ...(onProgress && { onProgress }) });
  // The first picture's timings carry what loading took; after that it is paid.
  let unpaid: Partial<TextToImage["loadTimings"]> = pipeline.loadTimings;
  return {
    info: { ...pipeline.info, name: entry?.title ?? pipeline.info.name },
    generate: async (request, requestHooks) => {
      const { image, timings } = await pipeline.generate(request, requestHooks);
      const { load = 0, compile = 0 } = unpaid;
      unpaid = {};
      return { image, timings: { ...timings, load: timings.load + load, compile: timings.compile + compile } };
    },
    dispose: () => pipeline.dispose(),
  };
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
