// The worker's half of the conversation: one device, one model, one queue. It does not decide
// about restarts: when the device is lost, it reports that, refuses every later call, and waits
// to be replaced, because recovery means a new worker.
import { OnestrokeError, type ErrorCode } from "../common/errors";
import type { HandedLora } from "../common/download";
import type { CountedTexts, TextLengths, DrawHooks, DrawTogetherHooks } from "../common/drawing";
import type { Engine } from "../common/engine";
import type { ModelNumbers } from "../common/model-numbers";
import type { WeightChoice } from "../common/weight-format";
import type { Comparing, FromWorker, Roots, ToWorker } from "../protocol/messages";
import type { Backend, LoadedModel } from "./backend";
import { areMerged } from "./merged-loras";
import { SerialQueue } from "../common/queue";

interface Ready {
  readonly kind: "ready";
  readonly backend: Backend;
  readonly wanted: Wanted;
  readonly model: LoadedModel;
}

type State =
  | { readonly kind: "empty" }
  | { readonly kind: "open"; readonly backend: Backend }
  | Ready
  | { readonly kind: "lost"; readonly error: OnestrokeError };

/** A model, and the engine that was asked to compute it. */
interface Wanted {
  readonly id: string;
  readonly engine: Engine | undefined;
  /** Of its files, where somebody opened them. */
  readonly edition: number | undefined;
  /** What is merged into it. At other weights it is the same model (pipeline/draw.ts). */
  readonly loras: readonly HandedLora[];
  readonly weights: WeightChoice | undefined;
  readonly inFloat32: ModelNumbers["inFloat32"];
  readonly products: ModelNumbers["products"];
}

type Call = Extract<ToWorker, { type: "load" | "generate" }>;
type Post = (message: FromWorker, transfer?: Transferable[]) => void;

/** After a picture, so much time without a call is a pause. */
const PAUSE_MS = 1500;

/** After a crash, calls can fail before the device reports that it is lost. This is how long its report is waited for. */
const LOSS_DELAY_MS = 10;

export class Session {
  readonly #openBackend: (roots: Roots) => Promise<Backend>;
  readonly #post: Post;
  readonly #queue = new SerialQueue();
  /** Every call that has not been answered, waiting or running. */
  readonly #aborts = new Map<number, AbortController>();
  #state: State = { kind: "empty" };
  #roots: Roots = { modelsRoot: "" };
  #isSeen = true;
  /** Ends what goes on in a pause. */
  #pause = new AbortController();

  constructor(openBackend: (roots: Roots) => Promise<Backend>, post: Post) {
    this.#openBackend = openBackend;
    this.#post = post;
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case "start":
        this.#roots = message;
        return;
      case "ping":
        this.#post({ type: "pong" });
        return;
      case "seen":
        this.#isSeen = message.isSeen;
        if ("backend" in this.#state) this.#state.backend.tellSeen(this.#isSeen);
        return;
      case "count":
        this.#post({ type: "counted", id: message.id, lengths: this.#lengthsOf(message) });
        return;
      case "cancel":
        this.#aborts.get(message.id)?.abort(cancelled());
        return;
      case "compare":
        this.#post({ type: "compared", id: message.id, isSame: this.#isSamePicture(message) });
        return;
      case "load":
      case "generate":
        void this.#answer(message);
        return;
    }
  }

  /**
   * Takes the model off the GPU if nobody looks at this page and nothing is asked of it; the next call loads it again.
   * @returns when it is done; undefined if it is needed, or not there
   */
  giveBack(): Promise<void> | undefined {
    if (this.#isSeen || this.#aborts.size > 0 || this.#state.kind !== "ready") return undefined;
    const { backend, model } = this.#state;
    this.#state = { kind: "open", backend };
    this.#pause.abort(cancelled());
    return this.#queue.run(() => model.dispose());
  }

  /** For faults outside any call: the session answers no further call and asks to be replaced. */
  reportFault(reason: unknown): void {
    setTimeout(() => this.#fail(OnestrokeError.from(reason, "worker-died")), LOSS_DELAY_MS);
  }

  #fail(error: OnestrokeError): void {
    if (this.#state.kind === "lost") return;
    this.#state = { kind: "lost", error };
    for (const abort of [this.#pause, ...this.#aborts.values()]) abort.abort(error);
    this.#post({ type: "unusable", error: error.toWire() });
  }

  #isSamePicture({ left, right }: Comparing): boolean {
    if (this.#state.kind !== "ready" || left.model !== right.model || this.#state.wanted.id !== left.model) return false;
    const { model } = this.#state;
    return model.meaning(left) === model.meaning(right);
  }

  /** Runs one call in its turn and posts its single answer. Never rejects. */
  async #answer(call: Call): Promise<void> {
    const abort = new AbortController();
    this.#pause.abort(cancelled());
    this.#aborts.set(call.id, abort);
    try {
      await this.#queue.run(() => untilAborted(this.#perform(call, abort.signal), abort.signal));
    } catch (thrown) {
      await new Promise((resolve) => setTimeout(resolve, LOSS_DELAY_MS));
      this.#post({ type: "failed", id: call.id, error: explain(thrown, call, abort.signal).toWire() });
    } finally {
      this.#aborts.delete(call.id);
    }
    if (call.type === "generate" && this.#aborts.size === 0) this.#measureInPause();
  }

  /** Once nobody has asked for anything for a while, measures how the model is best computed here. The next call ends that. */
  #measureInPause(): void {
    const pause = new AbortController();
    this.#pause = pause;
    setTimeout(() => {
      if (pause.signal.aborted || this.#state.kind !== "ready") return;
      const { model } = this.#state;
      const measured = this.#queue.run(() => untilAborted(model.tune?.({ signal: pause.signal }) ?? Promise.resolve(), pause.signal));
      // Nobody waits for it, and of a lost device the next call says more.
      measured.catch(() => undefined);
    }, PAUSE_MS);
  }

  async #perform(call: Call, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const hooks = this.#hooks(call, signal);
    if (call.type === "load") {
      const { facts } = await this.#ensureModel(call.model, call, hooks);
      this.#post({ type: "loaded", id: call.id, model: facts });
      return;
    }
    const model = await this.#ensureModel(call.recipes[0].model, call, hooks);
    await model.drawTogether(call.recipes, hooks, call.start);
    signal.throwIfAborted();
    this.#post({ type: "drawn", id: call.id });
  }

  #lengthsOf({ model: id, prompt, negative, emphasis }: CountedTexts): TextLengths | undefined {
    if (this.#state.kind !== "ready" || this.#state.wanted.id !== id) return undefined;
    const { model } = this.#state;
    const [ofPrompt, ofNegative] = [model.textLength(prompt, emphasis), model.textLength(negative, emphasis)];
    return ofPrompt && ofNegative && { prompt: ofPrompt, negative: ofNegative };
  }

  #hooks(call: Call, signal: AbortSignal): DrawTogetherHooks {
    const { id } = call;
    return {
      signal,
      ...(call.type === "generate"
        ? { previewShare: call.previewShare, firstStepShown: call.firstStepShown, timesKernels: call.timesKernels }
        : { previewShare: 0 }),
      isSeen: () => this.#isSeen,
      onProgress: (progress) => {
        if (!signal.aborted) this.#post({ type: "progress", id, progress });
      },
      onPreview: (picture, step, index) => {
        if (!signal.aborted) this.#post({ type: "preview", id, picture, step, index }, [picture.data.buffer]);
      },
      onDrawn: (drawing, index) => {
        if (!signal.aborted) this.#post({ type: "picture", id, drawing, index }, [drawing.picture.data.buffer]);
      },
    };
  }

  /** The model that is wanted; it is loaded first if it is not the loaded one. */
  async #ensureModel(id: string, call: Call, hooks: DrawHooks): Promise<LoadedModel> {
    const { engine: asked, files, loras = [], numbers } = call;
    const size = call.type === "load" ? call.size : call.recipes[0];
    const { weights, inFloat32, products } = numbers ?? {};
    const wanted = { id, engine: asked, edition: files?.edition, loras, weights, inFloat32, products };
    if (this.#state.kind === "ready" && (await isSame(this.#state, wanted, hooks.signal))) {
      this.#throwIfLost();
      this.#state = { ...this.#state, wanted };
      return this.#state.model;
    }
    const backend = await this.#ensureBackend();
    if (this.#state.kind === "ready") {
      // A small GPU could not hold both at once.
      const { model } = this.#state;
      this.#state = { kind: "open", backend };
      await model.dispose();
    }
    const onEngine = (engine: Engine): void => this.#post({ type: "engine", engine });
    const model = await backend.load(id, asked, { ...hooks, onEngine, size }, files, loras, numbers);
    this.#throwIfLost();
    this.#state = { kind: "ready", backend, wanted, model };
    return model;
  }

  async #ensureBackend(): Promise<Backend> {
    this.#throwIfLost();
    if (this.#state.kind === "open" || this.#state.kind === "ready") return this.#state.backend;
    const backend = await this.#openBackend(this.#roots);
    this.#state = { kind: "open", backend };
    backend.tellSeen(this.#isSeen);
    void backend.lost.then((reason) => this.#fail(new OnestrokeError("gpu-lost", `the GPU device was lost: ${reason}`)));
    return backend;
  }

  #throwIfLost(): void {
    if (this.#state.kind === "lost") throw this.#state.error;
  }
}

/** Whether the loaded model is the one that is wanted now. */
async function isSame(loaded: Pick<Ready, "wanted" | "model">, right: Wanted, signal: AbortSignal | undefined): Promise<boolean> {
  const left = loaded.wanted;
  // Which networks need float32 is mostly the worker's own news. Only that float16 is to be tried again is not.
  const triesAgain = right.inFloat32?.length === 0 && left.inFloat32?.length !== 0;
  const areSameChoices = left.engine === right.engine && left.weights === right.weights && left.products === right.products;
  if (left.id !== right.id || left.edition !== right.edition || !areSameChoices || triesAgain) return false;
  if (left.loras.length !== right.loras.length || left.loras.some(({ name }, index) => name !== right.loras[index]?.name)) return false;
  const areSameObjects = left.loras.every(({ edition }, index) => edition === right.loras[index]?.edition);
  return areSameObjects || areMerged(right.loras, loaded.model.facts.loras, signal);
}

/**
 * `work`, or the signal's reason as soon as it aborts. A lost device can leave GPU promises
 * pending for ever, and the queue must not wait for them. After a plain cancel it does wait,
 * so that two images never share the device.
 */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const stranded = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => {
      if (!isCancelled(signal.reason)) reject(signal.reason);
    });
  });
  await Promise.race([work, stranded]);
}

function explain(thrown: unknown, call: Call, signal: AbortSignal): OnestrokeError {
  if (signal.aborted) return OnestrokeError.from(signal.reason, "cancelled");
  // A failure without a code is a bug: in the model's files while they load, otherwise in this worker.
  const fallback: ErrorCode = call.type === "load" ? "model-unsupported" : "worker-died";
  return OnestrokeError.from(thrown, fallback);
}

function isCancelled(reason: unknown): boolean {
  return reason instanceof OnestrokeError && reason.code === "cancelled";
}

function cancelled(): OnestrokeError {
  return new OnestrokeError("cancelled", "the image was cancelled");
}
