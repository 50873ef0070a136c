// NAG's combination against src/steering/reference.ts, the arithmetic that every engine is held to.
import { describe, expect, it } from "vitest";
import { nag } from "../../../steering/reference";
import { evaluate, expectClose, random, type EvaluateOptions } from "../../testing/evaluate";
import { TRAITS } from "../../traits";
import { VARIANTS } from "../../testing/variants";

interface Scalars {
  readonly phi: number;
  readonly tau: number;
  readonly alpha: number;
  readonly negativeKeys?: number;
}

function reference(plus: Float32Array, minus: Float32Array, channels: number, { phi, tau, alpha }: Scalars): Float64Array {
  return nag(Float64Array.from(plus), Float64Array.from(minus), channels, { method: "nag", scale: phi, tau, alpha });
}

async function combine(
  plus: Float32Array,
  minus: Float32Array,
  channels: number,
  { phi, tau, alpha, negativeKeys = 7 }: Scalars,
  options: EvaluateOptions & { readonly batch?: number } = {},
): Promise<ArrayLike<number>> {
  const { batch = 1 } = options;
  const rows = plus.length / channels;
  const branches = new Float32Array(2 * plus.length);
  for (let row = 0; row < rows; row++) {
    branches.set(plus.subarray(row * channels, (row + 1) * channels), 2 * row * channels);
    branches.set(minus.subarray(row * channels, (row + 1) * channels), (2 * row + 1) * channels);
  }
  const { y } = await evaluate(
    (g) => {
      const inputs = {
        branches: g.input("branches", [batch, rows / batch, 2 * channels], "run"),
        steering: g.input("steering", [1, 8], "run", "f32"),
      };
      g.output("y", g.add({ kind: "nag-combine", inputs, weights: {} }, [batch, rows / batch, channels]));
    },
    { inputs: { branches, steering: Float32Array.of(9, negativeKeys, 0, phi, tau, alpha, 0, 0) } },
    options,
  );
  return y ?? [];
}

// Norms add `channels` float32 terms by a tree and phi <= 10 magnifies a difference: 2^-24 * 2 phi, doubled for the ratio.
const TOLERANCE = 2 ** -18;

describe("NAG: extrapolate, bound the L1 norm's growth per token, blend", () => {
  const cases = [
    { rows: 6, channels: 4, phi: 2, tau: 2.5, alpha: 0.5 },
    { rows: 5, channels: 320, phi: 4, tau: 2.5, alpha: 0.25 },
    { rows: 3, channels: 1000, phi: 10, tau: 1.5, alpha: 1 },
    { rows: 4, channels: 10, phi: 3, tau: 2.5, alpha: 0.375 },
    { rows: 4, channels: 7, phi: 0.5, tau: 10, alpha: 0.5 },
  ] as const;
  it.each(cases)("for %j", async ({ rows, channels, ...scalars }) => {
    const [plus, minus] = [random(rows * channels, 1), random(rows * channels, 2)];
    const y = reference(plus, minus, channels, scalars);
    expectClose(await combine(plus, minus, channels, scalars), y, TOLERANCE);
  });

  it.each([{ format: "f16", batch: 2 }, { batch: 3 }, { target: { traits: TRAITS.hardware }, batch: 2 }] as const)(
    "in batches, with %j",
    async (options) => {
      const scalars = { phi: 4, tau: 2.5, alpha: 0.25 };
      const [plus, minus] = [random(6 * 24, 1), random(6 * 24, 2)];
      const y = reference(plus, minus, 24, scalars);
      expectClose(await combine(plus, minus, 24, scalars, options), y, "format" in options ? 2 ** -11 : TOLERANCE);
    },
  );

  it("is found wrong under another tau (control)", async () => {
    const [plus, minus] = [random(64, 1), random(64, 2)];
    const y = reference(plus, minus, 16, { phi: 4, tau: 2.5, alpha: 0.5 });
    const other = await combine(plus, minus, 16, { phi: 4, tau: 2, alpha: 0.5 });
    expect(() => expectClose(other, y, TOLERANCE)).toThrow("relative error");
  });
});

it("norms have one floor: where Z+ nearly vanishes, so does the result, as much", async () => {
  const plus = random(64, 1).map((z) => z * 2 ** -30);
  const minus = random(64, 2);
  const scalars = { phi: 4, tau: 2.5, alpha: 0.5 };
  expectClose(await combine(plus, minus, 16, scalars), reference(plus, minus, 16, scalars), TOLERANCE);
});

describe.each(VARIANTS)("NAG leaves Z+ as it is, $variant", (variant) => {
  const [plus, minus] = [random(60, 1), random(60, 2)];
  it.each([
    { phi: 0, negativeKeys: 7 },
    { phi: 3, negativeKeys: 0 },
  ])("bit for bit with %j", async (off) => {
    const y = await combine(plus, minus, 20, { ...off, tau: 2.5, alpha: 0.5 }, variant);
    expect(Array.from(y)).toEqual([...plus]);
  });

  it("to rounding where Z- equals Z+", async () => {
    expectClose(await combine(plus, plus, 20, { phi: 4, tau: 2.5, alpha: 0.5 }, variant), plus, 2 ** -20);
  });

  it("never gives NaN: zeros, and phi up to 10", async () => {
    const zeros = new Float32Array(60);
    for (const phi of [0, 1e-6, 1, 10]) {
      for (const [a, b] of [
        [zeros, zeros],
        [zeros, minus],
        [plus, zeros],
      ] as const) {
        const y = await combine(a, b, 20, { phi, tau: 2.5, alpha: 0.5 }, variant);
        expect(Array.from(y).every(Number.isFinite)).toBe(true);
      }
    }
  });
});
