// ONNX Runtime Web as one worker or process has it: one backend, one queue. Two runs at once
// deadlock it, and after a lost GPU it never answers again: then the runtime is retired and
// whoever owns the thread must replace the thread.
import type { Env, InferenceSession, InferenceSessionFactory, Tensor, TensorConstructor } from "onnxruntime-web";
import type { Device } from "../../engine/device";
import { assertNever, OnestrokeError } from "../../errors";

/** The part of onnxruntime-web that is used; its builds differ in what runs beneath. */
export interface OrtModule {
  readonly env: Env;
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

export type Backend = { readonly provider: "wasm" } | { readonly provider: "webgpu"; readonly device: Device };

export interface JobOptions {
  /** Looked at before the job begins; a run cannot be stopped. */
  readonly signal?: AbortSignal;
  /**
   * After so long without an answer the runtime is given up: `gpu-timeout` on WebGPU, `worker-died`
   * on WASM. WASM computes on this thread, so its own deadline fires only between runs: the
   * thread's owner must keep one too.
   */
  readonly timeoutMs?: number;
}

export class OrtRuntime {
  readonly backend: Backend;
  readonly #ort: OrtModule;
  readonly #gone: Promise<never>;
  #tail: Promise<void> = Promise.resolve();
  #retired: OnestrokeError | undefined;

  /** @param wasmPaths where the page keeps the runtime's files, of its own origin; Node finds them itself */
  constructor(ort: OrtModule, backend: Backend, wasmPaths?: Env.WebAssemblyFlags["wasmPaths"]) {
    this.#ort = ort;
    this.backend = backend;
    // One thread needs neither isolation nor workers of workers, which policies forbid.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
    this.#gone = this.#whenLost();
    this.#gone.catch(() => undefined);
  }

  /**
   * Runs jobs one after another; one that fails does not stop the next.
   * @throws OnestrokeError `gpu-lost`, `gpu-timeout`, `worker-died`: from then on every job fails so; `cancelled`
   */
  enqueue<T>(job: () => Promise<T>, options: JobOptions = {}): Promise<T> {
    const turn = this.#tail.then(() => this.#run(job, options));
    this.#tail = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  createSession(
    model: Uint8Array,
    external: readonly { readonly path: string; readonly data: Uint8Array }[],
    options: InferenceSession.SessionOptions,
  ): Promise<InferenceSession> {
    return this.#ort.InferenceSession.create(model, {
      ...options,
      executionProviders: [this.#provider()],
      ...(external.length > 0 ? { externalData: [...external] } : {}),
    });
  }

  tensor<T extends "float32" | "float16" | "int32" | "int64">(type: T, data: Tensor.DataTypeMap[T], dims: readonly number[]): Tensor {
    return new this.#ort.Tensor(type, data, dims);
  }

  /** A tensor in a buffer of our device, which stays its caller's to destroy. */
  gpuTensor(type: "float32" | "float16" | "int32", buffer: GPUBuffer, dims: readonly number[]): Tensor {
    return this.#ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims });
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

  async #run<T>(job: () => Promise<T>, { signal, timeoutMs }: JobOptions): Promise<T> {
    if (this.#retired) throw this.#retired;
    if (signal?.aborted) throw new OnestrokeError("cancelled", "the image was cancelled");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      if (timeoutMs !== undefined)
        timer = setTimeout(() => reject(this.#retire(this.#lateCode(), `no answer in ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      return await Promise.race([job(), late, this.#gone]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #whenLost(): Promise<never> {
    const { message, reason } = await (this.backend.provider === "webgpu" ? this.backend.device.lost : new Promise<never>(() => undefined));
    throw this.#retire("gpu-lost", `the GPU was lost: ${message || reason}`);
  }

  #lateCode(): "gpu-timeout" | "worker-died" {
    return this.backend.provider === "webgpu" ? "gpu-timeout" : "worker-died";
  }

  #retire(code: "gpu-lost" | "gpu-timeout" | "worker-died", message: string): OnestrokeError {
    this.#retired ??= new OnestrokeError(code, `ONNX Runtime: ${message}`);
    return this.#retired;
  }
}
