// A worker as the supervisor sees it: something to post messages to, and to end. Real workers
// are made here. Unit tests put a session in the same thread instead.
import type { FromWorker, ToWorker } from "../protocol/messages";

export interface WorkerPort {
  post(message: ToWorker): void;
  terminate(): void;
}

export interface WorkerListeners {
  onMessage(message: FromWorker): void;
  /** The script could not be loaded, or it threw outside of any call. */
  onError(reason: string): void;
}

export type SpawnWorker = (listeners: WorkerListeners) => WorkerPort;

/** @param address of the worker's script, for pages that serve it elsewhere */
export function workerSpawner(address?: string | URL): SpawnWorker {
  return (listeners) => {
    const worker =
      address === undefined
        ? new Worker(new URL("../worker/entry.ts", import.meta.url), { type: "module" })
        : new Worker(address, { type: "module" });
    worker.addEventListener("message", (event: MessageEvent<FromWorker>) => listeners.onMessage(event.data));
    worker.addEventListener("error", (event) => {
      // A script that does not load gives an event without a message.
      listeners.onError(event.message === undefined ? "its script could not be loaded" : event.message);
    });
    worker.addEventListener("messageerror", () => listeners.onError("a message could not be read"));
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => worker.terminate(),
    };
  };
}
