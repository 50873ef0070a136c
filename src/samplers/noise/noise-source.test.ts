// A variation is exact at both ends, and in between it keeps the length of noise and comes steadily nearer to the other seed.
import { describe, expect, test } from "vitest";
import { noiseOf } from "./noise-source";
import { slerp } from "./slerp";
import { TorchGenerator } from "./torch-generator";

const COUNT = 4 * 32 * 32;
const seeded = (seed: number) => new TorchGenerator(BigInt(seed)).randn(COUNT);
const lengthOf = (values: Float32Array) => Math.hypot(...values);
const distance = (left: Float32Array, right: Float32Array) => lengthOf(left.map((value, i) => value - (right[i] ?? Number.NaN)));
const varied = (...variations: readonly { readonly seed: string; readonly strength: number }[]) => noiseOf({ seed: "1", variations });

describe("the way between two samples", () => {
  const [from, to] = [seeded(1), seeded(2)];

  test("begins at one and ends at the other, bit for bit", () => {
    expect(slerp(from, to, 0)).toEqual(from);
    expect(slerp(from, to, 1)).toEqual(to);
  });

  test("keeps the length of noise, where a mean is shorter", () => {
    const [shorter, longer] = [lengthOf(from), lengthOf(to)].toSorted((left, right) => left - right);
    const middle = lengthOf(slerp(from, to, 0.5));
    expect(middle).toBeGreaterThan(0.99 * (shorter ?? 0));
    expect(middle).toBeLessThan(1.01 * (longer ?? 0));
    expect(lengthOf(from.map((value, i) => (value + (to[i] ?? 0)) / 2)), "control").toBeLessThan(0.8 * middle);
  });

  test("is that of the definition, on two directions at a right angle", () => {
    const third = slerp(Float32Array.of(1, 0), Float32Array.of(0, 1), 1 / 3);
    expect(third[0]).toBeCloseTo(Math.cos(Math.PI / 6), 6);
    expect(third[1]).toBeCloseTo(Math.sin(Math.PI / 6), 6);
  });

  test("is straight where both point the same way, or opposite ways", () => {
    expect(slerp(Float32Array.of(1, 2), Float32Array.of(2, 4), 0.5)).toEqual(Float32Array.of(1.5, 3));
    expect(slerp(Float32Array.of(1, 2), Float32Array.of(-1, -2), 0.5)).toEqual(Float32Array.of(0, 0));
  });
});

describe("a recipe's noise", () => {
  const two = (source: (count: number) => Float32Array) => [source(COUNT), source(COUNT)];

  test.each([
    ["no variation", noiseOf({ seed: "1" }), "1"],
    ["one of strength 0", varied({ seed: "2", strength: 0 }), "1"],
    ["one of strength 1", varied({ seed: "2", strength: 1 }), "2"],
    ["the last of several of strength 1", varied({ seed: "2", strength: 0.4 }, { seed: "3", strength: 1 }), "3"],
  ])("with %s is one seed's, in every draw", (_, source, seed) => {
    expect(two(source)).toEqual(two(noiseOf({ seed })));
  });

  test("comes nearer to the other seed the stronger the variation is", () => {
    const other = seeded(2);
    const distances = [0, 0.1, 0.5, 0.9].map((strength) => distance(varied({ seed: "2", strength })(COUNT), other));
    expect(distances).toEqual(distances.toSorted((left, right) => right - left));
    expect(new Set(distances).size).toBe(4);
  });
});
