// What computes in this worker: our own kernels on the GPU, or ONNX Runtime on the same GPU or on WASM.
// ONNX Runtime and all that belongs to it is fetched only when a model is to be drawn with it.
import { openDevice, type Device } from "../engine/device";
import { OnestrokeError } from "../common/errors";
import { graphFile } from "../pipeline/onnx/graph-file";
import type { Engine } from "../common/engine";
import type { ModelAddress } from "../protocol/messages";
import type { Backend, LoadedModel, LoadHooks } from "./backend";
import type { OnnxLoader } from "./load-onnx";
import { loadWgsl } from "./load-wgsl";
import { modelFiles, type ModelFiles } from "./loaded-model";

/** Never fails for want of a GPU: loading does, if the model needs one. */
export async function openBackend(): Promise<Backend> {
  const opened = await openDevice(navigator.gpu).catch((thrown: unknown) => OnestrokeError.from(thrown, "gpu-unavailable"));
  const engines = new Engines(opened);
  return {
    lost: opened instanceof OnestrokeError ? new Promise(() => undefined) : opened.lost.then(({ reason, message }) => message || reason),
    load: (model, hooks) => engines.load(model, hooks),
  };
}

class Engines {
  readonly #opened: Device | OnestrokeError;
  /** One runtime for each of the two, from when it is first needed. */
  readonly #onnx = new Map<Engine, Promise<OnnxLoader>>();

  constructor(opened: Device | OnestrokeError) {
    this.#opened = opened;
  }

  async load(address: ModelAddress, hooks: LoadHooks): Promise<LoadedModel> {
    const files = modelFiles(address);
    const engine = address.engine ?? (await this.#engineFor(files, hooks.signal));
    hooks.onEngine?.(engine);
    switch (engine) {
      case "wgsl":
        return loadWgsl(files, this.#device(), hooks);
      case "ort-webgpu":
        return (await this.#loader(engine, this.#device()))(files, hooks);
      case "ort-wasm":
        return (await this.#loader(engine, undefined))(files, hooks);
    }
  }

  async #engineFor({ store }: ModelFiles, signal: AbortSignal | undefined): Promise<Engine> {
    if (!(this.#opened instanceof OnestrokeError)) return "wgsl";
    if ((await graphFile(store, "unet", signal)) !== undefined) return "ort-wasm";
    throw this.#opened;
  }

  #device(): Device {
    if (this.#opened instanceof OnestrokeError) throw this.#opened;
    return this.#opened;
  }

  #loader(engine: Engine, device: Device | undefined): Promise<OnnxLoader> {
    const known = this.#onnx.get(engine);
    if (known !== undefined) return known;
    const loading = import("./load-onnx").then(
      ({ onnxLoader }) => onnxLoader(engine, device),
      (cause: unknown) => {
        // Some browsers remember a script that could not be loaded for as long as the worker lives.
        throw new OnestrokeError("worker-died", "the script of ONNX Runtime's engine could not be loaded", {}, cause);
      },
    );
    this.#onnx.set(engine, loading);
    return loading;
  }
}
