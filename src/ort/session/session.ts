// One ONNX model, ready to run. Creating, running and releasing it all go through the runtime's queue.
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { OnestrokeError } from "../../common/errors";
import { checkFeeds, type Feeds } from "./check-feeds";
import type { OrtRuntime } from "./runtime";

export interface ModelFiles {
  readonly model: Uint8Array;
  /** Files that hold tensors of the model, by the names that the model uses. */
  readonly external: readonly { readonly path: string; readonly data: Uint8Array }[];
}

/** Reads a model. It is called when the session is made, and again if the session has to be made anew, because nothing is kept. */
export type ReadFiles = (signal?: AbortSignal) => Promise<ModelFiles>;

export interface SessionOptions {
  /** For messages. */
  readonly name: string;
  /** Where outputs are to be kept; buffers of our device are possible on WebGPU only. Default "cpu". */
  readonly outputs?: "cpu" | "gpu-buffer";
}

export interface RunOptions {
  /** Names of the outputs wanted. The caller must dispose of those on the GPU. Default: all. */
  readonly fetch?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export class OrtSession {
  readonly #runtime: OrtRuntime;
  readonly #files: ReadFiles;
  readonly #options: SessionOptions;
  /** Absent after a failed run, until the next one. */
  #session: InferenceSession | undefined;
  readonly inputs: readonly InferenceSession.ValueMetadata[];
  readonly outputs: readonly InferenceSession.ValueMetadata[];

  private constructor(runtime: OrtRuntime, files: ReadFiles, options: SessionOptions, session: InferenceSession) {
    this.#runtime = runtime;
    this.#files = files;
    this.#options = options;
    this.#session = session;
    this.inputs = session.inputMetadata.map(withSymbols);
    this.outputs = session.outputMetadata.map(withSymbols);
  }

  /**
   * @throws OnestrokeError `model-unsupported` when ONNX Runtime refuses the model, and what `files` throws
   */
  static async open(runtime: OrtRuntime, files: ReadFiles, options: SessionOptions, signal?: AbortSignal): Promise<OrtSession> {
    const session = await runtime.enqueue(() => create(runtime, files, options, signal), signal);
    return new OrtSession(runtime, files, options, session);
  }

  /** @throws OnestrokeError `model-unsupported` when inputs do not fit or the run fails; what `OrtRuntime.enqueue` throws */
  run(feeds: Feeds, { fetch, signal }: RunOptions = {}): Promise<Readonly<Record<string, Tensor>>> {
    return this.#runtime.enqueue(async () => {
      checkFeeds(this.#options.name, this.inputs, feeds);
      const session = (this.#session ??= await create(this.#runtime, this.#files, this.#options, signal));
      try {
        return await (fetch ? session.run(feeds, fetch) : session.run(feeds));
      } catch (cause) {
        if (this.#options.outputs === "gpu-buffer") await this.#drop(session);
        throw failure(this.#options.name, "failed", cause);
      }
    }, signal);
  }

  /** The session cannot be used after this. */
  release(): Promise<void> {
    return this.#runtime.enqueue(async () => {
      if (this.#session) await this.#drop(this.#session);
    });
  }

  /** Drops a session: one with outputs on the GPU would repeat the error of a failed run for ever. */
  async #drop(session: InferenceSession): Promise<void> {
    this.#session = undefined;
    await session.release();
  }
}

async function create(
  runtime: OrtRuntime,
  files: ReadFiles,
  { name, outputs = "cpu" }: SessionOptions,
  signal: AbortSignal | undefined,
): Promise<InferenceSession> {
  const { model, external } = await files(signal);
  try {
    return await runtime.createSession(model, external, { preferredOutputLocation: outputs, graphOptimizationLevel: "all" });
  } catch (cause) {
    if (cause instanceof OnestrokeError) throw cause;
    throw failure(name, "was refused", cause);
  }
}

/** Sizes that the model leaves open without naming them are reported as -1 in 32 bits. */
function withSymbols(value: InferenceSession.ValueMetadata): InferenceSession.ValueMetadata {
  if (!value.isTensor) return value;
  return { ...value, shape: value.shape.map((size) => (size === 2 ** 32 - 1 ? "?" : size)) };
}

function failure(name: string, what: string, cause: unknown): OnestrokeError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new OnestrokeError("model-unsupported", `ONNX Runtime: ${name} ${what}: ${said}`, { model: name }, cause);
}
