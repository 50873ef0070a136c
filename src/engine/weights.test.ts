// Rules of packing: each layout puts every checkpoint value where ops.ts says, and
// zeros elsewhere. Values are small integers, exact in float16, told apart by place.
// Loading is all or nothing: what failed or was given up leaves the GPU as it was.
import { describe, expect, test } from "vitest";
import { OnestrokeError } from "../common/errors";
import { fromFloat16, toFloat16 } from "../common/float16";
import type { Graph } from "./graph";
import { GraphBuilder } from "./graph-builder";
import type { Weight } from "./ops";
import { product } from "./tensor";
import { arraySource, evaluate, testDevice } from "./testing/evaluate";
import { recordBuffers } from "./testing/record-buffers";
import { packedBytes, packWeight } from "./weight-layout";
import { Weights, type WeightSource } from "./weights";

/** Packs parts filled with 1, 2, 3, ... and gives the values back. */
function packed(weight: Weight): number[] {
  let next = 1;
  const parts = weight.shapes.map((shape) => Uint16Array.from({ length: product(shape) }, () => toFloat16(next++)));
  const bits = packWeight(weight, parts);
  expect(bits.byteLength).toBe(packedBytes(weight));
  return Array.from(bits, fromFloat16);
}

describe("packed weights", () => {
  test("vector: padded with zeros to a multiple of four", () => {
    expect(packed({ layout: "vector", keys: ["a"], shapes: [[3]] })).toEqual([1, 2, 3, 0]);
  });

  test("matrix: [n, k] becomes [k4][n4]", () => {
    expect(packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3]] })).toEqual([1, 4, 0, 0, 2, 5, 0, 0, 3, 6, 0, 0, 0, 0, 0, 0]);
  });

  test("matrix: a 1x1 convolution packs as the linear it is", () => {
    const linear = packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3]] });
    expect(packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3, 1, 1]] })).toEqual(linear);
  });

  test("convolution: [n, k, kh, kw] becomes [tap][k4][n4]", () => {
    const values = packed({ layout: "convolution", keys: ["a"], shapes: [[1, 2, 1, 2]] });
    const tap = (first: number, second: number) => [first, 0, 0, 0, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(values).toEqual([...tap(1, 3), ...tap(2, 4)]);
  });

  test("table: rows padded, order kept", () => {
    expect(packed({ layout: "table", keys: ["a"], shapes: [[2, 3]] })).toEqual([1, 2, 3, 0, 4, 5, 6, 0]);
  });

  test("several keys stand side by side along n", () => {
    const weight: Weight = {
      layout: "matrix",
      keys: ["q", "k"],
      shapes: [
        [4, 1],
        [4, 1],
      ],
    };
    expect(packed(weight).slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("interleaved: value and gate alternate in blocks of four", () => {
    const weight: Weight = { layout: "vector", keys: ["a"], shapes: [[16]], interleaved: true };
    expect(packed(weight)).toEqual([1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8, 13, 14, 15, 16]);
  });

  test("a part of the wrong length is a bug, not a silent zero", () => {
    const weight: Weight = { layout: "vector", keys: ["a"], shapes: [[3]] };
    expect(() => packWeight(weight, [new Uint16Array(2)])).toThrow(/a has 2 values, not 3/);
  });
});

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
    async *stream(shapes) {
      let count = 0;
      for await (const part of SOURCE.stream(shapes)) {
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
