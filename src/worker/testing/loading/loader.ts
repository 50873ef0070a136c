// A worker that brings one network of a kept model to the GPU, as the image worker does, and reads the same file without doing anything
// with it, for comparison.
import type { RepositoryAt } from "../../../catalogue/entry";
import { openTensors } from "../../../checkpoints/tensor-reader";
import { openDevice, type Device } from "../../../engine/device";
import { fuseGraph } from "../../../engine/fuse";
import { GraphBuilder } from "../../../engine/graph-builder";
import { Weights } from "../../../engine/weights";
import { openDenoiser } from "../../../networks";
import { stepGraph } from "../../../pipeline/wgsl/graphs";
import { createBrowserVault } from "../../../vault/browser-vault";

export interface LoaderCall {
  readonly type: "read" | "load";
  readonly model: string;
  readonly at: RepositoryAt;
  readonly path: string;
  /** Name of the file in the vault's folder. */
  readonly content: string;
  readonly config: unknown;
}

/** Milliseconds, or what went wrong. */
export type LoaderAnswer = number | string;

declare const self: {
  postMessage(message: LoaderAnswer): void;
  addEventListener(type: "message", listener: (event: MessageEvent<LoaderCall>) => void): void;
};

const PIECE_BYTES = 8 * 2 ** 20;
const vault = createBrowserVault();
let device: Promise<Device> | undefined;

self.addEventListener("message", ({ data }) => {
  void (data.type === "read" ? read(data) : load(data)).then(
    (milliseconds) => self.postMessage(milliseconds),
    (thrown: unknown) => self.postMessage(String(thrown)),
  );
});

/** Every byte through a handle of its own. */
async function read({ content }: LoaderCall): Promise<number> {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("onestroke-vault");
  const handle = await (await folder.getFileHandle(content)).createSyncAccessHandle({ mode: "read-only" });
  const buffer = new Uint8Array(PIECE_BYTES);
  const started = performance.now();
  for (let at = 0, count = 1; count > 0; at += count) count = handle.read(buffer, { at });
  const milliseconds = performance.now() - started;
  handle.close();
  return milliseconds;
}

async function load({ model, at, path, config }: LoaderCall): Promise<number> {
  const opened = await (await vault).open(model);
  if (opened === undefined) throw new Error(`${model} is not complete`);
  const role = openDenoiser({ className: "UNet2DConditionModel", config });
  const builder = new GraphBuilder();
  stepGraph(builder, role, { height: 64, width: 64, textTokens: 77, method: "nasa" });
  const graph = fuseGraph(builder.build());
  device ??= openDevice(navigator.gpu);
  const opening = await device;
  const started = performance.now();
  const reader = await openTensors(opened.open(at), [path]);
  const weights = new Weights(opening, { stream: (wanted, memory, signal) => reader.upload(wanted, { memory, signal }) });
  await weights.load(graph);
  await opening.gpu.queue.onSubmittedWorkDone();
  const milliseconds = performance.now() - started;
  weights.evict();
  await opened.release();
  return milliseconds;
}
