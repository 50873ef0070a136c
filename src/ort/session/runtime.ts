// ONNX Runtime Web as one worker or process has it: one backend, one queue. Two runs at once
// deadlock it, and after a lost GPU it never answers again: then the runtime is retired and
// whoever owns the thread must replace the thread. It has no clock: that is the owner's too.
import type { Env, InferenceSession, InferenceSessionFactory, Tensor, TensorConstructor } from "onnxruntime-web";
import type { Device } from "../../engine/device";
import { assertNever, invariant, OnestrokeError, throwIfCancelled } from "../../common/errors";
import { SerialQueue } from "../../common/queue";

/** The part of onnxruntime-web that is used; its builds differ in what runs beneath. */
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
  /** Ends the job that runs. */
  #abandon: ((error: OnestrokeError) => void) | undefined;
  #retired: OnestrokeError | undefined;

  constructor(ort: OrtModule, backend: Backend) {
    this.#ort = ort;
    this.backend = backend;
    // Flash attention of 1.30 takes a subgroup for at least eight lanes: where it has four, results
    // are wrong by 4 %. A device that did not ask for subgroups gets kernels without them.
    invariant(backend.provider === "wasm" || !backend.device.gpu.features.has("subgroups"), "ONNX Runtime's device has no subgroups");
    // One thread needs neither isolation nor workers of workers, which policies forbid.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    if (backend.provider === "webgpu") void backend.device.lost.then((info) => this.#lose(info));
  }

  /** Where outputs stay for the next run to take. */
  get nearby(): "cpu" | "gpu-buffer" {
    return this.backend.provider === "webgpu" ? "gpu-buffer" : "cpu";
  }

  /**
   * Runs jobs one after another; one that fails does not stop the next.
   * @param signal looked at before the job begins: a run cannot be stopped
   * @throws OnestrokeError `gpu-lost`, `worker-died`: from then on every job fails so; `cancelled`
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
        // Errors alone: warnings are written as errors, and are of operators it keeps from the GPU on purpose.
        logSeverityLevel: 3,
        ...(external.length > 0 ? { externalData: [...external] } : {}),
      });
    } catch (cause) {
      // What could not be started once is not tried again by this module.
      if (String(cause).includes("no available backend found")) this.#retired = new OnestrokeError("worker-died", String(cause), {}, cause);
      throw this.#retired ?? cause;
    }
  }

  tensor<T extends "float32" | "float16" | "int32" | "int64">(type: T, data: Tensor.DataTypeMap[T], dims: readonly number[]): Tensor {
    return new this.#ort.Tensor(type, data, dims);
  }

  /** `env.webgpu.device` is ignored: only as the provider's option is a device shared. */
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

  /** No race against the loss of the device: a promise that lives as long would keep every result. */
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
