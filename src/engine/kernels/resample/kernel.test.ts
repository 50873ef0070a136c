import { describe, expect, it } from "vitest";
import { compare, evaluate, expectClose, random } from "../../testing/evaluate";
import { VARIANTS } from "../../testing/variants";
import { averagePoolReference, resizeNearestReference, type Resampling } from "./reference";

type Case = Resampling & { readonly bindingBytes?: number };

const RESIZES: readonly Case[] = [
  { batch: 1, channels: 8, from: [4, 5], to: [8, 10] },
  { batch: 2, channels: 3, from: [5, 7], to: [10, 14] },
  { batch: 2, channels: 4, from: [5, 7], to: [9, 13] },
  { batch: 1, channels: 6, from: [9, 8], to: [4, 3] },
  { batch: 3, channels: 12, from: [6, 10], to: [12, 20], bindingBytes: 8192 },
  { batch: 2, channels: 4, from: [20, 16], to: [10, 24], bindingBytes: 4096 },
];

const POOLS: readonly Case[] = [
  { batch: 1, channels: 8, from: [4, 6], to: [2, 3] },
  { batch: 2, channels: 3, from: [5, 7], to: [2, 3] },
  { batch: 3, channels: 12, from: [12, 16], to: [6, 8], bindingBytes: 8192 },
];

const input = ({ batch, channels, from }: Case) => random(batch * from[0] * from[1] * channels, 1);

describe("nearest resize takes torch's source pixel exactly", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(RESIZES)(`$from to $to, $channels channels, batch $batch (${variant.variant})`, async (test) => {
      const x = input(test);
      const { y } = await evaluate(
        (g) => g.output("y", g.resizeNearest(g.input("x", [test.batch, ...test.from, test.channels], "run"), ...test.to)),
        { inputs: { x } },
        { format, target: { ...target, ...(test.bindingBytes ? { bindingBytes: test.bindingBytes } : {}) } },
      );
      expect(Array.from(y ?? [])).toEqual(Array.from(resizeNearestReference(x, test)));
    });
  }
});

describe("average pool is the mean of 2 x 2 pixels", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(POOLS)(`$from to $to, $channels channels, batch $batch (${variant.variant})`, async (test) => {
      const x = input(test);
      const { y } = await evaluate(
        (g) => g.output("y", g.averagePool(g.input("x", [test.batch, ...test.from, test.channels], "run"))),
        { inputs: { x } },
        { format, target: { ...target, ...(test.bindingBytes ? { bindingBytes: test.bindingBytes } : {}) } },
      );
      // f32: three additions of 2^-24. f16: one rounding of the result, 2^-11 at most.
      expectClose(y ?? [], averagePoolReference(x, test), format === "f16" ? 2 ** -11 : 2 ** -22);
    });
  }
});

describe("control: the comparison sees a wrong result", () => {
  it("a pool is not a resize", () => {
    const test = { batch: 1, channels: 4, from: [4, 4], to: [2, 2] } as const;
    const x = input(test);
    expect(compare(averagePoolReference(x, test), resizeNearestReference(x, test)).relative).toBeGreaterThan(0.1);
  });
});
