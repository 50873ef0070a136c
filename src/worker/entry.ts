// The worker's script: connects a session to this thread's messages. Everything that makes a
// decision is in session.ts, which tests run without a worker.
import type { FromWorker, ToWorker } from "../protocol/messages";
import { neighboursOf } from "./neighbours";
import { Session } from "./session";
import { openBackend } from "./open-backend";

/** The part of a dedicated worker's global scope that is used here; the page's types declare another `self`. */
declare const self: {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
};

const session = new Session(
  (roots) => openBackend(roots, () => neighbours.ask()),
  (message, transfer = []) => self.postMessage(message, transfer),
);
const neighbours = neighboursOf(() => session.giveBack());

self.addEventListener("message", (event) => session.receive(event.data));
self.addEventListener("unhandledrejection", (event) => {
  // The session tells the page about it, so the page need not receive the event as well.
  event.preventDefault();
  session.reportFault(event.reason);
});
