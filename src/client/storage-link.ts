// Carries calls to a storage worker, and replaces it when it dies. Every call can be repeated, because the vault goes on from what is
// proved: when a worker dies, its successor is asked what was pending, and the callers notice nothing. Only a call that sees worker after
// worker die and comes no further is given up.
import { OnestrokeError } from "../common/errors";
import type { DownloadProgress } from "../common/download";
import type { FromStorage, StorageAnswer, StorageCall, ToStorage } from "../protocol/storage-messages";
import type { Listeners, Port } from "./start-worker";
import { SUPERVISION, type Supervision } from "./supervision";
import { WatchedWorker } from "./watched-worker";

/** Unit tests join a session in the same thread instead of a worker. */
export type SpawnStorage = (listeners: Listeners<FromStorage>) => Port<ToStorage>;

interface CallHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

interface PendingCall {
  readonly call: StorageCall;
  readonly hooks: CallHooks;
  /** Workers that died of it in a row, each where the one before did. */
  deaths: number;
  /** How many bytes of its model were kept when the last worker began with it. */
  keptBytes: number;
  /** Whether the worker that has it now has said anything of it. */
  isBegun: boolean;
  readonly resolve: (answer: StorageAnswer) => void;
  readonly reject: (error: OnestrokeError) => void;
}

export class StorageLink {
  readonly #worker: WatchedWorker<ToStorage, FromStorage>;
  readonly #patience: Supervision;
  readonly #pending = new Map<number, PendingCall>();
  #tokens: ReadonlyMap<string, string> = new Map();
  #restart: ReturnType<typeof setTimeout> | undefined;
  #nextId = 1;

  constructor(spawn: SpawnStorage, patience: Supervision = SUPERVISION) {
    this.#worker = new WatchedWorker(spawn, patience, {
      name: "storage worker",
      onMessage: (message) => this.#receive(message),
      onDeath: ({ message }) => this.#die(message),
    });
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
        if (this.#worker.isThere) this.#worker.post({ type: "cancel", id });
        else this.#settle(id)?.reject(cancelled());
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const settled = <Value>(settle: (value: Value) => void) => {
        return (value: Value): void => {
          signal?.removeEventListener("abort", onAbort);
          settle(value);
        };
      };
      this.#pending.set(id, { call, hooks, deaths: 0, keptBytes: 0, isBegun: false, resolve: settled(resolve), reject: settled(reject) });
      this.#worker.watch();
      if (this.#worker.isThere) this.#worker.post({ ...call, id });
      else if (this.#restart === undefined) this.#start();
    });
  }

  useTokens(tokens: ReadonlyMap<string, string>): void {
    this.#tokens = new Map(tokens);
    this.#worker.post({ type: "tokens", tokens: this.#tokens });
  }

  dispose(): void {
    this.#end();
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(cancelled());
  }

  /** Spawns a worker, and asks it everything that is pending. */
  #start(): void {
    this.#restart = undefined;
    this.#worker.start();
    if (this.#tokens.size > 0) this.#worker.post({ type: "tokens", tokens: this.#tokens });
    for (const [id, { call }] of this.#pending) this.#worker.post({ ...call, id });
  }

  #receive(message: FromStorage): void {
    switch (message.type) {
      case "pong":
        return;
      case "progress": {
        const pending = this.#pending.get(message.id);
        if (pending === undefined) return;
        const { hereBytes, waiting } = message.progress;
        // A worker's first word of bytes tells what those before it have kept. A dead one's locks may be held for a moment longer.
        if (!pending.isBegun && waiting !== "another tab") {
          pending.isBegun = true;
          if (hereBytes > pending.keptBytes) pending.deaths = 0;
          pending.keptBytes = Math.max(pending.keptBytes, hereBytes);
        }
        if (pending.hooks.signal?.aborted !== true) pending.hooks.onProgress?.(message.progress);
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
    if (this.#pending.size === 0) this.#worker.rest();
    return call;
  }

  #die(reason: string): void {
    this.#end();
    for (const [id, pending] of this.#pending) {
      pending.deaths++;
      pending.isBegun = false;
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
    this.#worker.end();
  }
}

function died(reason: string): OnestrokeError {
  return new OnestrokeError("worker-died", reason, { remedy: "Try again: the worker that keeps models stopped and was started anew." });
}

function cancelled(): OnestrokeError {
  return new OnestrokeError("cancelled", "the work was cancelled");
}
