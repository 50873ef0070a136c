// Which pictures make room for others, and which never do.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { takenBy, whatGoes } from "./budget";
import { RECIPE } from "../../common/testing/fakes";
import { idOf } from "./entry";
import { entry } from "./testing/entries";

describe("what goes when the room is full", () => {
  const ids = (entries: readonly { readonly id: string }[]) => entries.map(({ id }) => id);

  test("the oldest, as many as have to", () => {
    const entries = [entry({ seed: "1", date: 3 }), entry({ seed: "2", date: 1 }), entry({ seed: "3", date: 2 })];
    const [, oldest, next] = entries;
    expect(whatGoes(entries, 300)).toEqual([]);
    expect(whatGoes(entries, 299)).toEqual([oldest]);
    expect(whatGoes(entries, 100)).toEqual([oldest, next]);
  });

  test("no favourite, and nothing that has just come, even where that leaves it too full", () => {
    const liked = entry({ seed: "1", date: 1, isFavourite: true });
    const fresh = entry({ seed: "2", date: 0 });
    expect(whatGoes([liked, fresh], 10, { stay: new Set([fresh.id]) })).toEqual([]);
    expect(whatGoes([liked, fresh], 10), "control").toEqual([fresh]);
  });

  test("with the last picture that was drawn over another goes that one, and its bytes", () => {
    const start = { picture: "a".repeat(32), strength: 0.5 };
    const over = (seed: string, date: number) => {
      const recipe = { ...RECIPE, seed, start };
      return { ...entry({ date }), recipe, id: idOf(recipe) };
    };
    const entries = [over("1", 1), over("2", 2), entry({ seed: "3", date: 3 })];
    const starts = new Map([
      [start.picture, 1000],
      ["nobody's", 5000],
    ]);
    expect(takenBy(entries, starts)).toBe(1300);
    expect(ids(whatGoes(entries, 1299, { starts }))).toEqual(ids(entries.slice(0, 1)));
    expect(ids(whatGoes(entries, 1199, { starts })), "two go with it, and that is enough").toEqual(ids(entries.slice(0, 2)));
    expect(ids(whatGoes(entries, 100, { starts }))).toEqual(ids(entries.slice(0, 2)));
  });

  test("whatever there is: afterwards it fits or only what stays is left, and nothing older than a picture that goes is spared", () => {
    const entries = fc.array(fc.record({ date: fc.nat(50), isFavourite: fc.boolean(), byteLength: fc.nat(1000) }), { maxLength: 30 });
    fc.assert(
      fc.property(entries, fc.nat(10_000), (rows, budget) => {
        const all = rows.map((row, index) => entry({ ...row, seed: String(index) }));
        const going = whatGoes(all, budget);
        const gone = new Set(ids(going));
        const left = all.filter(({ id }) => !gone.has(id));
        expect(takenBy(left) <= budget || left.every(({ isFavourite }) => isFavourite)).toBe(true);
        expect(going.some(({ isFavourite }) => isFavourite)).toBe(false);
        const youngest = Math.max(0, ...going.map(({ date }) => date));
        expect(going.length === 0 || left.every(({ date, isFavourite }) => isFavourite || date >= youngest)).toBe(true);
        // The last that goes had to.
        expect(going.length === 0 || takenBy(left) + (going.at(-1)?.byteLength ?? 0) > budget).toBe(true);
      }),
    );
  });
});
