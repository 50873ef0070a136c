// Rules of quantising: what blocks stand for is within half a scale of the weights, whatever these are; what is exact stays exact.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockShape, dequantise, quantise, type Blocks } from "./blocks";
import { fromFloat16, toFloat16 } from "./float16";
import { BLOCK_INPUTS } from "./weight-format";

const FORMATS = ["q8", "q4"] as const;

/** The block of each weight, by the definition of the order: `[outputs, inputs / 32, taps]`. */
function blockOf(index: number, { inputs, taps }: { readonly inputs: number; readonly taps: number }): number {
  const output = Math.floor(index / (inputs * taps));
  const input = Math.floor(index / taps) % inputs;
  return (output * (inputs / BLOCK_INPUTS) + Math.floor(input / BLOCK_INPUTS)) * taps + (index % taps);
}

/** The largest error in scales of its block; a rounding of float32, in which q4 adds, is allowed beside it. */
function largestError(weights: Float32Array, blocks: Blocks, shape: { readonly inputs: number; readonly taps: number }): number {
  const restored = dequantise(blocks, shape);
  let largest = 0;
  weights.forEach((weight, i) => {
    const scale = fromFloat16(blocks.scales[blockOf(i, shape)] ?? 0);
    const error = Math.max(0, Math.abs((restored[i] ?? NaN) - weight) - 2 ** -24 * Math.abs(weight));
    largest = Math.max(largest, error === 0 ? 0 : error / scale);
  });
  return largest;
}

/** Blocks of numbers of one magnitude, from float16's subnormals to its end, about a centre of another. */
const weights = fc
  .tuple(
    fc.integer({ min: -30, max: 14 }),
    fc.integer({ min: -30, max: 14 }),
    fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 192, maxLength: 192 }),
  )
  .map(([spread, centre, integers]) => Float32Array.from(integers, (n) => 2 ** centre + (n / 1000) * 2 ** spread));

describe.each(FORMATS)("%s", (format) => {
  it.each([
    [3, 64],
    [2, 32, 1, 3],
    [6, 32, 1, 1],
  ])("is within half a scale, for a weight of %j", (...axes) => {
    const shape = blockShape(axes);
    fc.assert(
      fc.property(weights, (values) => largestError(values, quantise(values, shape, format), shape) <= 0.5),
      { numRuns: 500 },
    );
  });

  it.each([0, 127, -127 * 2 ** -24, 127 * 2 ** 8])("a block of nothing but %d is exact", (value) => {
    const shape = blockShape([1, 32]);
    const values = new Float32Array(32).fill(value);
    expect(dequantise(quantise(values, shape, format), shape)).toEqual(values);
  });

  it("blocks of a convolution run along its inputs, one for each place of the kernel", () => {
    // Each tap has a magnitude of its own; a block over several would lose the smaller.
    const shape = blockShape([2, 32, 3, 3]);
    const values = Float32Array.from({ length: 576 }, (_, i) => ((i % 7) - 3) * 2 ** -(i % 9));
    const restored = dequantise(quantise(values, shape, format), shape);
    restored.forEach((each, i) => expect(Math.abs(each - (values[i] ?? NaN))).toBeLessThanOrEqual(0.21 * 2 ** -(i % 9)));
  });

  it("refuses inputs that are not whole blocks", () => {
    expect(() => quantise(new Float32Array(48), blockShape([1, 48]), format)).toThrow(/48 inputs/);
  });
});

it("q8: integers times a power of two are exact where 127 of them are met", () => {
  const values = Float32Array.from({ length: 32 }, (_, i) => (i === 5 ? -127 : 4 * i - 60) * 2 ** -9);
  const blocks = quantise(values, blockShape([1, 32]), "q8");
  expect([...blocks.scales]).toEqual([toFloat16(2 ** -9)]);
  expect(dequantise(blocks, blockShape([1, 32]))).toEqual(values);
});

it.each([1e-9, 65504, -65504, -0.375])("q4: a block of nothing but the float16 nearest to %d is exact", (value) => {
  const values = new Float32Array(32).fill(fromFloat16(toFloat16(value)));
  expect(dequantise(quantise(values, blockShape([1, 32]), "q4"), blockShape([1, 32]))).toEqual(values);
});

it("control: a scale that is only rounded to the nearest float16 does not reach the largest weight", () => {
  // 1e-5 / 127 is between one and two of the smallest float16; with one of them 127 steps end at 7.6e-6.
  expect(127 * fromFloat16(toFloat16(1e-5 / 127))).toBeLessThan(0.8e-5);
  expect(fromFloat16(quantise(new Float32Array(32).fill(1e-5), blockShape([1, 32]), "q8").scales[0] ?? 0)).toBe(2 ** -23);
});
