// Loading is all or nothing: what failed or was given up leaves the GPU as it was. Parts of a weight may come in any order.
import { describe, expect, test } from "vitest";
import { OnestrokeError } from "../common/errors";
import { openDevice } from "./device";
import type { Graph } from "./graph";
import { GraphBuilder } from "./graph-builder";
import { nodeGpu } from "./node-gpu";
import { arraySource, evaluate, testDevice } from "./testing/evaluate";
import { recordBuffers } from "./testing/record-buffers";
import type { WeightSource } from "./weight-source";
import { Weights } from "./weights";

describe("loading", () => {
  const SOURCE = arraySource({
    "a.weight": Float32Array.of(1, 2, 3, 4),
    "b.weight": Float32Array.of(5, 6, 7, 8),
    "c.weight": Float32Array.of(9, 10, 11, 12),
  });

  function graphOf(...names: readonly string[]): Graph {
    const g = new GraphBuilder();
    const x = g.input("x", [1, 2], "run");
    for (const name of names) g.output(name, g.linear(x, name, { outputs: 2, bias: false }));
    return g.build();
  }

  /** `SOURCE`, with something done before the second tensor. */
  const interrupted = (interrupt: () => void): WeightSource => ({
    async *stream(wanted, memory) {
      let count = 0;
      for await (const part of SOURCE.stream(wanted, memory)) {
        if (count++ === 1) interrupt();
        yield part;
      }
    },
  });

  test("parts of a weight may come in any order, between those of others", async () => {
    const qkv = (g: GraphBuilder) => {
      const x = g.input("x", [1, 1, 4], "run");
      const [q, k, v] = ["q", "k", "v"].map((name) => g.linear(x, name, { outputs: 4, bias: false }));
      if (q && k && v) g.output("y", g.attention(q, k, v, { heads: 1, headSize: 4 }));
      g.output("z", g.linear(x, "other", { outputs: 4, bias: false }));
    };
    const identity = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const twice = identity.map((value) => 2 * value);
    const weights = { "v.weight": twice, "other.weight": identity, "q.weight": identity, "k.weight": identity };
    const x = Float32Array.of(1, 2, 3, 4);
    // Fused: q, k and v are one weight. Over a single key attention gives its value.
    expect(await evaluate(qkv, { inputs: { x }, weights }, { fuse: true })).toEqual({ y: x.map((value) => 2 * value), z: x });
  });

  test("control: what loaded is there until it is evicted", async () => {
    const device = await testDevice();
    const weights = new Weights(device, SOURCE);
    const load = () => weights.load(graphOf("a", "b"));
    expect((await recordBuffers(device, load)).left).toBe(1);
    expect((await recordBuffers(device, load)).left, "nothing is loaded twice").toBe(0);
    expect(weights.byteLength).toBeGreaterThan(0);
    weights.evict();
    expect(weights.byteLength).toBe(0);
    expect((await recordBuffers(device, load)).left).toBe(1);
    weights.evict();
  });

  test("a source that fails midway leaves nothing on the GPU", async () => {
    const device = await testDevice();
    const failure = new OnestrokeError("download-failed", "the server is gone");
    const weights = new Weights(
      device,
      interrupted(() => {
        throw failure;
      }),
    );
    const load = () => expect(weights.load(graphOf("a", "b"))).rejects.toBe(failure);
    expect((await recordBuffers(device, load)).left).toBe(0);
    expect(weights.byteLength).toBe(0);
  });

  test("a cancel midway is `cancelled`, and takes nothing from the plans of before", async () => {
    const device = await testDevice();
    const abort = new AbortController();
    const weights = new Weights(
      device,
      interrupted(() => abort.abort("a reason of the caller's own")),
    );
    await weights.load(graphOf("a"));
    const { byteLength } = weights;
    const cancelled = { code: "cancelled" };
    const load = () => expect(weights.load(graphOf("a", "b", "c"), abort.signal)).rejects.toMatchObject(cancelled);
    expect((await recordBuffers(device, load)).left).toBe(0);
    expect(weights.byteLength).toBe(byteLength);
    weights.evict();
  });

  describe("a GPU that is lost is `gpu-lost`, whatever its memory then does to those who fill it", () => {
    test.each([
      ["before the first slice", 0],
      ["while a slice is filled", 1],
      ["after the last piece", 2],
    ])("%s", async (_, when) => {
      const device = await openDevice(nodeGpu());
      const source: WeightSource = {
        async *stream(wanted, memory) {
          if (when === 0) device.destroy();
          const [key = ""] = wanted.keys();
          const bytes = (await memory.slice()).subarray(0, 8);
          if (when === 1) device.destroy();
          bytes.set(new Uint8Array(8));
          yield { bytes, pieces: [{ key, numbers: "f16", at: 0, first: 0, count: 4, added: [] }] };
          if (when === 2) device.destroy();
        },
      };
      const load = new Weights(device, source).load(graphOf("a"));
      await expect(load).rejects.toMatchObject({ code: "gpu-lost" });
    });
  });

  test("what the GPU has no memory for leaves none of it", async () => {
    const device = await testDevice();
    const weights = new Weights(device, SOURCE);
    const { popErrorScope } = device.gpu;
    device.gpu.popErrorScope = async () => (await popErrorScope.call(device.gpu)) ?? { message: "full" };
    try {
      const load = () => expect(weights.load(graphOf("a"))).rejects.toMatchObject({ code: "gpu-out-of-memory" });
      expect((await recordBuffers(device, load)).left).toBe(0);
    } finally {
      device.gpu.popErrorScope = popErrorScope;
    }
  });
});
