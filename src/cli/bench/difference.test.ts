import { describe, expect, it } from "vitest";
import { relativeDifference } from "./difference";

describe("relativeDifference is RMS error over RMS value", () => {
  const right = Float32Array.of(3, -4, 0, 12);
  it.each([
    { rule: "equal arrays", left: [3, -4, 0, 12], difference: 0 },
    { rule: "one value off by 1.3", left: [3, -4, 1.3, 12], difference: 0.1 },
    { rule: "another length", left: [3, -4, 0], difference: Infinity },
    { rule: "a value that is not a number", left: [3, Number.NaN, 0, 12], difference: Infinity },
  ])("$rule", ({ left, difference }) => {
    expect(relativeDifference(Float32Array.from(left), right)).toBeCloseTo(difference, 6);
  });

  it("refuses an all-zero pair, which proves nothing", () => {
    expect(relativeDifference(new Float32Array(4), new Float32Array(4))).toBe(Infinity);
  });
});
