import { describe, expect, it } from "vitest";
import { compare, evaluate, expectClose, random } from "../../testing/evaluate";
import { VARIANTS, type Variant } from "../../testing/variants";
import { rmsNormReference } from "./reference";

interface Case {
  readonly name: string;
  readonly shape: readonly [batch: number, tokens: number, channels: number];
  readonly groupSize?: number;
  readonly bindingBytes?: number;
}

const CASES: readonly Case[] = [
  { name: "whole rows", shape: [2, 9, 64] },
  { name: "wide rows", shape: [1, 3, 1152] },
  { name: "heads of 16", shape: [2, 5, 96], groupSize: 16 },
  { name: "heads of 4", shape: [1, 5, 12], groupSize: 4 },
  { name: "whole rows of 30", shape: [2, 5, 30] },
  { name: "heads of 6, rows padded", shape: [1, 7, 18], groupSize: 6 },
  { name: "heads of 5, rows whole", shape: [1, 7, 20], groupSize: 5 },
  { name: "heads of 1", shape: [1, 3, 3], groupSize: 1 },
  { name: "bands of 2 KiB", shape: [3, 37, 20], groupSize: 10, bindingBytes: 2048 },
];

function run({ shape, groupSize = shape[2], bindingBytes }: Case, { format, target }: Omit<Variant, "variant">) {
  const x = random(shape[0] * shape[1] * shape[2], 1);
  const scale = random(groupSize, 2);
  const actual = evaluate(
    (g) => g.output("y", g.rmsNorm(g.input("x", shape, "run"), "norm", { epsilon: 1e-6, groupSize })),
    { inputs: { x }, weights: { "norm.weight": scale } },
    { format, target: { ...target, ...(bindingBytes ? { bindingBytes } : {}) } },
  );
  return { actual, expected: rmsNormReference(x, scale, 1e-6) };
}

describe("RMS norm follows its float64 reference", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(CASES)(`$name (${variant.variant})`, async (test) => {
      const { actual, expected } = run(test, { format, target });
      // f32: a few roundings of 2^-24. f16: one rounding of the result, 2^-11 at most.
      expectClose((await actual)["y"] ?? [], expected, format === "f16" ? 2 ** -11 : 2 ** -21);
    });
  }
});

describe("control: the comparison sees a wrong result", () => {
  it("fails with another head size", async () => {
    const right = run({ name: "", shape: [1, 4, 16], groupSize: 8 }, { format: "f32", target: {} });
    const wrong = run({ name: "", shape: [1, 4, 16] }, { format: "f32", target: {} });
    expect(compare((await right.actual)["y"] ?? [], wrong.expected).relative).toBeGreaterThan(0.1);
  });
});
