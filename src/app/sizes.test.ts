// Sizes keep the ratio and the number of pixels as well as the model's multiples allow.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_SIDE, MIN_SIDE } from "../common/limits";
import { trainedFor, type TrainedSize } from "../common/trained-sizes";
import { isUntrained, nearestSide, nearestSize, RATIOS, scaledTo, shownShare, sizeOfRatio } from "./sizes";

const SD = { side: 512, multiple: 8 };
const TWO: { readonly trainedSizes: readonly [TrainedSize, TrainedSize] } = {
  trainedSizes: [
    { side: 256, multiple: 8 },
    { side: 512, multiple: 16 },
  ],
};

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
  const frames = fc.record({ side: fc.integer({ min: 128, max: 1024 }), multiple: fc.constantFrom(8, 16, 64) });
  fc.assert(
    fc.property(frames, fc.constantFrom(...RATIOS), fc.boolean(), (frame, { ratio }, isUpright) => {
      const { width, height } = sizeOfRatio(ratio, isUpright, frame);
      expect([width % frame.multiple, height % frame.multiple]).toEqual([0, 0]);
      const off = frame.multiple / 2;
      expect(Math.abs(Math.max(width, height) - frame.side * Math.sqrt(ratio))).toBeLessThanOrEqual(off);
      expect(Math.abs(Math.min(width, height) - frame.side / Math.sqrt(ratio))).toBeLessThanOrEqual(off);
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
  const known = { trainedSizes: [SD] } as const;
  expect(isUntrained({ width: 512, height: 512 }, known)).toBe(false);
  expect(isUntrained({ width: 512, height: 520 }, known)).toBe(true);
  expect(shownShare({ width: 680, height: 384 }, known)).toBe(1);
  expect(shownShare({ width: 230.4, height: 230.4 }, known)).toBeCloseTo(0.5, 9);
});

describe("a model that was trained at two sizes", () => {
  const square = (side: number) => ({ width: side, height: side });

  test("was trained at both, and fills its room with either; control: at no other size", () => {
    expect([256, 512, 384].map((side) => isUntrained(square(side), TWO))).toEqual([false, false, true]);
    expect([256, 512].map((side) => shownShare(square(side), TWO))).toEqual([1, 1]);
  });

  test.each(RATIOS)("in $name, the same ratio of the other size is that ratio's own", ({ ratio }) => {
    const [small, large] = TWO.trainedSizes.map((trained) => sizeOfRatio(ratio, true, trained));
    if (small === undefined || large === undefined) throw new Error("there are two");
    expect(scaledTo(TWO.trainedSizes[1], small, TWO)).toEqual(large);
    expect(scaledTo(TWO.trainedSizes[0], large, TWO)).toEqual(small);
    expect(scaledTo(TWO.trainedSizes[0], small, TWO)).toEqual(small);
  });

  test.each([
    [64, 96],
    [384, 384],
    [1024, 1024],
  ])("at %d x %d either of the two can be chosen: that is the one then, in the same ratio", (width, height) => {
    for (const trained of TWO.trainedSizes) {
      const size = scaledTo(trained, { width, height }, TWO);
      expect(trainedFor(size, TWO.trainedSizes)).toBe(trained);
      expect(size.width / size.height).toBeCloseTo(width / height, 1);
    }
  });

  test("what is typed becomes a size that it draws, whichever of the two that is near", () => {
    const sides = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(sides, sides, (width, height) => {
        const size = nearestSize({ width, height }, TWO);
        const { multiple } = trainedFor(size, TWO.trainedSizes);
        expect([size.width % multiple, size.height % multiple]).toEqual([0, 0]);
        expect(nearestSize(size, TWO), "it stays").toEqual(size);
      }),
    );
  });
});
