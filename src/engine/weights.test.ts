// Rules of packing: each layout puts every checkpoint value where ops.ts says, and
// zeros elsewhere. Values are small integers, exact in float16, told apart by place.
import { describe, expect, test } from "vitest";
import { fromFloat16, toFloat16 } from "./float16";
import type { Weight } from "./ops";
import { product } from "./tensor";
import { packedBytes, packWeight } from "./weights";

/** Packs parts filled with 1, 2, 3, ... and gives the values back. */
function packed(weight: Weight): number[] {
  let next = 1;
  const parts = weight.shapes.map((shape) => Uint16Array.from({ length: product(shape) }, () => toFloat16(next++)));
  const bits = packWeight(weight, parts);
  expect(bits.byteLength).toBe(packedBytes(weight));
  return Array.from(bits, fromFloat16);
}

describe("packed weights", () => {
  test("vector: padded with zeros to a multiple of four", () => {
    expect(packed({ layout: "vector", keys: ["a"], shapes: [[3]] })).toEqual([1, 2, 3, 0]);
  });

  test("matrix: [n, k] becomes [k4][n4]", () => {
    expect(packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3]] })).toEqual([1, 4, 0, 0, 2, 5, 0, 0, 3, 6, 0, 0, 0, 0, 0, 0]);
  });

  test("matrix: a 1x1 convolution packs as the linear it is", () => {
    const linear = packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3]] });
    expect(packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3, 1, 1]] })).toEqual(linear);
  });

  test("convolution: [n, k, kh, kw] becomes [tap][k4][n4]", () => {
    const values = packed({ layout: "convolution", keys: ["a"], shapes: [[1, 2, 1, 2]] });
    const tap = (first: number, second: number) => [first, 0, 0, 0, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(values).toEqual([...tap(1, 3), ...tap(2, 4)]);
  });

  test("table: rows padded, order kept", () => {
    expect(packed({ layout: "table", keys: ["a"], shapes: [[2, 3]] })).toEqual([1, 2, 3, 0, 4, 5, 6, 0]);
  });

  test("several keys stand side by side along n", () => {
    const weight: Weight = {
      layout: "matrix",
      keys: ["q", "k"],
      shapes: [
        [4, 1],
        [4, 1],
      ],
    };
    expect(packed(weight).slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("interleaved: value and gate alternate in blocks of four", () => {
    const weight: Weight = { layout: "vector", keys: ["a"], shapes: [[16]], interleaved: true };
    expect(packed(weight)).toEqual([1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8, 13, 14, 15, 16]);
  });

  test("a part of the wrong length is a bug, not a silent zero", () => {
    const weight: Weight = { layout: "vector", keys: ["a"], shapes: [[3]] };
    expect(() => packWeight(weight, [new Uint16Array(2)])).toThrow(/a has 2 values, not 3/);
  });
});
