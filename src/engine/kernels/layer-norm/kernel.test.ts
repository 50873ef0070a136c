import { describe, expect, it } from "vitest";
import { compare, evaluate, expectClose, random } from "../../testing/evaluate";
import { VARIANTS, type Variant } from "../../testing/variants";
import { layerNormReference } from "./reference";

interface Case {
  readonly name: string;
  readonly shape: readonly [batch: number, tokens: number, channels: number];
  readonly affine?: boolean;
  readonly modulated?: boolean;
  readonly mean?: number;
  readonly bindingBytes?: number;
}

const CASES: readonly Case[] = [
  { name: "one quad", shape: [1, 5, 4] },
  { name: "rows past the last team", shape: [2, 9, 64] },
  { name: "wide rows", shape: [1, 3, 1280] },
  { name: "channels not a multiple of four", shape: [2, 5, 30] },
  { name: "one channel a row", shape: [1, 3, 1] },
  { name: "not affine", shape: [1, 7, 21], affine: false },
  { name: "adaLN modulation", shape: [3, 6, 40], affine: false, modulated: true },
  { name: "modulation, odd channels, affine", shape: [2, 6, 10], modulated: true },
  { name: "bands of 2 KiB", shape: [3, 37, 20], modulated: true, bindingBytes: 2048 },
  { name: "mean 500 sigma", shape: [1, 6, 320], mean: 500 },
];

function run({ shape, affine = true, modulated = false, mean = 0, bindingBytes }: Case, { format, target }: Omit<Variant, "variant">) {
  const [batch, tokens, channels] = shape;
  const x = random(batch * tokens * channels, 1).map((value) => Math.fround(value + mean));
  const modulation = random(batch * 6 * channels, 2);
  const weights = { "norm.weight": random(channels, 3), "norm.bias": random(channels, 4) };
  const chunks = { shiftChunk: 3, scaleChunk: 4 };
  const actual = evaluate(
    (g) => {
      // In float16 a mean of 500 leaves no digits: that input is float32 in both formats.
      const tensor = g.input("x", shape, "run", mean ? "f32" : "activation");
      const extra = modulated ? { modulation: { tensor: g.input("modulation", [batch, 6 * channels], "run"), ...chunks } } : {};
      g.output("y", g.layerNorm(tensor, "norm", { epsilon: 1e-6, affine, ...extra }));
    },
    { inputs: { x, ...(modulated ? { modulation } : {}) }, weights },
    { format, target: { ...target, ...(bindingBytes ? { bindingBytes } : {}) } },
  );
  const expected = layerNormReference({
    x,
    channels,
    epsilon: 1e-6,
    ...(affine ? { scale: weights["norm.weight"], shift: weights["norm.bias"] } : {}),
    ...(modulated ? { modulation: { values: modulation, rowsPerItem: tokens, chunks: 6, ...chunks } } : {}),
  });
  return { actual, expected };
}

describe("layer norm follows its float64 reference", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(CASES)(`$name (${variant.variant})`, async (test) => {
      const { actual, expected } = run(test, { format, target });
      // f32: a few roundings of 2^-24, and the mean's own, 2^-24 |mean| / sigma. f16: one rounding of the result, 2^-11 at most.
      const tolerance = format === "f16" ? 2 ** -11 : 2 ** -21 + 2 ** -22 * (test.mean ?? 0);
      expectClose((await actual)["y"] ?? [], expected, tolerance);
    });
  }
});

describe("control: the comparison sees a wrong result", () => {
  it("fails when the affine weights are left out", async () => {
    const shape = [1, 4, 16] as const;
    const right = run({ name: "", shape }, { format: "f32", target: {} });
    const wrong = run({ name: "", shape, affine: false }, { format: "f32", target: {} });
    expect(compare((await right.actual)["y"] ?? [], wrong.expected).relative).toBeGreaterThan(0.1);
  });
});
