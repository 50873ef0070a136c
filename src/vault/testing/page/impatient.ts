// The storage worker as a test wants it: the real one, with small chunks and with waits of milliseconds in place of seconds.
import type { FromStorage, ToStorage } from "../../../protocol/storage-messages";
import { StorageSession } from "../../../worker/storage-session";
import { createBrowserVault } from "../../browser-vault";

declare const self: {
  postMessage(message: FromStorage): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToStorage>) => void): void;
};

const times = { stallMs: 1_500, backoffMs: [50, 100, 200, 400], mostRetryAfterMs: 5_000, probeMs: 1_500 };

const session = new StorageSession(
  (transfer) => createBrowserVault({ transfer: { ...transfer, times }, tidies: true, chunkBytes: 2 ** 18 }),
  () => Promise.reject(new TypeError("this page asks no hub")),
  (message) => self.postMessage(message),
);

self.addEventListener("message", (event) => session.receive(event.data));
