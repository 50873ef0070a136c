// Runs go one by one, a failed run does not harm the next, feeds that do not fit are never run, and a
// runtime whose GPU was lost reports that at once from then on. Most tests use a stand-in that behaves as
// onnxruntime-web 1.30 does; the last ones use the real runtime.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import { Device } from "../../engine/device";
import { encodeModel } from "../onnx-graph/encode";
import { attentionModel, CHANNELS, TEXT_CHANNELS } from "../testing/attention-model";
import { buildFor } from "./load-browser";
import { nodeRuntime } from "./load-node";
import { OrtRuntime, type Backend, type OrtModule } from "./runtime";
import { OrtSession, type ModelFiles } from "./session";
import { tensorFrom, valuesOf } from "./tensors";

const wasm: Backend = { provider: "wasm" };
const MODEL: ModelFiles = { model: new Uint8Array(1), external: [] };
const open = (runtime: OrtRuntime, outputs: "cpu" | "gpu-buffer" = "cpu") =>
  OrtSession.open(runtime, async () => MODEL, { name: "unet", outputs });

/** Records the calls it receives; `onRun` answers them. */
async function standIn(onRun: (run: number) => Promise<unknown> = async () => undefined) {
  const real = await import("onnxruntime-web");
  const log: string[] = [];
  const created: InferenceSession.SessionOptions[] = [];
  let running = 0;
  let runs = 0;
  const input = { name: "x", isTensor: true, type: "float32", shape: [1, "n"] } as const;
  const session = {
    inputNames: ["x"],
    outputNames: ["y"],
    inputMetadata: [input],
    outputMetadata: [],
    startProfiling: () => undefined,
    endProfiling: () => undefined,
    release: async () => void log.push("release"),
    run: async () => {
      if (running++ > 0) log.push("two at once");
      try {
        log.push(`run ${runs}`);
        await onRun(runs++);
        return {};
      } finally {
        running--;
      }
    },
  } satisfies InferenceSession;
  const create = async (_model: unknown, options?: unknown) => {
    log.push("create");
    created.push(options as InferenceSession.SessionOptions);
    return session;
  };
  const env = { ...real.env, wasm: {}, webgpu: real.env.webgpu, webgl: real.env.webgl, versions: real.env.versions } as OrtModule["env"];
  const module: OrtModule = { env, InferenceSession: { create }, Tensor: real.Tensor as TensorConstructor };
  const feed = (dims: readonly number[] = [1, 2], type: "float32" | "int32" = "float32"): Tensor =>
    new real.Tensor(type, type === "float32" ? new Float32Array(2) : new Int32Array(2), dims);
  return { module, log, created, feed };
}

function fakeDevice(lost: Promise<GPUDeviceLostInfo> = new Promise(() => undefined), features: readonly string[] = []): Device {
  const gpu = { lost, features: new Set(features) };
  return new Device(gpu as unknown as GPUDevice, { vendor: "", architecture: "", description: "", software: false });
}

describe("the queue", () => {
  it("runs one at a time, in order", async () => {
    const { module, log, feed } = await standIn(() => new Promise((resolve) => setTimeout(resolve, 2)));
    const session = await open(new OrtRuntime(module, wasm));
    await Promise.all([1, 2, 3].map(() => session.run({ x: feed() })));
    expect(log).toEqual(["create", "run 0", "run 1", "run 2"]);
  });

  it("a failed run does not stop the next", async () => {
    const { module, feed } = await standIn(async (run) => {
      if (run === 0) throw new Error("out of luck");
    });
    const session = await open(new OrtRuntime(module, wasm));
    const [first, second] = await Promise.allSettled([session.run({ x: feed() }), session.run({ x: feed() })]);
    expect(first).toMatchObject({
      status: "rejected",
      reason: { code: "model-unsupported", message: expect.stringContaining("out of luck") },
    });
    expect(second.status).toBe("fulfilled");
  });

  it("a result is its caller's alone: none is kept", async () => {
    const { module } = await standIn();
    const runtime = new OrtRuntime(module, wasm);
    const results: WeakRef<object>[] = [];
    for (let job = 0; job < 20; job++) results.push(new WeakRef(await runtime.enqueue(async () => ({ job }))));
    // A weak reference that was read keeps its target alive to the end of the turn.
    await new Promise((resolve) => setTimeout(resolve));
    setFlagsFromString("--expose-gc");
    runInNewContext("gc")();
    // The loop's last result may still be on the stack.
    expect(results.filter((result) => result.deref() !== undefined).length).toBeLessThanOrEqual(1);
  });

  it("a cancelled job is not begun", async () => {
    const { module, log, feed } = await standIn();
    const session = await open(new OrtRuntime(module, wasm));
    await expect(session.run({ x: feed() }, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    expect(log).toEqual(["create"]);
  });
});

describe("what does not fit is refused before it is run", () => {
  it.each([
    ["a missing input", () => ({}), /not known to Onestroke/],
    ["a surplus input", (feed: Tensor) => ({ x: feed, z: feed }), /not one of the model's/],
  ])("%s", async (_, feeds, message) => {
    const { module, log, feed } = await standIn();
    const session = await open(new OrtRuntime(module, wasm));
    await expect(session.run(feeds(feed()))).rejects.toThrow(message);
    expect(log).toEqual(["create"]);
  });

  it("another type or shape; a symbol takes any size", async () => {
    const { module, log, feed } = await standIn();
    const session = await open(new OrtRuntime(module, wasm));
    await expect(session.run({ x: feed([1, 2], "int32") })).rejects.toThrow(/is float32, not int32/);
    await expect(session.run({ x: feed([2, 1]) })).rejects.toThrow(/has the shape \[1, n\], not \[2, 1\]/);
    await expect(session.run({ x: feed([2]) })).rejects.toThrow(/not \[2\]/);
    await session.run({ x: feed([1, 2]) });
    expect(log).toEqual(["create", "run 0"]);
  });
});

describe("after a failed run", () => {
  const failOnce = async (run: number) => {
    if (run === 0) throw new Error("poison");
  };

  it("a session with outputs on the GPU is made anew", async () => {
    const { module, log, feed } = await standIn(failOnce);
    const session = await open(new OrtRuntime(module, { provider: "webgpu", device: fakeDevice() }), "gpu-buffer");
    await expect(session.run({ x: feed() })).rejects.toThrow(/poison/);
    await session.run({ x: feed() });
    expect(log).toEqual(["create", "run 0", "release", "create", "run 1"]);
  });

  it("control: one with outputs on the host is kept", async () => {
    const { module, log, feed } = await standIn(failOnce);
    const session = await open(new OrtRuntime(module, wasm));
    await expect(session.run({ x: feed() })).rejects.toThrow(/poison/);
    await session.run({ x: feed() });
    expect(log).toEqual(["create", "run 0", "run 1"]);
  });
});

describe("a lost GPU", () => {
  it("ends the run that hangs, and all later ones", async () => {
    let lose: (info: GPUDeviceLostInfo) => void = () => undefined;
    const device = fakeDevice(new Promise((resolve) => (lose = resolve)));
    const { module, feed } = await standIn(() => new Promise(() => undefined));
    const session = await open(new OrtRuntime(module, { provider: "webgpu", device }));
    const run = session.run({ x: feed() });
    lose({ reason: "unknown", message: "the GPU process crashed" } as GPUDeviceLostInfo);
    await expect(run).rejects.toMatchObject({ code: "gpu-lost" });
    await expect(session.run({ x: feed() })).rejects.toMatchObject({ code: "gpu-lost" });
  });
});

describe("backends", () => {
  it("WebGPU is ours, through the provider's option", async () => {
    const { module, created } = await standIn();
    const device = fakeDevice();
    await open(new OrtRuntime(module, { provider: "webgpu", device }), "gpu-buffer");
    expect(created[0]).toMatchObject({
      executionProviders: [{ name: "webgpu", device: device.gpu }],
      preferredOutputLocation: "gpu-buffer",
    });
  });

  it("WASM has one thread and no proxy", async () => {
    const { module, created } = await standIn();
    await open(new OrtRuntime(module, wasm));
    expect(created[0]?.executionProviders).toEqual(["wasm"]);
    expect(module.env.wasm).toMatchObject({ numThreads: 1, proxy: false });
  });

  it("a device with subgroups is refused: flash attention is wrong where they are small", async () => {
    const { module } = await standIn();
    const device = fakeDevice(undefined, ["subgroups"]);
    expect(() => new OrtRuntime(module, { provider: "webgpu", device })).toThrow(/subgroups/);
  });

  it("the build is the smallest that can", () => {
    expect(buildFor(undefined)).toBe("wasm");
    expect(buildFor(fakeDevice(), { Suspending: class {} })).toBe("jspi");
    expect(buildFor(fakeDevice(), {})).toBe("webgpu");
  });

  it("one that cannot be started is given up: it would never try again", async () => {
    const { module } = await standIn();
    const create = async () => {
      throw new Error("no available backend found. ERR: [wasm] CompileError");
    };
    const runtime = new OrtRuntime({ ...module, InferenceSession: { create } }, wasm);
    await expect(open(runtime)).rejects.toMatchObject({ code: "worker-died", message: expect.stringContaining("CompileError") });
    await expect(runtime.enqueue(async () => 1)).rejects.toMatchObject({ code: "worker-died" });
  });
});

describe("the real runtime", () => {
  it("refuses a file that is no model, and opens a good one after it", async () => {
    const runtime = await nodeRuntime();
    const bad = async (): Promise<ModelFiles> => ({ model: new TextEncoder().encode("<!doctype html>"), external: [] });
    await expect(OrtSession.open(runtime, bad, { name: "bad" })).rejects.toMatchObject({ code: "model-unsupported" });
    const good = async (): Promise<ModelFiles> => ({ model: encodeModel(attentionModel("plain")), external: [] });
    const session = await OrtSession.open(runtime, good, { name: "good" });
    const sizes: Readonly<Record<string, number>> = { sample: CHANNELS, encoder_hidden_states: TEXT_CHANNELS };
    const feeds = session.inputs.map((input) => {
      const width = sizes[input.name] ?? 0;
      return [input.name, tensorFrom(runtime, input, new Float32Array(2 * width).fill(1), [1, 2, width])] as const;
    });
    const { out } = await session.run(Object.fromEntries(feeds));
    expect(out?.dims).toEqual([1, 2, CHANNELS]);
    expect(out && valuesOf(out).every(Number.isFinite)).toBe(true);
    await session.release();
  });
});
