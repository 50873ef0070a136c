// The test page: the models of this browser, as plain functions that a test calls. What a download says is written down, so that a test
// can look at it later, or kill the browser meanwhile.
import { createModelStore, superviseStore, type ModelStore } from "../../../client/model-store";
import type { DownloadPlan, DownloadProgress } from "../../../common/download";
import { OnestrokeError } from "../../../common/errors";
import type { FromStorage } from "../../../protocol/storage-messages";
import type { ReaderCall, ReaderAnswer } from "./reader";

export interface Outcome {
  /** `complete`, or the error's code. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

const store: ModelStore = location.hash === "#app" ? createModelStore() : superviseStore(spawnImpatient, navigator.storage, hubOfTest());

/** The server whose token a test uses. */
function hubOfTest(): string | undefined {
  return new URLSearchParams(location.search).get("hub") ?? undefined;
}

const said: DownloadProgress[] = [];
let abort = new AbortController();
let fetching: Promise<Outcome> = Promise.resolve({ code: "none", message: "", remedy: "" });
/** The longest time that this thread was kept from its other work. */
let blockedMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) blockedMs = Math.max(blockedMs, duration);
}).observe({ type: "longtask" });

const page = { store, said, begin, cancel, outcome: () => fetching, outcomeOf, sha256, names, read, release, blockedMs: () => blockedMs };

declare global {
  var vaultPage: typeof page;
}

globalThis.vaultPage = page;

function begin(plan: DownloadPlan): void {
  said.length = 0;
  abort = new AbortController();
  fetching = outcomeOf(store.fetch(plan, { signal: abort.signal, onProgress: (progress) => said.push(progress) }));
}

function cancel(): void {
  abort.abort();
}

async function outcomeOf(work: Promise<unknown>): Promise<Outcome> {
  try {
    await work;
    return { code: "complete", message: "", remedy: "" };
  } catch (thrown) {
    const { code, message, remedy } = OnestrokeError.from(thrown, "worker-died");
    return { code, message, remedy };
  }
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle("onestroke-vault", { create: true });
}

/** What is in the vault's folder, as the browser lists it. */
async function names(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const name of (await folder()).keys()) found.push(name);
  return found.toSorted();
}

/** Of a file in the vault's folder. */
async function sha256(name: string): Promise<string> {
  const file = await (await (await folder()).getFileHandle(name)).getFile();
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (value) => value.toString(16).padStart(2, "0")).join("");
}

let reader: Worker | undefined;

/** Opens a model as the image worker does, and reads a file of it. The model stays open until `release`. */
async function read(model: string, at: ReaderCall["at"], path: string): Promise<ReaderAnswer> {
  reader ??= new Worker(new URL("./reader.ts", import.meta.url), { type: "module" });
  return asked(reader, { model, at, path });
}

async function release(): Promise<void> {
  if (reader !== undefined) await asked(reader, "release");
}

function asked(worker: Worker, call: ReaderCall | "release"): Promise<ReaderAnswer> {
  return new Promise((resolve) => {
    worker.addEventListener("message", (event: MessageEvent<ReaderAnswer>) => resolve(event.data), { once: true });
    worker.postMessage(call);
  });
}

/** A storage worker with small chunks and short waits. */
function spawnImpatient(listeners: { onMessage(message: FromStorage): void; onError(reason: string): void }) {
  const worker = new Worker(new URL("./impatient.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", (event: MessageEvent<FromStorage>) => listeners.onMessage(event.data));
  worker.addEventListener("error", (event) => listeners.onError(event.message ?? "its script could not be loaded"));
  return { post: (message: unknown) => worker.postMessage(message), terminate: () => worker.terminate() };
}
