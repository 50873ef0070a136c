import { describe, expect, it } from "vitest";
import { evaluate, random, roundToFloat16 } from "../../testing/evaluate";
import { VARIANTS } from "../../testing/variants";
import { toRgbaReference } from "./reference";

const CASES = [
  { name: "RGB", shape: [1, 4, 8, 3] },
  { name: "width not a multiple of four", shape: [2, 3, 7, 3] },
  { name: "a fourth channel is not alpha", shape: [1, 2, 5, 4] },
  { name: "bands of 4 KiB", shape: [2, 16, 21, 3], bindingBytes: 4096 },
] as const;

// No value lies within float32 rounding of the edge between two bytes: levels are byte + 0.01 to byte + 0.4.
function input(shape: readonly number[]): Float32Array<ArrayBuffer> {
  return random(
    shape.reduce((product, length) => product * length, 1),
    1,
  ).map((value) => {
    const level = Math.round(value * 120 + 127) + 0.2;
    return roundToFloat16((level / 255 - 0.5) * 2);
  });
}

const bytes = (packed: ArrayLike<number>) => Array.from(packed).flatMap((p) => [p & 255, (p >>> 8) & 255, (p >>> 16) & 255, p >>> 24]);

describe("to-rgba rounds to the nearest byte and packs red first", () => {
  for (const variant of VARIANTS) {
    const { format, target } = variant;
    it.each(CASES)(`$name (${variant.variant})`, async ({ shape, ...rest }) => {
      const x = input(shape);
      const { y } = await evaluate(
        (g) => g.output("y", g.toRgba(g.input("x", shape, "run"), { scale: 0.5, shift: 0.5 })),
        { inputs: { x } },
        { format, target: { ...target, ...rest } },
      );
      expect(bytes(y ?? [])).toEqual(bytes(toRgbaReference(x, shape[3], 0.5, 0.5)));
    });
  }
});

describe("to-rgba clears pixels that are not finite", () => {
  it.each(["f32", "f16"] as const)("NaN and both infinities (%s)", async (format) => {
    const x = Float32Array.of(0, 0, 0, Number.NaN, 0, 0, 0, Number.POSITIVE_INFINITY, 1, 0, 1, Number.NEGATIVE_INFINITY, 65504, -65504, 1);
    const { y } = await evaluate(
      (g) => g.output("y", g.toRgba(g.input("x", [1, 1, 5, 3], "run"), { scale: 1, shift: 0 })),
      { inputs: { x } },
      { format },
    );
    expect(Array.from(y ?? [])).toEqual([0xff000000, 0, 0, 0, 0xffff00ff]);
  });
});

describe("control: the packing has an order", () => {
  it("red and blue differ", () => {
    expect(toRgbaReference([1, 0, 0], 3, 1, 0)).not.toEqual(toRgbaReference([0, 0, 1], 3, 1, 0));
  });
});
