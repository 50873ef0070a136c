import { describe, expect, it } from "vitest";
import type { KernelTarget } from "../../kernel";
import { planGemm, threadsOf, TILES } from "./tile";

const HARDWARE: KernelTarget = {
  format: "f32",
  half: true,
  sizes: "constant",
  workgroupBytes: 16_384,
  invocations: 256,
  bindingBytes: 2 ** 27,
  software: false,
};

const shape = (rows: number, columns: number, k: number, gated = false) => ({
  rows,
  columns,
  slices: (depth: number) => Math.ceil(k / depth),
  gated,
});

describe("every tile fits the limits all adapters have, and is copied in whole loads", () => {
  it.each(Object.entries(TILES))("%s", (_, tile) => {
    const threads = threadsOf(tile);
    const [a, w] = [(tile.rows * tile.depth) / 4, (tile.depth * tile.columns) / 4];
    expect(threads).toBeLessThanOrEqual(256);
    expect((a + w) * 16).toBeLessThanOrEqual(16_384);
    // A thread keeps its quad from load to load.
    expect(threads % (tile.depth / 4)).toBe(0);
    expect(threads % (tile.columns / 4)).toBe(0);
    expect(a % threads).toBe(0);
    expect(w < threads ? 0 : w % threads).toBe(0);
    // Multiply-adds in the loop's body: more compile slowly on some drivers.
    expect(tile.threadRows * tile.threadColumns * 4).toBeLessThanOrEqual(512);
  });
});

describe("planGemm", () => {
  it.each([
    { rule: "many rows: the large tile, whole", at: shape(16_384, 320, 2880), tile: TILES.large, splits: 1 },
    { rule: "a middling level: the medium tile, whole", at: shape(1024, 640, 5760), tile: TILES.medium, splits: 1 },
    { rule: "few rows, long reduction: split", at: shape(64, 1280, 11_520), tile: TILES.medium, splits: 13 },
    { rule: "few rows, short reduction: parts of at least eight slices", at: shape(64, 64, 256), tile: TILES.medium, splits: 2 },
    { rule: "one row: the small tile, split", at: shape(1, 1280, 320), tile: TILES.small, splits: 2 },
    { rule: "three columns", at: shape(262_144, 4, 1152), tile: TILES.narrow, splits: 1 },
    { rule: "gated: quads of value and gate in one thread, whole", at: shape(64, 2560, 1280, true), tile: TILES.wide, splits: 1 },
  ])("$rule", ({ at, tile, splits }) => {
    expect(planGemm(at, HARDWARE)).toEqual({ tile, splits, direct: false });
  });

  it("never splits on software adapters, where few threads are enough", () => {
    expect(planGemm(shape(64, 1280, 11_520), { ...HARDWARE, software: true })).toMatchObject({ direct: true, splits: 1 });
  });
});
