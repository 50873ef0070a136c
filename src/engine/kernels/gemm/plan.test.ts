import { describe, expect, it } from "vitest";
import { TRAITS } from "../../traits";
import type { ProductChoice, Tuning } from "../../tuning";
import { otherChoices, planGemm, type GemmShape, type GemmTarget } from "./plan";
import { threadsOf, TILES } from "./tile";

const on = (traits: GemmTarget["traits"], tuning?: Tuning): GemmTarget => ({ format: "f16", bindingBytes: 2 ** 27, traits, tuning });

const shape = (rows: number, columns: number, k: number, gated = false) => ({
  kind: "linear f16",
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
    {
      rule: "four products of few rows: as many workgroups together",
      at: { ...shape(64, 1280, 5120), products: 4 },
      tile: TILES.medium,
      splits: 4,
    },
    { rule: "gated: quads of value and gate in one thread, whole", at: shape(64, 2560, 1280, true), tile: TILES.wide, splits: 1 },
  ])("$rule", ({ at, tile, splits }) => {
    expect(planGemm(at, on(TRAITS.hardware))).toMatchObject({ tile, splits, direct: false, isTuned: false });
  });

  it.each(["software", "softwareWithFloat16"] as const)("never splits on %s adapters, where few threads are enough", (kind) => {
    expect(planGemm(shape(64, 1280, 11_520), on(TRAITS[kind]))).toMatchObject({ direct: true, splits: 1 });
  });
});

describe("every tile table", () => {
  it.each(Object.entries(TRAITS))("of %s has a rule for every shape", (_, traits) => {
    for (const gated of [false, true]) {
      for (const rows of [1, 33, 100_000]) {
        for (const columns of [4, 8, 36, 10_000]) expect(() => planGemm(shape(rows, columns, 64, gated), on(traits))).not.toThrow();
      }
    }
  });

  it("without a rule that always holds is found out (control)", () => {
    const traits = { ...TRAITS.hardware, gemmTiles: [{ tile: TILES.large, gated: true }] } as const;
    expect(() => planGemm(shape(64, 64, 64), on(traits))).toThrow(/tile table/);
  });
});

describe("a choice that was measured", () => {
  const named = (at: GemmShape, choice: ProductChoice) => on(TRAITS.hardware, new Map([[planGemm(at, on(TRAITS.hardware)).name, choice]]));
  const at = shape(64, 1280, 11_520);

  it("is taken for its shape and its number format, and for no other", () => {
    const target = named(at, { tile: "small", splits: 2 });
    expect(planGemm(at, target)).toMatchObject({ tile: TILES.small, splits: 2, isTuned: true });
    const table = { tile: TILES.medium, splits: 13, isTuned: false };
    expect(planGemm(at, { ...target, format: "f32" })).toMatchObject(table);
    expect(planGemm({ ...at, kind: "linear q8" }, target)).toMatchObject(table);
    expect(planGemm({ ...at, rows: 63 }, target)).toMatchObject(table);
    expect(planGemm({ ...at, products: 4 }, target)).toMatchObject({ isTuned: false });
  });

  it("that is the table's is not said to be another", () => {
    expect(planGemm(at, named(at, { tile: "medium", splits: 13 }))).toMatchObject({ isTuned: false });
  });

  it.each<[string, GemmShape, ProductChoice]>([
    ["no parts", at, { tile: "small", splits: 0 }],
    ["half a part", at, { tile: "small", splits: 1.5 }],
    ["more parts than any", at, { tile: "small", splits: 33 }],
    ["parts of less than eight slices", shape(64, 1280, 512), { tile: "small", splits: 5 }],
    ["partial sums beyond a binding", shape(65_536, 1280, 11_520), { tile: "small", splits: 2 }],
    ["value and gate in two threads", shape(64, 2560, 1280, true), { tile: "medium", splits: 1 }],
    ["a gated product in parts", shape(64, 2560, 1280, true), { tile: "large", splits: 2 }],
    ["a tile of few columns for many", at, { tile: "narrow", splits: 1 }],
  ])("and cannot be taken is no choice: %s", (_, shapeOf, choice) => {
    expect(planGemm(shapeOf, named(shapeOf, choice))).toEqual(planGemm(shapeOf, on(TRAITS.hardware)));
  });

  it("says nothing where products are computed without workgroup memory", () => {
    const software = on(TRAITS.software);
    const tuning: Tuning = new Map([[planGemm(at, software).name, { tile: "small", splits: 2 }]]);
    expect(planGemm(at, { ...software, tuning })).toEqual(planGemm(at, software));
  });
});

describe("what else is tried", () => {
  const triedFor = (at: GemmShape) =>
    otherChoices(planGemm(at, on(TRAITS.hardware)), on(TRAITS.hardware)).map(({ tile, splits }) => `${tile}/${splits}`);

  it.each([
    { at: shape(4096, 320, 2880), tried: ["large/1", "small/1", "wide/1", "medium/2"] },
    { at: shape(256, 1280, 23_040), tried: ["large/7", "small/1", "wide/1", "medium/2", "medium/8"] },
    { at: shape(4096, 2560, 320, true), tried: ["wide/1", "thin/1"] },
    { at: shape(262_144, 4, 1152), tried: ["narrow/2"] },
  ])("is a handful: $tried", ({ at, tried }) => expect(triedFor(at)).toEqual(tried));
});
