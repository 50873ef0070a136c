import { describe, expect, it } from "vitest";
import { evaluate, expectClose, random, type EvaluateOptions } from "../../testing/evaluate";
import { rotaryReference } from "./reference";

interface Case {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly headSize: number;
  readonly theta: number;
  readonly options: EvaluateOptions;
}

async function rotate(x: Float32Array, { batch, tokens, heads, headSize, theta, options }: Case): Promise<ArrayLike<number>> {
  const { y } = await evaluate(
    (g) => g.output("y", g.rotary(g.input("x", [batch, tokens, heads * headSize], "run"), { heads, headSize, theta })),
    { inputs: { x } },
    options,
  );
  return y ?? [];
}

describe("rotary turns each pair by position * theta^(-2i / headSize)", () => {
  // The angle is off by at most 2^-22 turns, the polynomials by 3e-7: 2^-20 of a pair's length. float16 rounds once more.
  const cases: readonly Case[] = [
    { batch: 1, tokens: 5, heads: 1, headSize: 2, theta: 10_000, options: {} },
    { batch: 2, tokens: 17, heads: 3, headSize: 6, theta: 10_000, options: {} },
    { batch: 2, tokens: 12, heads: 2, headSize: 64, theta: 10_000, options: { format: "f16" } },
    { batch: 1, tokens: 4096, heads: 1, headSize: 4, theta: 100, options: {} },
    { batch: 1, tokens: 4096, heads: 1, headSize: 32, theta: 10_000, options: {} },
  ];
  it.each(cases)("for %j", async (shape) => {
    const { batch, tokens, heads, headSize, options } = shape;
    const x = random(batch * tokens * heads * headSize, 1);
    expectClose(await rotate(x, shape), rotaryReference(x, shape), options.format === "f16" ? 2 ** -11 : 2 ** -20);
  });

  it("leaves position 0 as it is, and is found wrong a position later (control)", async () => {
    const shape = { batch: 1, tokens: 2, heads: 1, headSize: 8, theta: 10_000, options: {} };
    const x = random(16, 2);
    const y = await rotate(x, shape);
    expect(Array.from(y).slice(0, 8)).toEqual(Array.from(x.subarray(0, 8)));
    expect(() => expectClose(y, x, 2 ** -20)).toThrow("relative error");
  });
});
