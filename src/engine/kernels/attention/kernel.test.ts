import { describe, expect, it } from "vitest";
import type { NumberFormat } from "../../tensor";
import { evaluate, expectClose, random, type EvaluateOptions } from "../../testing/evaluate";
import { TRAITS, type KernelTraits } from "../../traits";
import { COMPILE_TIMEOUT_MS } from "../gemm/testing/formats";
import { attentionReference, type Packed } from "./reference";
import { chooseTile, keysOf, tileBytes } from "./tile";

interface Case {
  readonly batch?: number;
  readonly tokens: number;
  readonly keys?: number;
  readonly heads: number;
  readonly headSize: number;
  readonly causal?: boolean;
}

const FORMATS = ["f32", "f16"] as const satisfies readonly NumberFormat[];

/** Keys whose values are added up in float16: those of a tile, at most. */
const KEYS_IN_FLOAT16 = 36;

/**
 * Products in float16 add to it: a sum of n terms is rounded n times, which is 2^-12 sqrt((n + 1) / 2) of it. So are the four
 * lanes of a score, whose error is relative on its weight, and the values of a tile's keys. Half as much again is allowed.
 */
function halfTolerance(headSize: number): number {
  const lost = (terms: number) => 1.5 * 2 ** -12 * Math.sqrt((terms + 1) / 2);
  return tolerance("f16") + lost(Math.ceil(headSize / 4)) + lost(KEYS_IN_FLOAT16);
}

/**
 * float32: a score's error is about 2^-24 * sqrt(headSize) * |score|, exp2's a few ulps, sums over keys average out: 2^-19 is ample.
 * float16: inputs are exact in float16 and all is float32 inside, so one rounding of y is left: at most 2^-11 of each value.
 */
function tolerance(format: NumberFormat): number {
  return format === "f32" ? 2 ** -19 : 2 ** -11;
}

function packed(values: Float32Array, rows: number, channels: number, offset: number, headStride: number): Packed {
  return { values, rows, channels, layout: { offset, headStride } };
}

async function check(shape: Case, options: EvaluateOptions, bound = tolerance(options.format ?? "f32")): Promise<void> {
  const { batch = 1, tokens, keys = tokens, heads, headSize, causal = false } = shape;
  const channels = heads * headSize;
  const [q, k, v] = [random(batch * tokens * channels, 1), random(batch * keys * channels, 2), random(batch * keys * channels, 3)];
  const { y } = await evaluate(
    (g) => {
      const query = g.input("q", [batch, tokens, channels], "run");
      const key = g.input("k", [batch, keys, channels], "run");
      const value = g.input("v", [batch, keys, channels], "run");
      g.output("y", g.attention(query, key, value, { heads, headSize, causal }));
    },
    { inputs: { q, k, v } },
    options,
  );
  const expected = attentionReference(
    packed(q, tokens, channels, 0, headSize),
    packed(k, keys, channels, 0, headSize),
    packed(v, keys, channels, 0, headSize),
    { batch, heads, headSize, scale: 1 / Math.sqrt(headSize), causal },
  );
  expectClose(y ?? [], expected, bound);
}

describe("attention equals the float64 definition", () => {
  const headSizes = [4, 5, 7, 8, 16, 31, 32, 40, 41, 64, 72, 80, 96, 128, 150, 160, 301, 512];
  it.each(headSizes.flatMap((headSize) => FORMATS.map((format) => ({ headSize, format }))))(
    "for heads of $headSize channels in $format",
    async ({ headSize, format }) => check({ tokens: 13, keys: 21, heads: 2, headSize }, { format }),
  );

  const cases: readonly Case[] = [
    { tokens: 1, heads: 1, headSize: 64 },
    { tokens: 1, keys: 77, heads: 3, headSize: 8 },
    { tokens: 33, keys: 15, heads: 2, headSize: 40 },
    { tokens: 65, keys: 129, heads: 1, headSize: 64 },
    { batch: 2, tokens: 20, keys: 19, heads: 3, headSize: 32 },
    { batch: 3, tokens: 9, heads: 2, headSize: 5 },
    { batch: 2, tokens: 5, keys: 70, heads: 1, headSize: 512 },
    { tokens: 77, heads: 2, headSize: 64, causal: true },
    { batch: 2, tokens: 19, heads: 2, headSize: 7, causal: true },
    { tokens: 40, keys: 10, heads: 1, headSize: 16, causal: true },
    { tokens: 10, keys: 40, heads: 1, headSize: 16, causal: true },
  ];
  it.each(cases)("for %j", async (shape) => {
    await check(shape, {});
  });
});

describe("the tiles of hardware adapters give the same", () => {
  const cases: readonly (Case & { readonly options: EvaluateOptions })[] = [
    { batch: 2, tokens: 37, keys: 45, heads: 2, headSize: 64, options: {} },
    { tokens: 37, keys: 45, heads: 2, headSize: 64, causal: true, options: { format: "f16" } },
    { batch: 2, tokens: 35, heads: 3, headSize: 7, causal: true, options: {} },
    { tokens: 33, keys: 17, heads: 2, headSize: 40, options: {} },
    { tokens: 18, keys: 70, heads: 1, headSize: 84, options: {} }, // staged in chunks
  ];
  it.each(cases)(
    "for %j",
    async ({ options, ...shape }) => {
      await check(shape, { ...options, target: { traits: TRAITS.hardware, workgroupBytes: 16_384 } });
    },
    COMPILE_TIMEOUT_MS,
  );
});

describe("products in float16 give nearly the same", () => {
  const { hardwareWithFastFloat16, hardwareWithFloat16Tiles, hardwareWithFewRegisters } = TRAITS;
  const cases: readonly (Case & { readonly workgroupBytes?: number; readonly traits?: KernelTraits })[] = [
    { tokens: 21, keys: 45, heads: 2, headSize: 16, traits: hardwareWithFloat16Tiles }, // multiplied in float32
    { tokens: 21, keys: 45, heads: 2, headSize: 16, traits: hardwareWithFewRegisters },
    { batch: 2, tokens: 69, keys: 45, heads: 2, headSize: 16 },
    { tokens: 21, heads: 2, headSize: 20, causal: true },
    { tokens: 18, keys: 30, heads: 1, headSize: 40, workgroupBytes: 6400 }, // staged in chunks
  ];
  it.each(cases)(
    "for %j",
    async ({ workgroupBytes = 16_384, traits = hardwareWithFastFloat16, ...shape }) => {
      const target = { traits, workgroupBytes };
      await check(shape, { format: "f16", target }, halfTolerance(shape.headSize));
    },
    COMPILE_TIMEOUT_MS,
  );
});

describe("heads may be views into one packed projection", () => {
  const layouts = [
    { name: "q | k | v", headSize: 16, q: [0, 16], k: [48, 16], v: [96, 16], channels: 144 },
    { name: "interleaved by head", headSize: 8, q: [0, 24], k: [8, 24], v: [16, 24], channels: 72 },
    { name: "unaligned offset", headSize: 8, q: [1, 8], k: [26, 8], v: [50, 8], channels: 75 },
    { name: "odd heads interleaved", headSize: 7, q: [0, 21], k: [7, 21], v: [14, 21], channels: 63 },
  ] as const;
  it.each(layouts)("$name", async ({ headSize, q, k, v, channels }) => {
    const [batch, tokens, heads, scale] = [2, 11, 3, 0.5];
    const data = random(batch * tokens * channels, 4);
    const layout = ([offset, headStride]: readonly [number, number]) => ({ offset, headStride });
    const { y } = await evaluate(
      (g) => {
        const x = g.input("x", [batch, tokens, channels], "run");
        const views = { qLayout: layout(q), kLayout: layout(k), vLayout: layout(v) };
        g.output("y", g.attention(x, x, x, { heads, headSize, scale, ...views }));
      },
      { inputs: { x: data } },
    );
    const view = (at: readonly [number, number]): Packed => packed(data, tokens, channels, ...at);
    expectClose(y ?? [], attentionReference(view(q), view(k), view(v), { batch, heads, headSize, scale }), tolerance("f32"));
  });
});

describe("attention of one input to itself", () => {
  const [tokens, headSize] = [19, 8];
  const data = random(tokens * headSize, 5);
  const view = packed(data, tokens, headSize, 0, headSize);
  async function attend(scale: number): Promise<ArrayLike<number>> {
    const { y } = await evaluate(
      (g) => {
        const x = g.input("x", [1, tokens, headSize], "run");
        g.output("y", g.attention(x, x, x, { heads: 1, headSize, scale }));
      },
      { inputs: { x: data } },
    );
    return y ?? [];
  }

  it.each([100, -100, 1e4])("neither overflows nor loses the softmax at scale %d", async (scale) => {
    // Scores reach about 20 * scale; their float32 error, 2^-23 of that, is relative on the weights.
    const bound = Math.max(tolerance("f32"), 2 ** -23 * 20 * Math.abs(scale));
    expectClose(await attend(scale), attentionReference(view, view, view, { batch: 1, heads: 1, headSize, scale }), bound);
  });

  it("is found wrong against a causal reference (control)", async () => {
    const causal = attentionReference(view, view, view, { batch: 1, heads: 1, headSize, scale: 1, causal: true });
    const y = await attend(1);
    expect(() => expectClose(y, causal, tolerance("f32"))).toThrow("relative error");
  });
});

describe("tiles fit the default limits", () => {
  const target = { workgroupBytes: 16_384, halfTiles: false, half: false, fewRegisters: false };
  const quads = [1, 2, 8, 10, 16, 18, 20, 32, 40, 80, 128];
  const options = [
    {},
    { halfTiles: true },
    { halfTiles: true, half: true },
    { halfTiles: true, half: true, fewRegisters: true },
    { fewRegisters: true }, // a network in float32
  ];
  it.each(quads.flatMap((each) => options.map((option) => ({ quads: each, option }))))(
    "for heads of $quads quads, $option",
    ({ quads, option }) => {
      const tile = chooseTile(quads, { ...target, ...option });
      expect(tileBytes(quads, tile)).toBeLessThanOrEqual(16_384);
      expect(tile.columns * tile.rows).toBeLessThanOrEqual(256);
      expect(keysOf(tile) % tile.valueKeys).toBe(0);
    },
  );

  it("heads beyond all of them are this GPU's limit", () => {
    expect(() => chooseTile(4096, target)).toThrow(expect.objectContaining({ code: "gpu-unsupported" }));
  });
});
