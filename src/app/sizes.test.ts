// Sizes keep the ratio and the number of pixels as well as the model's multiples allow.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_SIDE, MIN_SIDE } from "../common/limits";
import { isUntrained, nearestSide, RATIOS, shownShare, sizeOfRatio } from "./sizes";

const SD = { defaultSize: 512, sizeMultiple: 8 };

test.each([
  ["1:1", 512, 512],
  ["4:3", 592, 440],
  ["3:2", 624, 416],
  ["16:9", 680, 384],
])("%s at 512 is %d x %d, and the other way round upright", (name, long, short) => {
  const ratio = RATIOS.find((each) => each.name === name)?.ratio ?? 0;
  expect(sizeOfRatio(ratio, false, SD)).toEqual({ width: long, height: short });
  expect(sizeOfRatio(ratio, true, SD)).toEqual({ width: short, height: long });
});

test("every ratio of every model is a size that it draws, with the model's number of pixels", () => {
  const frames = fc.record({ defaultSize: fc.integer({ min: 128, max: 1024 }), sizeMultiple: fc.constantFrom(8, 16, 64) });
  fc.assert(
    fc.property(frames, fc.constantFrom(...RATIOS), fc.boolean(), (frame, { ratio }, isUpright) => {
      const { width, height } = sizeOfRatio(ratio, isUpright, frame);
      expect([width % frame.sizeMultiple, height % frame.sizeMultiple]).toEqual([0, 0]);
      const off = frame.sizeMultiple / 2;
      expect(Math.abs(Math.max(width, height) - frame.defaultSize * Math.sqrt(ratio))).toBeLessThanOrEqual(off);
      expect(Math.abs(Math.min(width, height) - frame.defaultSize / Math.sqrt(ratio))).toBeLessThanOrEqual(off);
    }),
  );
});

test.each([
  [300, 16, 304],
  [0, 16, MIN_SIDE],
  [1e9, 16, MAX_SIDE],
  [3, 64, 64],
])("%d in multiples of %d is %d", (side, multiple, expected) => expect(nearestSide(side, multiple)).toBe(expected));

test("a size the model was not trained at is told, and a small picture is shown small", () => {
  expect(isUntrained({ width: 512, height: 512 }, SD)).toBe(false);
  expect(isUntrained({ width: 512, height: 520 }, SD)).toBe(true);
  expect(shownShare({ width: 680, height: 384 }, SD)).toBe(1);
  expect(shownShare({ width: 230.4, height: 230.4 }, SD)).toBeCloseTo(0.5, 9);
});
