// Starts a worker's script, and connects it to whoever supervises it.
import { ownScript } from "../common/own-script";

export interface Listeners<From> {
  onMessage(message: From): void;
  /** The script could not be loaded, or threw outside every call. */
  onError(reason: string): void;
}

export interface Port<To> {
  post(message: To): void;
  terminate(): void;
}

/** @param address of the script: a Vite import that ends in `?worker&url`, or where a page serves it */
export function startWorker<To, From>(address: string | URL, listeners: Listeners<From>): Port<To> {
  const worker = new Worker(ownScript(address), { type: "module" });
  worker.addEventListener("message", (event: MessageEvent<From>) => listeners.onMessage(event.data));
  worker.addEventListener("error", (event) => {
    // A script that does not load gives an event without a message.
    listeners.onError(event.message === undefined ? "its script could not be loaded" : event.message);
  });
  worker.addEventListener("messageerror", () => listeners.onError("a message could not be read"));
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
  };
}
