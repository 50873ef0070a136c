// A product of thin matrices that the GPU adds to a packed weight is the one that the host adds before packing, in every layout and
// wherever the weight's parts lie. Values are small integers, exact in every order of summation, unless a test is about rounding.
import { describe, expect, test } from "vitest";
import { toFloat16 } from "../common/float16";
import { addLowRank, type LowRank } from "../common/low-rank";
import type { NotFinite } from "../common/stored-pieces";
import { GraphBuilder } from "./graph-builder";
import { evaluate, random, testDevice, type EvaluateData } from "./testing/evaluate";
import { Weights } from "./weights";

const integers = (count: number, seed: number): Float32Array<ArrayBuffer> => random(count, seed).map((value) => Math.round(2 * value));

function lowRank(outputs: number, inputs: number, rank: number, seed: number): LowRank {
  return { up: integers(outputs * rank, seed), down: integers(rank * inputs, seed + 1), rank, scale: 0.5 };
}

/** The picture of a network whose weights are changed on the GPU, and of one whose weights were changed before. */
async function both(build: (g: GraphBuilder) => void, data: Required<EvaluateData>) {
  const options = { fuse: true } as const;
  const merged = Object.fromEntries(
    Object.entries(data.weights).map(([key, values]) => {
      const sum = Float32Array.from(values);
      for (const one of data.added[key] ?? []) addLowRank(sum, one);
      return [key, sum] as const;
    }),
  );
  const base = await evaluate(build, { inputs: data.inputs, weights: data.weights }, options);
  return {
    base,
    onGpu: await evaluate(build, data, options),
    before: await evaluate(build, { inputs: data.inputs, weights: merged }, options),
  };
}

const linear = (g: GraphBuilder) => g.output("y", g.linear(g.input("x", [6, 6], "run"), "a", { outputs: 10 }));
const identity = Float32Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0));

describe("is what the host adds", () => {
  test("to a matrix whose sides are no multiples of four", async () => {
    const weights = { "a.weight": integers(60, 1), "a.bias": integers(10, 2) };
    const added = { "a.weight": [lowRank(10, 6, 3, 3), lowRank(10, 6, 1, 5)] };
    const { base, onGpu, before } = await both(linear, { inputs: { x: identity }, weights, added });
    expect(onGpu).toEqual(before);
    expect(onGpu).not.toEqual(base);
  });

  test("to convolutions, 3x3 and 1x1, with an odd number of outputs", async () => {
    const build = (g: GraphBuilder) => {
      const x = g.input("x", [1, 4, 4, 3], "run");
      g.output("y", g.conv2d(x, "wide", { outputs: 5 }));
      g.output("z", g.conv2d(x, "point", { outputs: 7, kernel: 1 }));
    };
    const weights = {
      "wide.weight": integers(135, 1),
      "wide.bias": integers(5, 2),
      "point.weight": integers(21, 3),
      "point.bias": integers(7, 4),
    };
    const added = { "wide.weight": [lowRank(5, 27, 2, 5)], "point.weight": [lowRank(7, 3, 2, 7)] };
    const { base, onGpu, before } = await both(build, { inputs: { x: integers(48, 9) }, weights, added });
    expect(onGpu).toEqual(before);
    expect(onGpu["y"]).not.toEqual(base["y"]);
    expect(onGpu["z"]).not.toEqual(base["z"]);
  });

  test("to one part of a fused weight: the key's, and not the query's or the value's", async () => {
    const build = (g: GraphBuilder) => {
      const x = g.input("x", [1, 4, 8], "run");
      const project = (name: string) => g.linear(x, name, { outputs: 8, bias: false });
      g.output("y", g.attention(project("q"), project("k"), project("v"), { heads: 1, headSize: 8 }));
    };
    const weights = { "q.weight": integers(64, 1), "k.weight": integers(64, 2), "v.weight": integers(64, 3) };
    const x = integers(32, 4).map((value) => value / 8);
    for (const name of ["q", "k", "v"]) {
      const { base, onGpu, before } = await both(build, { inputs: { x }, weights, added: { [`${name}.weight`]: [lowRank(8, 8, 2, 5)] } });
      expect(onGpu).toEqual(before);
      expect(onGpu).not.toEqual(base);
    }
  });

  test("to a projection whose halves alternate in memory", async () => {
    const build = (g: GraphBuilder) => {
      const hidden = g.linear(g.input("x", [2, 4], "run"), "a", { outputs: 16 });
      g.output("y", g.gatedActivation(hidden, "gelu", { gateFirst: false }));
    };
    const weights = { "a.weight": integers(64, 1), "a.bias": integers(16, 2) };
    const { base, onGpu, before } = await both(build, {
      inputs: { x: integers(8, 3) },
      weights,
      added: { "a.weight": [lowRank(16, 4, 2, 4)] },
    });
    expect(onGpu).toEqual(before);
    expect(onGpu).not.toEqual(base);
  });

  test("to a table, which the host changes", async () => {
    const build = (g: GraphBuilder) => {
      const ids = g.input("ids", [1, 3], "prompt", "u32");
      g.output("y", g.embedding(ids, { key: "table", shape: [5, 4] }));
    };
    const data = { inputs: { ids: Uint32Array.of(4, 0, 2) }, weights: { table: integers(20, 1) }, added: { table: [lowRank(5, 4, 2, 2)] } };
    const { onGpu, before } = await both(build, data);
    expect(onGpu).toEqual(before);
  });
});

test("the sum is rounded once, to the nearest float16, and small ones are not lost", async () => {
  const weights = { "a.weight": Float32Array.from({ length: 60 }, () => 1), "a.bias": new Float32Array(10) };
  const up = Float32Array.from({ length: 10 }, (_, i) => 2 ** -(i + 8));
  const added = { "a.weight": [{ up, down: Float32Array.of(1, -1, 3, 0, 1, 1), rank: 1, scale: 1 }] };
  const { onGpu, before } = await both(linear, { inputs: { x: identity }, weights, added });
  expect(onGpu).toEqual(before);
  const tiny = { "a.weight": new Float32Array(60), "a.bias": new Float32Array(10) };
  const less = { "a.weight": [{ up, down: Float32Array.of(2 ** -10, 2 ** -14, 0, 0, 0, 0), rank: 1, scale: 1 }] };
  const small = await both(linear, { inputs: { x: identity.map((value) => value * 1024) }, weights: tiny, added: less });
  expect(small.onGpu).toEqual(small.before);
});

test("sums beyond float16 are counted, and what was no number before is not counted again", async () => {
  const values = new Uint16Array(60).fill(toFloat16(60_000));
  values[59] = 0x7c00;
  const added = [{ up: Float32Array.from({ length: 10 }, (_, i) => i), down: Float32Array.of(0, 0, 0, 0, 0, 1000), rank: 1, scale: 1 }];
  const found: NotFinite[] = [];
  const builder = new GraphBuilder();
  linear(builder);
  const weights = new Weights(await testDevice(), {
    async *stream() {
      yield ["a.weight", values, added, (counts: NotFinite) => found.push(counts)];
      yield ["a.bias", new Uint16Array(10)];
    },
  });
  await weights.load(builder.build());
  weights.evict();
  // 60,000 + 1000 i is beyond 65,520 for i from 6 to 8; the ninth was infinite.
  expect(found).toEqual([{ stored: 1, rounded: 3 }]);
});
