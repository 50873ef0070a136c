// A rate is of the last seconds, and of bytes that stay.
import { expect, test } from "vitest";
import { Rate } from "./rate";

test("it is known after a second, and follows the line", () => {
  const rate = new Rate();
  expect(rate.add(0, 0)).toBeUndefined();
  expect(rate.add(100, 500)).toBeUndefined();
  expect(rate.add(2_000, 1_000)).toBe(2_000);
  for (let second = 2; second <= 20; second++) rate.add(2_000 + second, second * 1_000);
  expect(rate.add(2_021, 21_000), "the fast first second is forgotten").toBeCloseTo(1, 9);
});

test("X6 a clock that stands or goes back gives no rate, and so nobody waits for a negative time", () => {
  const rate = new Rate();
  rate.add(0, 10_000);
  expect(rate.add(1_000, 10_000)).toBeUndefined();
  expect(rate.add(2_000, 4_000)).toBeUndefined();
  expect(rate.add(3_000, 12_000)).toBe(1_500);
});

test("bytes that are taken back give no negative rate", () => {
  const rate = new Rate();
  rate.add(0, 0);
  rate.add(5_000, 1_000);
  expect(rate.add(1_000, 2_000)).toBeUndefined();
  expect(rate.add(3_000, 3_000)).toBe(2_000);
});
