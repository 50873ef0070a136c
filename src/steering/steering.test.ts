// The published equations, on golden vectors computed apart from this code, and the identities
// that follow from them. Golden values are printed to six digits, so the bound is 1e-6.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nag, nasa, vsf, type Seen } from "./reference";
import { effectiveSteering, steeringAt } from "./schedule";

const HEADS = 2;
const CHANNELS = 4;
const queries = [
  [1, 0, 0.5, -0.5],
  [0, 2, -1, 1],
];
const positiveKeys = [
  [1, 0, 0, 1],
  [0, 1, 1, 0],
  [1, 1, -1, 0.5],
];
const positiveValues = [
  [1, 2, 3, 4],
  [-1, 0, 1, 2],
  [0.5, -0.5, 0.25, -0.25],
];
const negativeKeys = [
  [0.5, 0.5, 0.5, 0.5],
  [-1, 0, 1, 0],
];
const negativeValues = [
  [2, 1, 0, -1],
  [0, 1, -2, 0.5],
];

/** Softmax attention of two heads of two channels, [tokens, heads * 2]. */
function attend(keys: readonly (readonly number[])[], values: readonly (readonly number[])[]): Float64Array {
  const size = CHANNELS / HEADS;
  const at = (row: readonly number[] | undefined, i: number): number => row?.[i] ?? NaN;
  return Float64Array.from(
    queries.flatMap((query) =>
      Array.from({ length: CHANNELS }, (_, channel) => {
        const head = Math.floor(channel / size) * size;
        const weights = keys.map((key) =>
          Math.exp((at(query, head) * at(key, head) + at(query, head + 1) * at(key, head + 1)) / Math.sqrt(size)),
        );
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return values.reduce((sum, value, i) => sum + ((weights[i] ?? NaN) / total) * at(value, channel), 0);
      }),
    ),
  );
}

const positive = attend(positiveKeys, positiveValues);
const negative = attend(negativeKeys, negativeValues);
const expectClose = (actual: Float64Array, expected: readonly number[]): void => {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs((actual[i] ?? NaN) - value)).toBeLessThan(1e-6);
};

describe("golden vectors", () => {
  it("both branches", () => {
    expectClose(positive, [0.403892, 0.601668, 1.354758, 2.029636, -0.114521, -0.006137, 1.349392, 1.548496]);
    expectClose(negative, [1.485633, 1, -1.174958, -0.118781, 1.339523, 1, -0.660477, -0.504642]);
  });

  it("NASA, 0.5", () => {
    const expected = [-0.338924, 0.101668, 1.942237, 2.089027, -0.784282, -0.506137, 1.67963, 1.800817];
    expectClose(nasa(positive, negative, { method: "nasa", scale: 0.5 }), expected);
  });

  it("NAG: a published scale s is phi = s - 1", () => {
    const gentle = nag(positive, negative, CHANNELS, { method: "nag", scale: 2, tau: 2.5, alpha: 0.5 });
    expectClose(gentle, [-0.455113, 0.22802, 3.072542, 3.377224, -0.767183, -0.477135, 1.935748, 2.102389]);
    const strong = nag(positive, negative, CHANNELS, { method: "nag", scale: 4, tau: 2.5, alpha: 0.25 });
    expectClose(strong, [-0.095569, 0.350523, 2.181507, 2.601294, -0.470236, -0.265816, 1.6205, 1.793948]);
  });
});

describe("VSF", () => {
  // One query of one channel: weights are 1/4, 1/4 and 1/2 where the scores are 0, 0 and log 2.
  const positive: readonly Seen[] = [
    { score: 0, value: [4] },
    { score: 0, value: [8] },
  ];
  const negative: readonly Seen[] = [{ score: Math.log(2), value: [6] }];
  const at = (scale: number, offset: number) => [...vsf(positive, negative, { method: "vsf", scale, offset })];

  it("golden values, worked out by hand", () => {
    expect(at(1, 0)[0]).toBeCloseTo(1 + 2 - 3, 12);
    expect(at(0.5, 0)[0]).toBeCloseTo(1 + 2 - 1.5, 12);
    // An offset of log 2 makes all three weights alike.
    expect(at(1, Math.log(2))[0]).toBeCloseTo((4 + 8 - 6) / 3, 12);
    expect(
      [...vsf([{ score: 0, value: [4], sign: -1 }, ...positive.slice(1)], negative, { method: "vsf", scale: 1, offset: 0 })][0],
    ).toBeCloseTo(-1 + 2 - 3, 12);
  });

  it("without words to leave out it is plain attention", () => {
    expect([...vsf(positive, [], { method: "vsf", scale: 10, offset: 0 })]).toEqual([6]);
  });
});

describe("identities", () => {
  const value = fc.double({ min: -100, max: 100, noNaN: true });
  const branch = fc.array(value, { minLength: 8, maxLength: 8 }).map((values) => Float64Array.from(values));
  const phi = fc.double({ min: 0, max: 10, noNaN: true });
  const scale = fc.double({ min: 0, max: 2, noNaN: true });
  const alpha = fc.double({ min: 0, max: 1, noNaN: true });

  it("no strength is the positive branch, bit for bit (NASA) and to rounding (NAG's blend)", () => {
    fc.assert(
      fc.property(branch, branch, alpha, (z, other, blend) => {
        const same = nasa(z, other, { method: "nasa", scale: 0 });
        for (const [i, x] of z.entries()) expect((same[i] ?? NaN) - x).toBe(0);
        const blended = nag(z, other, 4, { method: "nag", scale: 0, tau: 2.5, alpha: blend });
        // alpha x + (1 - alpha) x takes three roundings.
        for (const [i, x] of z.entries()) expect(Math.abs((blended[i] ?? NaN) - x)).toBeLessThanOrEqual(3 * 2 ** -52 * Math.abs(x));
      }),
    );
  });

  it("equal branches: NASA gives (1 - scale) Z, NAG gives Z", () => {
    fc.assert(
      fc.property(branch, scale, phi, alpha, (z, a, strength, blend) => {
        const away = nasa(z, z, { method: "nasa", scale: a });
        const guided = nag(z, z, 4, { method: "nag", scale: strength, tau: 2.5, alpha: blend });
        for (const [i, x] of z.entries()) {
          expect(Math.abs((away[i] ?? NaN) - (1 - a) * x)).toBeLessThanOrEqual(8 * 2 ** -52 * Math.abs(x));
          expect(Math.abs((guided[i] ?? NaN) - x)).toBeLessThanOrEqual(3 * 2 ** -52 * Math.abs(x));
        }
      }),
    );
  });

  it("NAG never leaves tau times the positive norm, and nothing is ever NaN", () => {
    const norm = (z: Float64Array): number => z.reduce((sum, x) => sum + Math.abs(x), 0);
    fc.assert(
      fc.property(branch, branch, phi, alpha, (z, other, strength, blend) => {
        const guided = nag(z, other, 8, { method: "nag", scale: strength, tau: 2.5, alpha: blend });
        expect(guided.every(Number.isFinite)).toBe(true);
        // The floor of 1e-6 bounds the result where the positive branch vanishes.
        expect(norm(guided)).toBeLessThanOrEqual(2.5 * Math.max(norm(z), 1e-6) * (1 + 1e-12));
      }),
    );
  });
});

describe("when and whether", () => {
  const scalesAt = (sigmaEnd: number | undefined, sigmas: readonly number[]) => {
    const steering = { method: "nasa", scale: 0.5, ...(sigmaEnd === undefined ? {} : { sigmaEnd }) } as const;
    return sigmas.map((sigma, index) => steeringAt(steering, index, sigma)).map((at) => at.method === "nasa" && at.scale);
  };

  it("steps below sigmaEnd have strength 0; without one, or with 0, all are steered", () => {
    const sigmas = [14.6, 4.08, 4, 1.61];
    expect(scalesAt(4, sigmas)).toEqual([0.5, 0.5, 0.5, 0]);
    expect(scalesAt(0, sigmas)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(scalesAt(undefined, sigmas)).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it("the first step is steered whatever its sigma: one-step students are told a late time", () => {
    expect(scalesAt(4, [1.16])).toEqual([0.5]);
    expect(scalesAt(100, [14.6, 4.08])).toEqual([0.5, 0]);
  });

  it("no steering stays none at every step", () => {
    expect(steeringAt({ method: "none" }, 1, 0)).toEqual({ method: "none" });
  });

  it("no negative text or no strength is no steering", () => {
    const some = { method: "nasa", scale: 0.5 } as const;
    expect(effectiveSteering(some, " \n")).toEqual({ method: "none" });
    expect(effectiveSteering({ ...some, scale: 0 }, "fog")).toEqual({ method: "none" });
    expect(effectiveSteering({ method: "nag", scale: 2, tau: 2.5, alpha: 0 }, "fog")).toEqual({ method: "none" });
    expect(effectiveSteering(some, "fog"), "control").toEqual(some);
  });
});
