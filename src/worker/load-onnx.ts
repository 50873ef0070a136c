// A model on ONNX Runtime: the ONNX graphs of its folder, on this worker's GPU or on WASM. Reached by a
// dynamic import alone, so that whoever draws with our own engine never fetches it.
import type { Device } from "../engine/device";
import { browserRuntime } from "../ort/session/load-browser";
import type { OrtRuntime } from "../ort/session/runtime";
import { OnnxTextToImage } from "../pipeline/onnx/text-to-image";
import type { PipelineHooks } from "../pipeline/request";
import type { Engine } from "../common/engine";
import type { LoadedModel } from "./backend";
import { adapterName, loadedModel, type ModelFiles } from "./loaded-model";

export type OnnxLoader = (files: ModelFiles, hooks: PipelineHooks) => Promise<LoadedModel>;

/** @param device without it WASM computes */
export function onnxLoader(engine: Engine, device: Device | undefined): OnnxLoader {
  let runtime: OrtRuntime | undefined;
  return async ({ store, entry }, hooks) => {
    const { signal, onProgress } = hooks;
    const onBytes = (loadedBytes: number, totalBytes: number) =>
      onProgress?.({ stage: "load", component: "onnxruntime", loadedBytes, totalBytes });
    runtime ??= await browserRuntime(device, { signal, onBytes });
    const pipeline = await OnnxTextToImage.load(store, runtime, hooks, { entry });
    return loadedModel(pipeline, {
      ...pipeline.info,
      name: entry?.title ?? pipeline.info.name,
      adapter: device ? adapterName(device) : "cpu",
      parts: Object.entries(pipeline.componentBytes).map(([name, byteLength]) => ({ name, engine, byteLength })),
    });
  };
}
