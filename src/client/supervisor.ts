// Carries calls to the image worker. It starts one when there is something to do, and notices when it is stuck (nothing
// progresses), has lost its device, or is dead (watched-worker.ts). Then it ends the worker and rejects what was pending. It
// repeats nothing, because that is the generator's decision.
import { OnestrokeError } from "../common/errors";
import type { CountedTexts, TextLengths, DrawTogetherHooks } from "../common/drawing";
import type { Answer, Call, Comparing, FromWorker, Roots, ToWorker } from "../protocol/messages";
import type { Listeners, Port } from "./start-worker";
import { SUPERVISION, type Supervision } from "./supervision";
import { WatchedWorker } from "./watched-worker";

/** Unit tests join a session in the same thread instead of a worker. */
export type SpawnWorker = (listeners: Listeners<FromWorker>) => Port<ToWorker>;

interface PendingCall {
  readonly hooks: DrawTogetherHooks;
  /** They are counted once its signal is aborted, until the worker has let go of it. */
  ticksSinceAbort: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: OnestrokeError) => void;
}

export class Supervisor {
  readonly #worker: WatchedWorker<ToWorker, FromWorker>;
  readonly #roots: Roots;
  readonly #patience: Supervision;
  readonly #pending = new Map<number, PendingCall>();
  readonly #counts = new Map<number, (lengths: TextLengths | undefined) => void>();
  /** It ends with `dispose`, and whatever waits ends with it. */
  #life = new AbortController();
  #nextId = 1;
  #ticksWithoutNews = 0;
  #deathsInARow = 0;
  #gpuWasLost = false;
  /** Whether the last news was of files being fetched. What stalls then is the network. */
  #isFetching = false;
  #isSeen = true;

  /** @param roots what every worker is told first */
  constructor(spawn: SpawnWorker, roots: Roots, patience: Supervision = SUPERVISION) {
    this.#worker = new WatchedWorker(spawn, patience, {
      name: "image worker",
      onMessage: (message) => this.#receive(message),
      onDeath: (error) => this.#die(error),
      onTick: () => this.#tick(),
    });
    this.#roots = roots;
    this.#patience = patience;
  }

  /** Workers that died since the last call that was answered. */
  get deathsInARow(): number {
    return this.#deathsInARow;
  }

  /** Whether there is a worker to ask. */
  get isThere(): boolean {
    return this.#worker.isThere;
  }

  /** Whether a worker has ever died of it, in a call or between two. */
  get gpuWasLost(): boolean {
    return this.#gpuWasLost;
  }

  /**
   * Sends one call and waits for its answer. An aborted signal rejects at once; the worker
   * stops at its next chance.
   * @throws OnestrokeError whatever the worker says, `cancelled`, `worker-died`, `gpu-lost`, `gpu-timeout`, `download-stalled`
   */
  async call(call: Call | Comparing, hooks: DrawTogetherHooks): Promise<Answer> {
    const signal = AbortSignal.any([this.#life.signal, ...(hooks.signal ? [hooks.signal] : [])]);
    await this.#backOff(signal);
    if (signal.aborted) throw cancelled();
    const id = this.#nextId++;
    this.#ensureWorker();
    return new Promise<Answer>((resolve, reject) => {
      const onAbort = (): void => {
        // The worker that knew of it may be gone by now.
        if (this.#pending.has(id)) this.#worker.post({ type: "cancel", id });
        reject(cancelled());
      };
      hooks.signal?.addEventListener("abort", onAbort, { once: true });
      const stopListening = (): void => hooks.signal?.removeEventListener("abort", onAbort);
      this.#pending.set(id, {
        hooks,
        ticksSinceAbort: 0,
        resolve: (answer) => {
          stopListening();
          resolve(answer);
        },
        reject: (error) => {
          stopListening();
          reject(error);
        },
      });
      if (this.#pending.size === 1) this.#ticksWithoutNews = 0;
      this.#worker.watch();
      this.#worker.post({ ...call, id });
    });
  }

  /** How long texts are. Undefined where no worker has their model, or the worker ends. It starts none. */
  count(texts: CountedTexts): Promise<TextLengths | undefined> {
    if (!this.#worker.isThere) return Promise.resolve(undefined);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      if (this.#isIdle) this.#ticksWithoutNews = 0;
      this.#counts.set(id, resolve);
      this.#worker.watch();
      this.#worker.post({ type: "count", id, ...texts });
    });
  }

  /** Tells this worker, and those that come after it, whether the page can be seen. */
  tellSeen(isSeen: boolean): void {
    this.#isSeen = isSeen;
    if (this.#worker.isThere) this.#worker.post({ type: "seen", isSeen });
  }

  /** Ends the worker; the next call gets a new one. */
  dispose(): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#end(cancelled());
  }

  async #backOff(signal: AbortSignal): Promise<void> {
    const { backoffMs } = this.#patience;
    const delay = !this.#worker.isThere ? (backoffMs[Math.min(this.#deathsInARow, backoffMs.length) - 1] ?? 0) : 0;
    if (delay === 0 || signal.aborted) return;
    await new Promise((resolve) => {
      setTimeout(resolve, delay);
      signal.addEventListener("abort", resolve);
    });
  }

  #ensureWorker(): void {
    if (this.#worker.isThere) return;
    this.#worker.start();
    this.#worker.post({ type: "start", ...this.#roots });
    if (!this.#isSeen) this.#worker.post({ type: "seen", isSeen: false });
    this.#isFetching = false;
  }

  #receive(message: FromWorker): void {
    this.#ticksWithoutNews = 0;
    switch (message.type) {
      case "pong":
        return;
      case "counted":
        this.#counts.get(message.id)?.(message.lengths);
        this.#counts.delete(message.id);
        if (this.#isIdle) this.#worker.rest();
        return;
      case "unusable":
        this.#die(OnestrokeError.fromWire(message.error));
        return;
      case "engine":
        // ONNX Runtime works on the worker's own thread: with WASM on all of it, with a GPU on what it prepares for it and keeps off it.
        this.#worker.isMute = message.engine !== "wgsl";
        this.#isFetching = true;
        return;
      case "progress":
        this.#isFetching = message.progress.stage === "load";
        this.#hooksOf(message.id)?.onProgress?.(message.progress);
        return;
      case "preview":
        this.#hooksOf(message.id)?.onPreview?.(message.picture, message.step, message.index);
        return;
      case "picture":
        this.#deathsInARow = 0;
        this.#hooksOf(message.id)?.onDrawn?.(message.drawing, message.index);
        return;
      case "compared":
        this.#settle(message.id)?.resolve(message);
        return;
      case "loaded":
      case "drawn":
        this.#deathsInARow = 0;
        this.#settle(message.id)?.resolve(message);
        return;
      case "failed": {
        const error = OnestrokeError.fromWire(message.error);
        this.#settle(message.id)?.reject(error);
        // The two failures after which this worker is not to be trusted with another call.
        if (error.code === "gpu-lost" || error.code === "worker-died") this.#die(error);
        return;
      }
    }
  }

  get #isIdle(): boolean {
    return this.#pending.size === 0 && this.#counts.size === 0;
  }

  /** Nobody listens to a cancelled call, though the worker may still talk about it. */
  #hooksOf(id: number): DrawTogetherHooks | undefined {
    const hooks = this.#pending.get(id)?.hooks;
    return hooks?.signal?.aborted === true ? undefined : hooks;
  }

  #settle(id: number): PendingCall | undefined {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#isIdle) this.#worker.rest();
    return call;
  }

  #tick(): void {
    for (const call of this.#pending.values()) if (call.hooks.signal?.aborted === true) call.ticksSinceAbort++;
    if ([...this.#pending.values()].some((call) => call.ticksSinceAbort >= this.#patience.ticksToCancel)) {
      this.#die(new OnestrokeError("worker-died", "the image worker did not stop when asked to"));
    } else if (this.#ticksWithoutNews >= this.#ticksToNews) {
      this.#die(
        this.#isFetching
          ? new OnestrokeError("download-stalled", "the model's files have stopped coming")
          : new OnestrokeError("gpu-timeout", "the picture made no progress for too long"),
      );
    } else {
      this.#ticksWithoutNews++;
    }
  }

  get #ticksToNews(): number {
    const { stalledTicks, quietTicks } = this.#patience;
    return this.#worker.isMute && !this.#isFetching ? quietTicks : stalledTicks;
  }

  #die(error: OnestrokeError): void {
    this.#deathsInARow++;
    this.#gpuWasLost ||= error.code === "gpu-lost";
    this.#end(error);
  }

  #end(error: OnestrokeError): void {
    this.#worker.end();
    this.#worker.rest();
    const calls = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of calls) call.reject(error);
    for (const resolve of this.#counts.values()) resolve(undefined);
    this.#counts.clear();
  }
}

function cancelled(): OnestrokeError {
  return new OnestrokeError("cancelled", "the image was cancelled");
}
