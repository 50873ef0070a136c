// The worker's script: joins a session to this thread's messages. Everything with a
// decision in it is in session.ts, which runs in tests without a worker.
import type { FromWorker, ToWorker } from "../protocol/messages";
import { Session } from "./session";
import { openBackend } from "./open-backend";

/** The part of a dedicated worker's global scope used here; the page's types know another `self`. */
declare const self: {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
};

const session = new Session(openBackend, (message, transfer = []) => self.postMessage(message, transfer));

self.addEventListener("message", (event) => session.receive(event.data));
self.addEventListener("unhandledrejection", (event) => {
  // The page hears of it from the session, and need not hear of it twice.
  event.preventDefault();
  session.reportFault(event.reason);
});
