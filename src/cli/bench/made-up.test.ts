// Made-up weights: both forms are the same numbers, and no row of a matrix is another's copy.
import { expect, test } from "vitest";
import { fromFloat16 } from "../../common/float16";
import { MadeUpWeights } from "./made-up";

const weights = new MadeUpWeights();

test.each([
  ["a matrix", "mid.to_q.weight", [40, 300]],
  ["a convolution longer than the list that all are cut from", "conv.weight", [128, 256, 3, 3]],
  ["a norm's scale", "norm.weight", [300]],
  ["a bias", "conv.bias", [300]],
])("%s is the same in float16 bits", (_, key, shape) => {
  const floats = weights.floats(key, shape);
  const halves = weights.halves(key, shape);
  expect(floats).toHaveLength(shape.reduce((left, right) => left * right));
  expect(Float32Array.from(halves, fromFloat16)).toEqual(floats);
});

test("a product keeps the size of what it reads, and a norm scales by about 1", () => {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const matrix = weights.floats("to_q.weight", [64, 1024]);
  const gain = Math.sqrt(1024 * mean(matrix.map((value) => value ** 2)));
  expect(gain).toBeGreaterThan(0.7);
  expect(gain).toBeLessThan(1.5);
  expect(mean(weights.floats("norm.weight", [1024]))).toBeCloseTo(1, 1);
});

test("tensors differ, and so do the rows of one", () => {
  const [one, other] = [weights.floats("a.weight", [16, 300]), weights.floats("b.weight", [16, 300])];
  expect(one).not.toEqual(other);
  expect(one.subarray(0, 300)).not.toEqual(one.subarray(300, 600));
});
