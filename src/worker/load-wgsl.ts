// A model on our own engine: text-to-image checkpoints in diffusers' layout.
import { catalogueManifest } from "../checkpoints/catalogue-manifest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { component, COMPONENT_NAMES, type Manifest } from "../checkpoints/manifest";
import type { Device } from "../engine/device";
import type { PipelineHooks } from "../pipeline/request";
import { TextToImage } from "../pipeline/text-to-image";
import type { ModelPart } from "../protocol/messages";
import type { LoadedModel } from "./backend";
import { adapterName, loadedModel, type ModelFiles } from "./loaded-model";

/** @throws OnestrokeError `model-*`, `gpu-*`, `download-failed`, `cancelled` */
export async function loadWgsl({ store, entry }: ModelFiles, device: Device, hooks: PipelineHooks): Promise<LoadedModel> {
  const manifest = await (entry === undefined
    ? diffusersManifest(store, hooks.signal)
    : catalogueManifest(entry, () => store, hooks.signal));
  const pipeline = await TextToImage.load(manifest, device, hooks);
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
