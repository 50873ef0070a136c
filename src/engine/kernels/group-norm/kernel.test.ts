import { describe, expect, it } from "vitest";
import type { KernelTarget } from "../../kernel";
import type { Activation, GroupNorm } from "../../ops";
import type { Weight } from "../../weight-layout";
import { compare, evaluate, expectClose, random } from "../../testing/evaluate";
import { VARIANTS, type Variant } from "../../testing/variants";
import { TRAITS } from "../../traits";
import { groupNormReference } from "./reference";

interface Case {
  readonly name: string;
  readonly shape: readonly number[];
  /** Channels of the second source. */
  readonly second?: number;
  readonly groups: number;
  readonly affine?: boolean;
  readonly modulated?: boolean;
  readonly activation?: Activation;
  /** Added to every element: |mean| against sigma = 1. */
  readonly mean?: number;
  readonly target?: Partial<KernelTarget>;
}

// Groups that are too large for one workgroup go by chunks, as tensors above a binding do.
const CHUNKED = { traits: { ...TRAITS.hardware, groupElementsAlone: 1024 } };

const CASES: readonly Case[] = [
  { name: "one workgroup a group", shape: [1, 5, 7, 32], groups: 8, activation: "silu" },
  { name: "batch of three", shape: [3, 4, 4, 16], groups: 4 },
  { name: "tokens", shape: [2, 19, 24], groups: 3 },
  { name: "30 channels in 6 groups of 5", shape: [2, 6, 5, 30], groups: 6, activation: "silu" },
  { name: "groups of 2 channels", shape: [1, 9, 3, 10], groups: 5 },
  { name: "one channel a group", shape: [1, 8, 8, 6], groups: 6 },
  { name: "one group, one pixel", shape: [2, 1, 1, 12], groups: 1 },
  { name: "not affine", shape: [2, 5, 5, 20], groups: 4, affine: false },
  { name: "modulation and activation", shape: [2, 5, 5, 20], groups: 4, modulated: true, activation: "silu" },
  { name: "modulation with padding", shape: [2, 5, 5, 18], groups: 3, modulated: true, affine: false },
  { name: "second source, groups across the seam", shape: [2, 6, 6, 20], second: 12, groups: 4, activation: "silu" },
  { name: "second source, seam inside a quad", shape: [2, 6, 6, 10], second: 14, groups: 4 },
  { name: "second source with modulation", shape: [2, 6, 6, 6], second: 4, groups: 2, modulated: true },
  { name: "more pixels than a thread asks for at once, pairs of channels", shape: [1, 57, 43, 40], groups: 4, activation: "silu" },
  { name: "the same with a second source", shape: [2, 40, 40, 18], second: 12, groups: 3 },
  { name: "a group wider than a workgroup", shape: [1, 3, 1, 1200], groups: 1 },
  { name: "chunks of pixels", shape: [2, 48, 48, 24], groups: 3, activation: "silu", target: CHUNKED },
  { name: "chunks, groups of 10 channels", shape: [1, 57, 43, 40], groups: 4, target: CHUNKED },
  { name: "chunks with a second source", shape: [2, 40, 40, 18], second: 12, groups: 2, target: CHUNKED },
  { name: "bands of 16 KiB", shape: [2, 24, 16, 20], groups: 5, activation: "silu", target: { bindingBytes: 16384 } },
  { name: "bands with a second source", shape: [2, 24, 16, 10], second: 14, groups: 4, target: { bindingBytes: 16384 } },
  { name: "mean 500 sigma", shape: [1, 16, 16, 16], groups: 4, mean: 500 },
  { name: "mean 500 sigma in chunks", shape: [1, 64, 80, 8], groups: 1, mean: 500, target: CHUNKED },
];

function run(test: Case, { format, target }: Omit<Variant, "variant">) {
  const { shape, second = 0, groups, affine = true, modulated = false, activation = "none", mean = 0 } = test;
  const [batch = 1, own = 1] = [shape[0], shape.at(-1)];
  const pixels = shape.slice(1, -1).reduce((product, length) => product * length, 1);
  const channels = own + second;
  const offset = (values: Float32Array<ArrayBuffer>) => values.map((value) => Math.fround(value + mean));
  const inputs = {
    x: offset(random(batch * pixels * own, 1)),
    second: offset(random(batch * pixels * second, 2)),
    modulation: random(batch * 2 * channels, 3),
  };
  const weights = { "norm.weight": random(channels, 4), "norm.bias": random(channels, 5) };
  const vector = (key: string): Weight => ({ keys: [key], shapes: [[channels]], layout: "vector" });
  const actual = evaluate(
    (g) => {
      const op: GroupNorm = {
        kind: "group-norm",
        inputs: {
          // In float16 a mean of 500 leaves no digits: those inputs are float32 in both formats.
          x: g.input("x", shape, "run", mean ? "f32" : "activation"),
          ...(second ? { second: g.input("second", [...shape.slice(0, -1), second], "run") } : {}),
          ...(modulated ? { modulation: g.input("modulation", [batch, 2 * channels], "run") } : {}),
        },
        weights: affine ? { scale: vector("norm.weight"), shift: vector("norm.bias") } : {},
        groups,
        epsilon: 1e-5,
        activation,
      };
      g.output("y", g.add(op, [...shape.slice(0, -1), channels]));
    },
    {
      inputs: { x: inputs.x, ...(second ? { second: inputs.second } : {}), ...(modulated ? { modulation: inputs.modulation } : {}) },
      weights,
    },
    { format, target: { ...target, ...test.target } },
  );
  const expected = groupNormReference({
    sources: [{ values: inputs.x, channels: own }, ...(second ? [{ values: inputs.second, channels: second }] : [])],
    batch,
    pixels,
    groups,
    epsilon: 1e-5,
    ...(affine ? { scale: weights["norm.weight"], shift: weights["norm.bias"] } : {}),
    ...(modulated ? { modulation: inputs.modulation } : {}),
    activation,
  });
  return { actual, expected };
}

describe("group norm follows its float64 reference", () => {
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
  it("fails with another number of groups", async () => {
    const shape = [1, 4, 4, 16];
    const right = run({ name: "", shape, groups: 4 }, { format: "f32", target: {} });
    const wrong = run({ name: "", shape, groups: 8 }, { format: "f32", target: {} });
    expect(compare((await right.actual)["y"] ?? [], wrong.expected).relative).toBeGreaterThan(0.01);
  });
});
