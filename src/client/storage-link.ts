// Keeps a storage worker alive and carries calls to it. Every call can be repeated, because the vault goes on from what is proved: when a
// worker dies, its successor is asked what was pending, and the callers notice nothing. Only a call that sees worker after worker die is
// given up.
import { OnestrokeError } from "../common/errors";
import type { DownloadProgress } from "../common/download";
import type { FromStorage, StorageAnswer, StorageCall, ToStorage } from "../protocol/storage-messages";
import type { Listeners, Port } from "./start-worker";
import { SUPERVISION, type Supervision } from "./supervision";

/** Unit tests join a session in the same thread instead of a worker. */
export type SpawnStorage = (listeners: Listeners<FromStorage>) => Port<ToStorage>;

interface CallHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

interface PendingCall {
  readonly call: StorageCall;
  readonly hooks: CallHooks;
  deaths: number;
  readonly resolve: (answer: StorageAnswer) => void;
  readonly reject: (error: OnestrokeError) => void;
}

export class StorageLink {
  readonly #spawn: SpawnStorage;
  readonly #patience: Supervision;
  readonly #pending = new Map<number, PendingCall>();
  #tokens: ReadonlyMap<string, string> = new Map();
  #port: Port<ToStorage> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;
  #unansweredPings = 0;

  constructor(spawn: SpawnStorage, patience: Supervision = SUPERVISION) {
    this.#spawn = spawn;
    this.#patience = patience;
  }

  /** @throws OnestrokeError whatever the worker says, `cancelled`, `worker-died` */
  call(call: StorageCall, hooks: CallHooks): Promise<StorageAnswer> {
    return new Promise((resolve, reject) => {
      const { signal } = hooks;
      if (signal?.aborted === true) {
        reject(cancelled());
        return;
      }
      const id = this.#nextId++;
      const onAbort = (): void => {
        // The worker answers once it has let go of the files, and a caller that goes on at once would find them locked.
        if (this.#port === undefined) this.#settle(id)?.reject(cancelled());
        else this.#port.post({ type: "cancel", id });
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const settled = <Value>(settle: (value: Value) => void) => {
        return (value: Value): void => {
          signal?.removeEventListener("abort", onAbort);
          settle(value);
        };
      };
      this.#pending.set(id, { call, hooks, deaths: 0, resolve: settled(resolve), reject: settled(reject) });
      this.#watch();
      if (this.#port !== undefined) this.#port.post({ ...call, id });
      else if (this.#restart === undefined) this.#start();
    });
  }

  useTokens(tokens: ReadonlyMap<string, string>): void {
    this.#tokens = new Map(tokens);
    this.#port?.post({ type: "tokens", tokens: this.#tokens });
  }

  dispose(): void {
    this.#end();
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(cancelled());
  }

  /** Spawns a worker, and asks it everything that is pending. */
  #start(): void {
    this.#restart = undefined;
    const port: Port<ToStorage> = this.#spawn({
      // A terminated worker may still deliver what was on its way.
      onMessage: (message) => {
        if (this.#port === port) this.#receive(message);
      },
      onError: (reason) => {
        if (this.#port === port) this.#die(`the storage worker failed: ${reason}`);
      },
    });
    this.#port = port;
    this.#unansweredPings = 0;
    if (this.#tokens.size > 0) port.post({ type: "tokens", tokens: this.#tokens });
    for (const [id, { call }] of this.#pending) port.post({ ...call, id });
  }

  #receive(message: FromStorage): void {
    switch (message.type) {
      case "pong":
        this.#unansweredPings = 0;
        return;
      case "progress": {
        const hooks = this.#pending.get(message.id)?.hooks;
        if (hooks?.signal?.aborted !== true) hooks?.onProgress?.(message.progress);
        return;
      }
      case "failed":
        this.#settle(message.id)?.reject(OnestrokeError.fromWire(message.error));
        return;
      case "listed":
      case "inspected":
      case "kept":
      case "verified":
      case "removed":
      case "room":
      case "handed-over":
        this.#settle(message.id)?.resolve(message);
        return;
    }
  }

  #settle(id: number): PendingCall | undefined {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#stopWatching();
    return call;
  }

  #watch(): void {
    if (this.#timer !== undefined) return;
    this.#unansweredPings = 0;
    this.#timer = setInterval(() => this.#tick(), this.#patience.tickMs);
  }

  #stopWatching(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#port === undefined) return;
    if (this.#unansweredPings >= this.#patience.silentTicks) {
      this.#die("the storage worker no longer answers");
      return;
    }
    this.#unansweredPings++;
    this.#port.post({ type: "ping" });
  }

  #die(reason: string): void {
    this.#end();
    for (const [id, pending] of this.#pending) {
      pending.deaths++;
      if (pending.hooks.signal?.aborted === true) this.#settle(id)?.reject(cancelled());
      else if (pending.deaths >= this.#patience.deathsBeforeGivingUp) this.#settle(id)?.reject(died(reason));
    }
    if (this.#pending.size === 0) return;
    const deaths = Math.max(...[...this.#pending.values()].map((pending) => pending.deaths));
    this.#restart = setTimeout(() => this.#start(), this.#patience.backoffMs[deaths] ?? 0);
  }

  #end(): void {
    clearTimeout(this.#restart);
    this.#restart = undefined;
    this.#port?.terminate();
    this.#port = undefined;
  }
}

function died(reason: string): OnestrokeError {
  return new OnestrokeError("worker-died", reason, { remedy: "Try again: the worker that keeps models stopped and was started anew." });
}

function cancelled(): OnestrokeError {
  return new OnestrokeError("cancelled", "the work was cancelled");
}
