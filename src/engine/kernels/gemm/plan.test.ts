import { describe, expect, it } from "vitest";
import { TRAITS } from "../../traits";
import { planGemm } from "./plan";
import { threadsOf, TILES } from "./tile";

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
    { rule: "few columns, as many rows as the wide tile needs: whole", at: shape(4096, 64, 576), tile: TILES.wide, splits: 1 },
    { rule: "few rows, long reduction: split", at: shape(64, 1280, 11_520), tile: TILES.medium, splits: 13 },
    { rule: "few rows, short reduction: parts of at least eight slices", at: shape(64, 64, 512), tile: TILES.medium, splits: 4 },
    { rule: "one row: the small tile, split", at: shape(1, 1280, 480), tile: TILES.small, splits: 3 },
    { rule: "a split in two would save ten slices: whole", at: shape(1, 1280, 320), tile: TILES.small, splits: 1 },
    { rule: "three columns", at: shape(262_144, 4, 1152), tile: TILES.narrow, splits: 1 },
    { rule: "gated: quads of value and gate in one thread, whole", at: shape(64, 2560, 1280, true), tile: TILES.wide, splits: 1 },
  ])("$rule", ({ at, tile, splits }) => {
    expect(planGemm(at, TRAITS.hardware)).toEqual({ tile, splits, direct: false });
  });

  it.each(["software", "softwareWithFloat16"] as const)("never splits on %s adapters, where few threads are enough", (kind) => {
    expect(planGemm(shape(64, 1280, 11_520), TRAITS[kind])).toMatchObject({ direct: true, splits: 1 });
  });
});

describe("every tile table", () => {
  it.each(Object.entries(TRAITS))("of %s has a rule for every shape", (_, traits) => {
    for (const gated of [false, true]) {
      for (const rows of [1, 33, 100_000]) {
        for (const columns of [4, 8, 36, 10_000]) expect(() => planGemm(shape(rows, columns, 64, gated), traits)).not.toThrow();
      }
    }
  });

  it("without a rule that always holds is found out (control)", () => {
    const traits = { ...TRAITS.hardware, gemmTiles: [{ tile: TILES.large, gated: true }] } as const;
    expect(() => planGemm(shape(64, 64, 64), traits)).toThrow(/tile table/);
  });
});
