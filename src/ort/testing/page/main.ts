// The test page: how ONNX Runtime Web fails in careless use on this browser's GPU, and what it does
// when we use it. Each function takes one page's life, because a page cannot recover from most of these failures; a test
// calls one and judges the plain numbers that it returns.
import type { Tensor } from "onnxruntime-web";
import { openDevice, type Device } from "../../../engine/device";
import { OnestrokeError } from "../../../common/errors";
import { browserRuntime, BUILDS, buildFor } from "../../session/load-browser";
import type { OrtModule, OrtRuntime } from "../../session/runtime";
import { OrtSession, type ModelFiles } from "../../session/session";
import { valuesOf } from "../../session/tensors";
import { ATTENTION_INPUTS, ATTENTION_SHAPE, fusedAttention, fusedAttentionReference, spoiled, sum } from "./models";

type Outcome = "done" | "failed";

const traps = { share, overlap, rawRuns, poison, rawPoison, badModels, loss, attention, rawAttentionWithSubgroups };

declare global {
  var ortTraps: typeof traps;
}

globalThis.ortTraps = traps;

async function setUp(): Promise<{ readonly device: Device; readonly runtime: OrtRuntime; readonly ort: OrtModule }> {
  const device = await openDevice(navigator.gpu);
  const runtime = await browserRuntime(device);
  return { device, runtime, ort: await BUILDS[buildFor(device)].open() };
}

const open = (runtime: OrtRuntime, files: ModelFiles, outputs: "cpu" | "gpu-buffer" = "cpu") =>
  OrtSession.open(runtime, async () => files, { name: "test", outputs });

const addFeeds = (runtime: OrtRuntime, x: readonly number[], y: readonly number[]) => ({
  x: runtime.tensor("float32", Float32Array.from(x), [x.length]),
  y: runtime.tensor("float32", Float32Array.from(y), [y.length]),
});

const outcome = (work: Promise<unknown>): Promise<Outcome> =>
  work.then(
    () => "done",
    () => "failed",
  );

const codeOf = (error: unknown) => (error instanceof OnestrokeError ? error.code : String(error));

/** The contents of a buffer, copied by our own queue, or the validation error if the buffer is another device's. */
async function copied({ gpu }: Device, buffer: GPUBuffer, length: number): Promise<readonly number[] | "another device's"> {
  const readback = gpu.createBuffer({ size: 4 * length, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  gpu.pushErrorScope("validation");
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, 4 * length);
  gpu.queue.submit([encoder.finish()]);
  if (await gpu.popErrorScope()) return "another device's";
  await readback.mapAsync(GPUMapMode.READ);
  return [...new Float32Array(readback.getMappedRange())];
}

/** Outputs are buffers of our device and are passed back in unchanged. */
async function share() {
  const { device, runtime } = await setUp();
  const session = await open(runtime, sum(), "gpu-buffer");
  const { out } = await session.run(addFeeds(runtime, [1, 2, 3], [10, 20, 30]));
  const again = out && (await session.run({ x: out, y: out }));
  const other = await openDevice(navigator.gpu);
  const foreign = other.gpu.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC });
  return {
    location: out?.location,
    first: out && (await copied(device, out.gpuBuffer, 3)),
    second: again?.["out"] && (await copied(device, again["out"].gpuBuffer, 3)),
    control: await copied(device, foreign, 3),
  };
}

/** Starts runs of two sessions at once. */
async function overlap() {
  const { runtime } = await setUp();
  const sessions = [await open(runtime, sum()), await open(runtime, sum())];
  const runs = [1, 2, 3, 4].flatMap((n) => sessions.map((session) => session.run(addFeeds(runtime, [n], [n]))));
  const results = await Promise.all(runs);
  return results.map(({ out }) => out && [...valuesOf(out)]);
}

/** Starts that many runs of one session at once, without our queue, which blocks the page's thread for good. */
async function rawRuns(count: number) {
  const { device, ort, runtime } = await setUp();
  const session = await ort.InferenceSession.create(sum().model, { executionProviders: [{ name: "webgpu", device: device.gpu }] });
  return Promise.all(Array.from({ length: count }, () => outcome(session.run(addFeeds(runtime, [1], [1])))));
}

/** A run that fails inside the runtime, then a good one. */
async function poison() {
  const { device, runtime } = await setUp();
  const session = await open(runtime, sum(), "gpu-buffer");
  const bad = await session.run(addFeeds(runtime, [1, 2, 3], [1, 2])).then(() => "done", codeOf);
  const { out } = await session.run(addFeeds(runtime, [1], [2]));
  return { bad, good: out && (await copied(device, out.gpuBuffer, 1)) };
}

async function rawPoison() {
  const { device, ort, runtime } = await setUp();
  const session = await ort.InferenceSession.create(sum().model, {
    executionProviders: [{ name: "webgpu", device: device.gpu }],
    preferredOutputLocation: "gpu-buffer",
  });
  const bad = await outcome(session.run(addFeeds(runtime, [1, 2, 3], [1, 2])));
  return { bad, good: await outcome(session.run(addFeeds(runtime, [1], [2]))) };
}

/** Every damaged file, with a good one after each. */
async function badModels() {
  const { runtime } = await setUp();
  const report: Record<string, readonly unknown[]> = {};
  for (const [name, files] of Object.entries(spoiled())) {
    const refusal = await open(runtime, files).then(() => "opened", codeOf);
    const session = await open(runtime, sum());
    const { out } = await session.run(addFeeds(runtime, [1], [2]));
    await session.release();
    report[name] = [refusal, out && valuesOf(out)[0]];
  }
  return report;
}

/** Runs until the GPU is gone, then once more, and reports that last run's error. */
async function loss() {
  const { device, runtime } = await setUp();
  const session = await open(runtime, sum(), "gpu-buffer");
  const run = () => session.run(addFeeds(runtime, [1], [2]));
  await run();
  document.title = "running";
  let isRunning = true;
  while (isRunning) {
    const outputs = await run().catch(() => {
      isRunning = false;
    });
    (outputs?.["out"] satisfies Tensor | undefined)?.dispose();
  }
  await device.lost;
  return run().then(() => "done", codeOf);
}

const attentionFeeds = (runtime: OrtRuntime) =>
  Object.fromEntries(Object.entries(ATTENTION_INPUTS).map(([name, values]) => [name, runtime.tensor("float32", values, ATTENTION_SHAPE)]));

function attentionError(values: Float32Array): number {
  const reference = fusedAttentionReference();
  const largest = Math.max(...reference.map(Math.abs));
  return Math.max(...reference.map((value, i) => Math.abs(value - (values[i] ?? NaN)))) / largest;
}

/** Largest difference over largest value. */
async function attention() {
  const { runtime } = await setUp();
  const session = await open(runtime, fusedAttention());
  const { out } = await session.run(attentionFeeds(runtime));
  return out && attentionError(valuesOf(out));
}

/** The same on a device that has subgroups, if the adapter does. */
async function rawAttentionWithSubgroups() {
  const { runtime, ort } = await setUp();
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter?.features.has("subgroups")) return undefined;
  const device = await adapter.requestDevice({ requiredFeatures: ["subgroups"] });
  const session = await ort.InferenceSession.create(fusedAttention().model, { executionProviders: [{ name: "webgpu", device }] });
  const { out } = await session.run(attentionFeeds(runtime));
  return out && { subgroupSize: adapter.info.subgroupMinSize, error: attentionError(valuesOf(out)) };
}
