// Features of a time against the formula in float64. An angle is rounded to float32 three times,
// 6e-8 relative each: 2e-4 at t = 1095.5. The third decimal is 5e-4, and a wrong frequency is far beyond that.
import { describe, expect, it } from "vitest";
import { sinusoid } from "./sinusoid";

describe("sinusoidal features", () => {
  it.each([
    { values: [999], dimension: 320, cosineFirst: true, frequencyShift: 0 },
    { values: [0, 0.5, 1], dimension: 6, cosineFirst: false, frequencyShift: 1 },
    { values: [1095.5], dimension: 7, cosineFirst: true, frequencyShift: 0 },
  ])("%o", ({ values, dimension, ...options }) => {
    const features = sinusoid(values, dimension, options);
    const half = dimension >> 1;
    values.forEach((value, row) => {
      for (let i = 0; i < half; i++) {
        const angle = value * 10_000 ** (-i / (half - options.frequencyShift));
        const [cosine, sine] = options.cosineFirst ? [i, half + i] : [half + i, i];
        expect(features[row * dimension + cosine]).toBeCloseTo(Math.cos(angle), 3);
        expect(features[row * dimension + sine]).toBeCloseTo(Math.sin(angle), 3);
      }
      if (dimension % 2 === 1) expect(features[(row + 1) * dimension - 1]).toBe(0);
    });
  });

  it("control: the order of the halves matters", () => {
    expect(sinusoid([3], 8)).not.toEqual(sinusoid([3], 8, { cosineFirst: false }));
  });
});
