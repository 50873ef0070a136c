// One exported network: its session, which is opened when first needed, and its runs by input name.
import type { Tensor } from "onnxruntime-web";
import { OnestrokeError } from "../../common/errors";
import { chooseOutput, sessionOutputs, type Wanted } from "../../ort/choose-output";
import type { OnnxModel } from "../../ort/onnx-graph/model";
import { readModel, storedBytes, type OnnxFile } from "../../ort/session/open-model";
import type { OrtRuntime } from "../../ort/session/runtime";
import { OrtSession, type RunOptions } from "../../ort/session/session";
import { tensorFrom } from "../../ort/session/tensors";
import type { GraphSteering } from "../../ort/steer-graph";
import type { Work } from "../work";

/** The values of one input; without a shape, one number for an input of any rank. It may also be a tensor that a run returned. */
export type Feed = Tensor | { readonly values: ArrayLike<number>; readonly shape?: readonly number[] };

export interface OnnxNetworkOptions {
  /** For progress: "unet". */
  readonly name: string;
  readonly runtime: OrtRuntime;
  readonly file: OnnxFile;
  /** Where its outputs are to be kept. */
  readonly outputs: "cpu" | "gpu-buffer";
  /** Rewrites its graph; the weights are shared. */
  readonly rewrite?: (model: OnnxModel, steering: GraphSteering) => OnnxModel;
}

export class OnnxNetwork {
  readonly #options: OnnxNetworkOptions;
  #byteLength: number | undefined;
  /** Only one session is open at a time, because each holds the network's weights. */
  #open: { readonly steering: GraphSteering; readonly session: OrtSession } | undefined;

  constructor(options: OnnxNetworkOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Size as stored, including the files that hold its weights. */
  async byteLength(signal?: AbortSignal): Promise<number> {
    this.#byteLength ??= await storedBytes(this.#options.file, signal);
    return this.#byteLength;
  }

  /**
   * @param steering what its graph is rewritten for; a session that lacks some of it replaces the open one. One that has more
   * also serves, at strength 0 and factors of 1: with Vignette its second text costs too little to measure in a run,
   * while a new session would read every weight again, and so would the next negative prompt
   * @throws OnestrokeError `model-*`, `download-failed`, `gpu-lost`, `cancelled`
   */
  async session(work: Work, steering: GraphSteering = { weighs: false }): Promise<OrtSession> {
    if (this.#open && serves(this.#open.steering, steering)) return this.#open.session;
    await this.release();
    const { runtime, file, outputs, rewrite, name } = this.#options;
    const { signal } = work;
    const rewritten = rewrite && ((model: OnnxModel) => rewrite(model, steering));
    const totalBytes = await this.byteLength(signal);
    let loadedBytes = 0;
    const onBytes = (arrived: number) => {
      loadedBytes = Math.min(loadedBytes + arrived, totalBytes);
      work.say({ stage: "load", component: name, loadedBytes, totalBytes });
    };
    const read = (current?: AbortSignal) => readModel(file, { rewrite: rewritten, signal: current, onBytes });
    const session = await OrtSession.open(runtime, read, { name: file.path, outputs }, signal);
    this.#open = { steering, session };
    return session;
  }

  /**
   * @param feeds by input name; inputs that the model does not have are left out
   * @throws OnestrokeError as `OrtSession.run`
   */
  run(session: OrtSession, feeds: Readonly<Record<string, Feed>>, options: RunOptions): Promise<Readonly<Record<string, Tensor>>> {
    const tensors = session.inputs.flatMap((input) => {
      const feed = feeds[input.name];
      if (!feed) return [];
      return [[input.name, "values" in feed ? tensorFrom(this.#options.runtime, input, feed.values, feed.shape) : feed] as const];
    });
    return session.run(Object.fromEntries(tensors), options);
  }

  /**
   * One output, wherever it stands among the model's outputs.
   * @throws OnestrokeError as `OrtSession.run`; `model-unsupported` where it cannot be told from others
   */
  async runFor(wanted: Wanted, session: OrtSession, feeds: Readonly<Record<string, Feed>>, signal?: AbortSignal): Promise<Tensor> {
    const { path } = this.#options.file;
    const name = chooseOutput(path, sessionOutputs(session.outputs), wanted);
    const { [name]: output } = await this.run(session, feeds, { fetch: [name], signal });
    if (output?.dims.length !== wanted.rank) {
      throw new OnestrokeError("model-unsupported", `${path} gives ${name} of ${output?.dims.length ?? 0} axes, not ${wanted.rank}`, {
        model: path,
      });
    }
    return output;
  }

  async release(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.session.release();
  }
}

function serves(open: GraphSteering, asked: GraphSteering): boolean {
  return (asked.by === undefined || asked.by === open.by) && (open.weighs || !asked.weighs);
}
