// The storage worker's script: connects a session to this thread's messages. Everything that makes a decision is in
// storage-session.ts, which tests run without a worker.
import type { FromStorage, ToStorage } from "../protocol/storage-messages";
import { createBrowserVault } from "../vault/browser-vault";
import { StorageSession } from "./storage-session";

/** The part of a dedicated worker's global scope that is used here; the page's types declare another `self`. */
declare const self: {
  postMessage(message: FromStorage): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToStorage>) => void): void;
};

const session = new StorageSession(
  (transfer) => createBrowserVault({ transfer, tidies: true }),
  (message) => self.postMessage(message),
);

self.addEventListener("message", (event) => session.receive(event.data));
