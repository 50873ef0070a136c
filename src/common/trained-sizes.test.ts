// Which of the trained sizes a picture is drawn as goes by its number of pixels alone, by ratio.
import fc from "fast-check";
import { expect, test } from "vitest";
import { trainedFor, usualSide, type TrainedSizes } from "./trained-sizes";

const TWO: TrainedSizes = [
  { side: 256, multiple: 8 },
  { side: 512, multiple: 16 },
];

test.each([
  [256, 256, 256],
  [384, 256, 256],
  [512, 512, 512],
  [768, 512, 512],
  [64, 64, 256],
  [2048, 2048, 512],
  // Twice as many pixels as one, and half as many as the other.
  [512, 256, 256],
  [528, 256, 512],
])("%d x %d is drawn as %d x the same", (width, height, side) => {
  expect(trainedFor({ width, height }, TWO).side).toBe(side);
  expect(trainedFor({ width: height, height: width }, TWO).side, "either way up").toBe(side);
});

test("it is the nearest by ratio, of any number of sizes; control: with one size it is that one", () => {
  const sides = fc.uniqueArray(fc.integer({ min: 16, max: 2048 }), { minLength: 1, maxLength: 4 });
  const side = fc.integer({ min: 16, max: 4096 });
  fc.assert(
    fc.property(sides, side, side, (trained, width, height) => {
      const [first = 0, ...others] = trained.toSorted((left, right) => left - right);
      const sizeOf = (each: number) => ({ side: each, multiple: 1 });
      const chosen = trainedFor({ width, height }, [sizeOf(first), ...others.map(sizeOf)]).side;
      const distance = (each: number) => Math.abs(Math.log((width * height) / each ** 2));
      const nearest = Math.min(...trained.map(distance));
      expect(distance(chosen)).toBeLessThanOrEqual(nearest + 1e-9);
    }),
  );
});

test("where pictures come quickly the largest is drawn, elsewhere the smallest", () => {
  expect([usualSide(TWO, true), usualSide(TWO, false)]).toEqual([512, 256]);
  const one: TrainedSizes = [{ side: 64, multiple: 8 }];
  expect([usualSide(one, true), usualSide(one, false)]).toEqual([64, 64]);
});
