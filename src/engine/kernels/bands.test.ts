import { describe, expect, it } from "vitest";
import type { Tensor } from "../tensor";
import { alignedWindow, bandsOf, sourceOf } from "./bands";

const same = (units: { begin: number; end: number }) => units;
const tensor = (shape: readonly number[]): Tensor => ({ id: 0, shape, element: "activation" });

describe("bandsOf splits work so that every window fits a binding", () => {
  const x = tensor([1, 100, 30]); // 128 bytes a row in float32

  it("leaves tensors that fit whole", () => {
    const bands = bandsOf(100, { x: { tensor: x, rows: same } }, { bindingBytes: 100 * 128, format: "f32" });
    expect(bands).toHaveLength(1);
    expect(bands.map(({ windows }) => sourceOf(windows.x))).toEqual([{ tensor: x }]);
  });

  it.each([100 * 128 - 1, 5000, 1024, 512])("covers every row once within %d bytes", (bindingBytes) => {
    const bands = bandsOf(100, { x: { tensor: x, rows: same } }, { bindingBytes, format: "f32" });
    const seen = bands.flatMap(({ units }) => Array.from({ length: units.end - units.begin }, (_, i) => units.begin + i));
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i));
    for (const { units, windows } of bands) {
      expect(windows.x.begin).toBeLessThanOrEqual(units.begin);
      expect(windows.x.end).toBe(units.end);
      expect((windows.x.begin * 128) % 256).toBe(0);
      expect((windows.x.end - windows.x.begin) * 128).toBeLessThanOrEqual(bindingBytes);
    }
  });

  it("counts a halo and cuts it at the ends", () => {
    const halo = (units: { begin: number; end: number }) => ({ begin: units.begin - 1, end: units.end + 1 });
    const bands = bandsOf(100, { x: { tensor: x, rows: halo } }, { bindingBytes: 60 * 128, format: "f32" });
    expect(bands.map(({ windows }) => [windows.x.begin, windows.x.end])).toEqual([
      [0, 51],
      [48, 100],
    ]);
  });

  it.each([100, 99, 50, 30])("gives each band at most %d units", (most) => {
    const bands = bandsOf(100, { x: { tensor: x, rows: same } }, { bindingBytes: 100 * 128, format: "f32" }, most);
    const sizes = bands.map(({ units }) => units.end - units.begin);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(most);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
    expect(bands).toHaveLength(Math.ceil(100 / Math.max(...sizes)));
  });

  it("refuses a row larger than a binding", () => {
    expect(() => bandsOf(100, { x: { tensor: x, rows: same } }, { bindingBytes: 100, format: "f32" })).toThrow(/binding/);
  });
});

describe("alignedWindow starts at a multiple of 256 bytes", () => {
  it.each([
    { channels: 4, format: "f32", begin: 17, aligned: 16 },
    { channels: 4, format: "f16", begin: 33, aligned: 32 },
    { channels: 5, format: "f32", begin: 9, aligned: 8 },
    { channels: 64, format: "f32", begin: 9, aligned: 9 },
    { channels: 12, format: "f16", begin: 31, aligned: 0 },
  ] as const)("$channels channels in $format from row $begin", ({ channels, format, begin, aligned }) => {
    expect(alignedWindow(tensor([1, 40, channels]), { begin, end: 40 }, format)).toMatchObject({ begin: aligned, end: 40 });
  });
});
