// One exported network: its session, opened when first needed, and runs of numbers by input name.
import { OnestrokeError } from "../../errors";
import { readModel, type OnnxFile } from "../../ort/session/open-model";
import type { OrtRuntime } from "../../ort/session/runtime";
import { OrtSession } from "../../ort/session/session";
import { tensorFrom, valuesOf } from "../../ort/session/tensors";
import type { SteeringMethod } from "../../ort/steer-graph/combine";

/** Values of one input; without a shape, one number for an input of any rank. */
export interface Feed {
  readonly values: ArrayLike<number>;
  readonly shape?: readonly number[];
}

export interface Result {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export class OnnxNetwork {
  readonly #runtime: OrtRuntime;
  readonly #file: OnnxFile;
  /** One at a time: each holds the network's weights. */
  #open: { readonly method: SteeringMethod | undefined; readonly session: OrtSession } | undefined;

  constructor(runtime: OrtRuntime, file: OnnxFile) {
    this.#runtime = runtime;
    this.#file = file;
  }

  /** @param method rewrites the graph for this steering */
  async session(signal?: AbortSignal, method?: SteeringMethod): Promise<OrtSession> {
    if (this.#open?.method === method && this.#open) return this.#open.session;
    await this.release();
    const options = { name: this.#file.path };
    const job = signal ? { signal } : {};
    const session = await OrtSession.open(this.#runtime, () => readModel(this.#file, method, signal), options, job);
    this.#open = { method, session };
    return session;
  }

  /**
   * The model's first output.
   * @param feeds by input name; those the model does not have are left out
   * @throws OnestrokeError as `OrtSession.run`
   */
  async run(session: OrtSession, feeds: Readonly<Record<string, Feed>>, signal?: AbortSignal): Promise<Result> {
    const tensors = session.inputs.flatMap((input) => {
      const feed = feeds[input.name];
      return feed ? [[input.name, tensorFrom(this.#runtime, input, feed.values, feed.shape)] as const] : [];
    });
    const outputs = await session.run(Object.fromEntries(tensors), signal ? { signal } : {});
    const first = outputs[session.outputs[0]?.name ?? ""];
    if (!first) throw new OnestrokeError("model-unsupported", `${this.#file.path} has no output`);
    return { values: valuesOf(first), shape: first.dims };
  }

  async release(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.session.release();
  }
}
