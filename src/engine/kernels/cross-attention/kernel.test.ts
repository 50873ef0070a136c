// Steered cross-attention against float64 attention, combined as src/steering/reference.ts does, on
// both cores: the one of software adapters, and the tiles that every GPU runs.
import { describe, expect, it, vi } from "vitest";
import { STEERING_METHODS, type SteeringMethod } from "../../../common/steering";
import type { NumberFormat } from "../../tensor";
import { expectClose, type EvaluateOptions } from "../../testing/evaluate";
import { TRAITS } from "../../traits";
import { COMPILE_TIMEOUT_MS } from "../gemm/testing/formats";
import { DEFAULTS, arrays, attend, branches, expected, type Problem } from "./testing/problem";

vi.setConfig({ testTimeout: COMPILE_TIMEOUT_MS });

interface Target extends EvaluateOptions {
  readonly on: string;
  readonly format: NumberFormat;
}

/** Sizes stay uniforms: each pipeline of the tiles takes a software driver seconds to compile. */
const TARGETS: readonly Target[] = [
  { on: "software core, f32", format: "f32", target: { traits: TRAITS.software } },
  { on: "tiles, f32", format: "f32", target: { traits: TRAITS.hardware } },
  { on: "tiles, f16", format: "f16", target: { traits: TRAITS.hardware } },
];

const SMALL = { batch: 1, tokens: 19, heads: 2, headSize: 16, capacity: 9, negativeCapacity: 7, positiveKeys: 9, negativeKeys: 7 };

// As in attention: 2^-19 in float32; NAG's ratio adds its own. In float16 every stored value rounds once (2^-11),
// and NAG magnifies the rounding of its stored branches by at most 1 + alpha * 2 phi. VSF's terms, and those of words with negative
// weights, cancel: what is left is smaller than they are, and their rounding counts so much more. It is 4 times as large at most here.
const CANCELLING = 4;
const bound = (format: EvaluateOptions["format"], method: SteeringMethod, turned?: number): number => {
  const cancelling = method === "vsf" || turned !== undefined ? CANCELLING : 1;
  if (format === "f16") return cancelling * 2 ** -11 * (method === "nag" ? 1 + DEFAULTS.alpha * 2 * DEFAULTS.phi : 1);
  return cancelling * (method === "nag" ? 2 ** -17 : 2 ** -19);
};

describe("steered cross-attention equals the float64 definition", () => {
  const tiles = { target: { traits: TRAITS.hardware, workgroupBytes: 16_384 } } as const;
  const cases: readonly (Partial<Problem> & { readonly options?: EvaluateOptions })[] = [
    {},
    { positiveKeys: 1, negativeKeys: 1 },
    { capacity: 77, negativeCapacity: 77, positiveKeys: 77, negativeKeys: 77, headSize: 64 },
    { capacity: 154, negativeCapacity: 77, positiveKeys: 154, negativeKeys: 3, headSize: 40 },
    { capacity: 77, negativeCapacity: 154, positiveKeys: 12, negativeKeys: 140, tokens: 70 },
    { batch: 2, tokens: 33, heads: 3, positiveKeys: 5, negativeKeys: 6 },
    { batch: 2, headSize: 7, heads: 3 },
    { options: { format: "f16" } },
    { batch: 2, headSize: 4, options: {} },
    { batch: 2, headSize: 40, tokens: 45, capacity: 77, positiveKeys: 77, options: tiles },
    { capacity: 77, negativeCapacity: 154, positiveKeys: 12, negativeKeys: 140, tokens: 70, options: tiles },
    { batch: 2, tokens: 33, heads: 3, positiveKeys: 5, negativeKeys: 6, options: { ...tiles, format: "f16" } },
    { batch: 3, textBatch: 1, tokens: 33, positiveKeys: 5, options: {} },
    { batch: 3, textBatch: 1, tokens: 33, positiveKeys: 5, options: tiles },
  ];
  for (const method of STEERING_METHODS) {
    it.each(cases)(`${method}, for %j`, async ({ options = {}, ...change }) => {
      const problem = { ...SMALL, ...change };
      const data = arrays(problem);
      const y = await attend(problem, data, method, {}, options);
      expectClose(y, expected(problem, data, method), bound(options.format, method));
    });
  }

  // The first five cases, which the software core runs, and the last two, on both.
  const turnedCases = [...cases.slice(0, 5), { options: { format: "f16" } }, ...cases.slice(-2)] as typeof cases;
  for (const method of STEERING_METHODS) {
    it.each(turnedCases)(`${method} with tokens that count negatively, for %j`, async ({ options = {}, ...change }) => {
      const problem = { ...SMALL, ...change };
      const data = arrays(problem);
      const y = await attend(problem, data, method, { turned: 3 }, options);
      expectClose(y, expected(problem, data, method, { turned: 3 }), bound(options.format, method, 3));
    });
  }

  it("is found wrong without the negative (control)", async () => {
    const data = arrays(SMALL);
    const y = await attend(SMALL, data, "nasa");
    const [plain] = branches(SMALL, data);
    expect(() => expectClose(y, plain, bound("f32", "nasa"))).toThrow("relative error");
  });
});

describe("worked example: two tokens, two heads of two channels", () => {
  const problem = { batch: 1, tokens: 2, heads: 2, headSize: 2, capacity: 3, negativeCapacity: 2, positiveKeys: 3, negativeKeys: 2 };
  const data = {
    q: Float32Array.of(1, 0, 0.5, -0.5, 0, 2, -1, 1),
    k: Float32Array.of(1, 0, 0, 1, 0, 1, 1, 0, 1, 1, -1, 0.5),
    v: Float32Array.of(1, 2, 3, 4, -1, 0, 1, 2, 0.5, -0.5, 0.25, -0.25),
    negativeK: Float32Array.of(0.5, 0.5, 0.5, 0.5, -1, 0, 1, 0),
    negativeV: Float32Array.of(2, 1, 0, -1, 0, 1, -2, 0.5),
  };
  const plain = [0.403892, 0.601668, 1.354758, 2.029636, -0.114521, -0.006137, 1.349392, 1.548496];
  const cases = [
    { name: "NASA 0", method: "nasa", steering: { nasaScale: 0 }, y: plain },
    {
      name: "NASA 0.5",
      method: "nasa",
      steering: { nasaScale: 0.5 },
      y: [-0.338924, 0.101668, 1.942237, 2.089027, -0.784282, -0.506137, 1.67963, 1.800817],
    },
    { name: "NAG 0", method: "nag", steering: { phi: 0 }, y: plain },
    {
      name: "NAG 2",
      method: "nag",
      steering: { phi: 2, alpha: 0.5 },
      y: [-0.455113, 0.22802, 3.072542, 3.377224, -0.767183, -0.477135, 1.935748, 2.102389],
    },
    {
      name: "NAG 4",
      method: "nag",
      steering: { phi: 4, alpha: 0.25 },
      y: [-0.095569, 0.350523, 2.181507, 2.601294, -0.470236, -0.265816, 1.6205, 1.793948],
    },
  ] as const;
  it.each(cases)("$name", async ({ method, steering, y }) => {
    const actual = await attend(problem, data, method, steering);
    // The figures have six decimals.
    y.forEach((value, i) => expect(Math.abs((actual[i] ?? Number.NaN) - value)).toBeLessThan(1e-6));
  });
});

describe.each(TARGETS)("without a negative branch, $on", (target) => {
  const full = { ...SMALL, batch: 2 };
  const data = arrays(full);
  const off = [
    { name: "no negative keys, NASA", problem: { ...full, negativeKeys: 0 }, method: "nasa", steering: {} },
    { name: "scale 0, NASA", problem: full, method: "nasa", steering: { nasaScale: 0 } },
    { name: "no negative keys, NAG", problem: { ...full, negativeKeys: 0 }, method: "nag", steering: {} },
    { name: "phi 0, NAG", problem: full, method: "nag", steering: { phi: 0 } },
    { name: "no negative keys, VSF", problem: { ...full, negativeKeys: 0 }, method: "vsf", steering: {} },
    { name: "scale 0, VSF", problem: full, method: "vsf", steering: { vsfScale: 0 } },
  ] as const;
  it.each(off)("the result is plain attention, bit for bit: $name", async ({ problem, method, steering }) => {
    const plain = await attend(full, data, "plain", {}, target);
    expect(Array.from(await attend(problem, data, method, steering, target))).toEqual(Array.from(plain));
  });

  it("garbage in the negative's memory does not reach the result", async () => {
    const poisoned = { ...data, negativeK: data.negativeK.map(() => Number.NaN), negativeV: data.negativeV.map(() => Number.NaN) };
    for (const method of STEERING_METHODS) {
      const y = await attend({ ...full, negativeKeys: 0 }, poisoned, method, {}, target);
      expect(Array.from(y).every(Number.isFinite)).toBe(true);
    }
  });
});

describe.each(TARGETS)("properties of steering, $on", (target) => {
  const problem = { ...SMALL, negativeCapacity: SMALL.capacity, negativeKeys: SMALL.positiveKeys };
  const data = arrays(problem);
  const same = { ...data, negativeK: data.k, negativeV: data.v };

  it("a negative equal to the positive leaves (1 - a) Z+ under NASA and Z+ under NAG", async () => {
    // In float16 both sides are rounded once.
    const rounding = target.format === "f16" ? 2 * 2 ** -11 : 2 ** -20;
    const plain = Array.from(await attend(problem, same, "plain", {}, target));
    for (const nasaScale of [0.25, 0.5, 1.5]) {
      const y = await attend(problem, same, "nasa", { nasaScale }, target);
      expectClose(
        y,
        plain.map((z) => (1 - nasaScale) * z),
        rounding,
      );
    }
    for (const phi of [0.5, 2, 10]) expectClose(await attend(problem, same, "nag", { phi }, target), plain, rounding);
  });

  it("a negative equal to the positive leaves (1 - s) / 2 of Z+ under VSF without an offset", async () => {
    const plain = Array.from(await attend(problem, same, "plain", {}, target));
    for (const vsfScale of [0.5, 3]) {
      const y = await attend(problem, same, "vsf", { vsfScale, offset: 0 }, target);
      // Both halves are rounded, and what is left is half of their difference.
      expectClose(
        y,
        plain.map((z) => ((1 - vsfScale) / 2) * z),
        CANCELLING * (target.format === "f16" ? 2 * 2 ** -11 : 2 ** -20),
      );
    }
  });

  it.each(STEERING_METHODS)("%s does not depend on the order of the negative's tokens", async (method) => {
    const channels = problem.heads * problem.headSize;
    const reversed = (rows: Float32Array) =>
      Float32Array.from(
        rows,
        (_, i) => rows[(problem.negativeCapacity - 1 - Math.floor(i / channels)) * channels + (i % channels)] ?? Number.NaN,
      );
    const permuted = { ...data, negativeK: reversed(data.negativeK), negativeV: reversed(data.negativeV) };
    const y = await attend(problem, data, method, {}, target);
    expectClose(await attend(problem, permuted, method, {}, target), y, bound(target.format, method));
  });

  it("no NaN for a in [0, 2] and phi in [0, 10]", async () => {
    for (const fraction of [0, 0.01, 0.25, 0.5, 0.75, 1]) {
      const byNasa = await attend(problem, data, "nasa", { nasaScale: 2 * fraction }, target);
      const byNag = await attend(problem, data, "nag", { phi: 10 * fraction }, target);
      const byVsf = await attend(problem, data, "vsf", { vsfScale: 10 * fraction, offset: 10 * fraction }, target);
      expect([...Array.from(byNasa), ...Array.from(byNag), ...Array.from(byVsf)].every(Number.isFinite)).toBe(true);
    }
  });
});
