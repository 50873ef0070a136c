// ONNX Runtime Web in one worker or process: one backend, one queue. Two runs at once
// deadlock it, and after the GPU is lost it never answers again. Then the runtime is retired, and
// the owner of the thread must replace the thread. The runtime has no timeout: that too is left to the owner.
import type { Env, InferenceSession, InferenceSessionFactory, Tensor, TensorConstructor } from "onnxruntime-web";
import type { Device } from "../../engine/device";
import { assertNever, invariant, OnestrokeError, throwIfCancelled } from "../../common/errors";
import { SerialQueue } from "../../common/queue";

/** The part of onnxruntime-web that is used here; its builds differ in what runs beneath. */
export interface OrtModule {
  readonly env: Env;
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

export type Backend = { readonly provider: "wasm" } | { readonly provider: "webgpu"; readonly device: Device };

export class OrtRuntime {
  readonly backend: Backend;
  readonly #ort: OrtModule;
  readonly #queue = new SerialQueue();
  /** Ends the running job. */
  #abandon: ((error: OnestrokeError) => void) | undefined;
  #retired: OnestrokeError | undefined;

  constructor(ort: OrtModule, backend: Backend) {
    this.#ort = ort;
    this.backend = backend;
    // Flash attention in version 1.30 assumes that a subgroup has at least eight lanes. Where it has four, results
    // are wrong by 4 %. A device that did not ask for subgroups gets kernels without them.
    invariant(backend.provider === "wasm" || !backend.device.gpu.features.has("subgroups"), "ONNX Runtime's device has no subgroups");
    // One thread needs neither isolation nor workers started by the worker, which policies forbid.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    if (backend.provider === "webgpu") void backend.device.lost.then((info) => this.#lose(info));
  }

  /** Where outputs stay, so that the next run can take them. */
  get nearby(): "cpu" | "gpu-buffer" {
    return this.backend.provider === "webgpu" ? "gpu-buffer" : "cpu";
  }

  /**
   * Runs jobs one after another; one that fails does not stop the next.
   * @param signal checked before the job begins, because a run cannot be stopped
   * @throws OnestrokeError `gpu-lost` or `worker-died`, with which every later job fails too; `cancelled`
   */
  enqueue<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.run(async () => {
      if (this.#retired) throw this.#retired;
      throwIfCancelled(signal);
      return this.#unlessLost(job);
    });
  }

  async createSession(
    model: Uint8Array,
    external: readonly { readonly path: string; readonly data: Uint8Array }[],
    options: InferenceSession.SessionOptions,
  ): Promise<InferenceSession> {
    try {
      return await this.#ort.InferenceSession.create(model, {
        ...options,
        executionProviders: [this.#provider()],
        // Only errors are logged: warnings are printed as errors, and concern operators that it keeps off the GPU on purpose.
        logSeverityLevel: 3,
        ...(external.length > 0 ? { externalData: [...external] } : {}),
      });
    } catch (cause) {
      // Once this module has failed to start a backend, it never tries again.
      if (String(cause).includes("no available backend found")) this.#retired = new OnestrokeError("worker-died", String(cause), {}, cause);
      throw this.#retired ?? cause;
    }
  }

  tensor<T extends "float32" | "float16" | "int32" | "int64">(type: T, data: Tensor.DataTypeMap[T], dims: readonly number[]): Tensor {
    return new this.#ort.Tensor(type, data, dims);
  }

  /** `env.webgpu.device` is ignored: a device is shared only if it is passed as the provider's option. */
  #provider(): InferenceSession.ExecutionProviderConfig {
    const { backend } = this;
    switch (backend.provider) {
      case "wasm":
        return "wasm";
      case "webgpu":
        return { name: "webgpu", device: backend.device.gpu };
      default:
        return assertNever(backend);
    }
  }

  /** This does not use Promise.race with the device's loss: a promise that lives that long would keep every result. */
  #unlessLost<T>(job: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#abandon = reject;
      job().then(resolve, reject);
    }).finally(() => {
      this.#abandon = undefined;
    });
  }

  #lose({ message, reason }: GPUDeviceLostInfo): void {
    this.#retired = new OnestrokeError("gpu-lost", `ONNX Runtime: the GPU was lost: ${message || reason}`);
    this.#abandon?.(this.#retired);
  }
}
