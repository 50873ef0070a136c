// A worker that brings one network of a kept model to the GPU, as the image worker does, and reads the same file without doing anything
// with it, or uploads its bytes as they are, for comparison.
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
  readonly type: "read" | "upload" | "load";
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
const SLICES = 6;
const SLICE_BYTES = 4 * 2 ** 20;
const SLAB_BYTES = 256 * 2 ** 20;
const SLAB_USAGE = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
const vault = createBrowserVault();
let device: Promise<Device> | undefined;

self.addEventListener("message", ({ data }) => {
  void CALLS[data.type](data).then(
    (milliseconds) => self.postMessage(milliseconds),
    (thrown: unknown) => self.postMessage(String(thrown)),
  );
});

const CALLS = { read, upload, load } as const satisfies Record<LoaderCall["type"], (call: LoaderCall) => Promise<number>>;

/** A handle of its own. */
async function handleOf({ content }: LoaderCall) {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("onestroke-vault");
  return (await folder.getFileHandle(content)).createSyncAccessHandle({ mode: "read-only" });
}

/** Every byte. */
async function read(call: LoaderCall): Promise<number> {
  const handle = await handleOf(call);
  const buffer = new Uint8Array(PIECE_BYTES);
  const started = performance.now();
  for (let at = 0, count = 1; count > 0; at += count) count = handle.read(buffer, { at });
  const milliseconds = performance.now() - started;
  handle.close();
  return milliseconds;
}

/** Every byte to the GPU, as it is stored, in as many slices as weights are loaded through: no loading can take less. */
async function upload(call: LoaderCall): Promise<number> {
  const handle = await handleOf(call);
  const { gpu } = await (device ??= openDevice(navigator.gpu));
  const slices = Array.from({ length: SLICES }, () =>
    gpu.createBuffer({ size: SLICE_BYTES, usage: GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC, mappedAtCreation: true }),
  );
  const slabs: GPUBuffer[] = [];
  const mapped: Promise<unknown>[] = slices.map(() => Promise.resolve());
  const size = handle.getSize();
  const started = performance.now();
  for (let at = 0, turn = 0; at < size; at += SLICE_BYTES, turn = (turn + 1) % SLICES) {
    const slice = slices[turn];
    if (at % SLAB_BYTES === 0) slabs.push(gpu.createBuffer({ size: Math.min(SLAB_BYTES, size - at), usage: SLAB_USAGE }));
    const slab = slabs.at(-1);
    if (slice === undefined || slab === undefined) continue;
    await mapped[turn];
    const count = Math.min(SLICE_BYTES, size - at);
    handle.read(new Uint8Array(slice.getMappedRange(), 0, count), { at });
    slice.unmap();
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(slice, 0, slab, at % SLAB_BYTES, count - (count % 4));
    gpu.queue.submit([encoder.finish()]);
    mapped[turn] = slice.mapAsync(GPUMapMode.WRITE);
  }
  await gpu.queue.onSubmittedWorkDone();
  const milliseconds = performance.now() - started;
  await Promise.all(mapped);
  for (const buffer of [...slices, ...slabs]) buffer.destroy();
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
