// The gallery without a page: what is kept, what two tabs do to each other, and what a disk that is full leaves.
import { describe, expect, test, vi } from "vitest";
import { RECIPE } from "../../common/testing/fakes";
import type { Recipe } from "../../common/recipe";
import { decodePng } from "../../image/png";
import { createAppStore } from "../state";
import { takenBy } from "./budget";
import type { Drawn } from "./encoding";
import { idOf } from "./entry";
import { createGallery, keepingInMemory, type Keeping, type OtherTabs } from "./gallery";
import { memoryShelf, type Shelf } from "./shelf";

function drawn(change: Partial<Recipe> = {}): Drawn {
  const recipe = { ...RECIPE, ...change };
  const data = new Uint8ClampedArray(4 * recipe.width * recipe.height).map((_, index) => (index % 4 === 3 ? 255 : index));
  return { recipe, picture: { width: recipe.width, height: recipe.height, data } };
}

/** A clock that ticks whenever somebody looks. */
function open(keep: Partial<Keeping> = {}, startOf?: Parameters<typeof createGallery>[2]) {
  const store = createAppStore("");
  let now = 0;
  const gallery = createGallery(store, { ...keepingInMemory(), clock: () => ++now, ...keep }, startOf);
  return { gallery, state: () => store.getState().gallery, seeds: () => store.getState().gallery.entries.map(({ recipe }) => recipe.seed) };
}

/** Tabs that hear each other. */
function tabs(): () => OtherTabs {
  const listeners = new Set<() => void>();
  return () => {
    let own: (() => void) | undefined;
    return {
      tell: () => [...listeners].filter((listen) => listen !== own).forEach((listen) => listen()),
      onTold(listen) {
        own = listen;
        listeners.add(listen);
      },
    };
  };
}

/** A shelf whose disk can be filled. */
function fullable(): { readonly shelf: Shelf; isFull: boolean } {
  const inner = memoryShelf();
  const made = {
    isFull: false,
    shelf: {
      ...inner,
      change: (decide: Parameters<Shelf["change"]>[0]) =>
        inner.change((contents) => {
          const change = decide(contents);
          if (made.isFull && (change.put?.length ?? 0) > 0) throw new DOMException("no room", "QuotaExceededError");
          return change;
        }),
    },
  };
  return made;
}

describe("a picture", () => {
  test("comes back as it was, its file holds it and its recipe, and the newest comes first", async () => {
    const { gallery, seeds } = open();
    for (const seed of ["1", "2"]) await gallery.keep(drawn({ seed }));
    expect(seeds()).toEqual(["2", "1"]);
    expect(await gallery.pictureOf({ ...RECIPE, seed: "1" })).toEqual(drawn({ seed: "1" }));
    const file = new Uint8Array((await (await gallery.fileOf({ ...RECIPE, seed: "1" }))?.arrayBuffer()) ?? new ArrayBuffer());
    expect((await decodePng(file)).data).toEqual(drawn().picture.data);
    expect(new TextDecoder().decode(file)).toContain('"seed":"1"');
  });

  test("that is drawn again is one entry, newer than before, and liked as before", async () => {
    const { gallery, state, seeds } = open();
    await gallery.keep(drawn({ seed: "1" }));
    await gallery.favour(idOf({ ...RECIPE, seed: "1" }), true);
    await gallery.keep(drawn({ seed: "2" }));
    await gallery.keep(drawn({ seed: "1" }));
    expect(seeds()).toEqual(["1", "2"]);
    expect(state().entries[0]?.isFavourite).toBe(true);
  });

  test("that takes another's place leaves a favourite alone", async () => {
    const { gallery, seeds } = open();
    for (const seed of ["1", "2"]) await gallery.keep(drawn({ seed }));
    await gallery.favour(idOf({ ...RECIPE, seed: "1" }), true);
    await gallery.keep(drawn({ seed: "3" }), { ...RECIPE, seed: "2" });
    await gallery.keep(drawn({ seed: "4" }), { ...RECIPE, seed: "1" });
    expect(seeds()).toEqual(["4", "3", "1"]);
  });

  test("is the newest though the clock was set back meanwhile", async () => {
    let now = 5_000;
    const { gallery, seeds } = open({ clock: () => now });
    await gallery.keep(drawn({ seed: "1" }));
    now = 1_000;
    for (const seed of ["2", "3"]) await gallery.keep(drawn({ seed }));
    expect(seeds()).toEqual(["3", "2", "1"]);
  });

  test("is the newest though the one before, of the same moment, is not kept yet", async () => {
    const { gallery, seeds } = open({ clock: () => 5_000 });
    const order = ["1", "2", "3", "4", "5", "6"];
    await Promise.all(order.map((seed) => gallery.keep(drawn({ seed }))));
    expect(seeds()).toEqual(order.toReversed());
  });

  test("whose file has rotted is as one that is not there", async () => {
    const shelf = memoryShelf();
    const { gallery } = open({ shelf });
    await gallery.keep(drawn());
    await shelf.change(({ entries }) => ({ put: entries.map((entry) => ({ entry, file: new Blob(["rot"]) })) }));
    expect(await gallery.pictureOf(RECIPE)).toBeUndefined();
  });

  test("that is removed can be brought back where it was, once", async () => {
    const { gallery, seeds, state } = open();
    for (const seed of ["1", "2", "3"]) await gallery.keep(drawn({ seed }));
    await gallery.remove(idOf({ ...RECIPE, seed: "2" }));
    expect(seeds()).toEqual(["3", "1"]);
    expect(await gallery.fileOf({ ...RECIPE, seed: "2" })).toBeUndefined();
    await gallery.restore();
    await gallery.restore();
    expect(seeds()).toEqual(["3", "2", "1"]);
    expect(state().removed).toBeUndefined();
    expect(await gallery.pictureOf({ ...RECIPE, seed: "2" })).toEqual(drawn({ seed: "2" }));
  });
});

describe("room", () => {
  test("the oldest make way for a new one, favourites stay", async () => {
    const { gallery, seeds, state } = open();
    await gallery.keep(drawn({ seed: "1" }));
    const [first] = state().entries;
    await gallery.favour(first?.id ?? "", true);
    await gallery.keep(drawn({ seed: "2" }));
    await gallery.allow(2.5 * (first?.byteLength ?? 0));
    await gallery.keep(drawn({ seed: "3" }));
    expect(seeds()).toEqual(["3", "1"]);
  });

  test("less of it takes nothing away before somebody agrees", async () => {
    const { gallery, seeds, state } = open();
    for (const seed of ["1", "2", "3"]) await gallery.keep(drawn({ seed }));
    const small = 1.5 * (state().entries[0]?.byteLength ?? 0);
    const before = state().budget;
    await gallery.allow(small);
    expect(seeds()).toEqual(["3", "2", "1"]);
    expect(state()).toMatchObject({ askedBudget: { budget: small, goes: 2 }, budget: before });
    await gallery.allow(small, true);
    expect(seeds()).toEqual(["3"]);
    expect(state()).toMatchObject({ askedBudget: undefined, budget: small });
  });
});

describe("what pictures were drawn over", () => {
  const [one, other] = ["1".repeat(32), "2".repeat(32)] as const;
  const over = (picture: string, seed: string) => drawn({ seed, start: { picture, strength: 0.5 } });
  const startOf = async ({ start }: Recipe) => start && { name: start.picture, file: new Blob([`a large picture, ${start.picture}`]) };
  const idOver = (picture: string, seed: string) => idOf(over(picture, seed).recipe);

  test("is kept once beside them, counted once, and goes with the last of them", async () => {
    const shelf = memoryShelf();
    const { gallery, state } = open({ shelf }, startOf);
    for (const seed of ["1", "2"]) await gallery.keep(over(one, seed));
    await gallery.keep(over(other, "3"));
    await gallery.keep(drawn({ seed: "4" }));
    expect([...state().starts]).toEqual([one, other].map((name) => [name, 49]));
    expect(takenBy(state().entries, state().starts)).toBe(takenBy(state().entries) + 2 * 49);
    expect(await (await shelf.start(one))?.text()).toContain(one);
    await gallery.remove(idOver(one, "1"));
    expect([...state().starts.keys()], "another was drawn over it too").toEqual([one, other]);
    await gallery.remove(idOver(one, "2"));
    expect([...state().starts.keys()]).toEqual([other]);
    expect(await shelf.start(one)).toBeUndefined();
    await gallery.restore();
    expect(await (await shelf.start(one))?.text(), "it comes back with the picture").toContain(one);
  });

  test("takes room, and pictures make way for it", async () => {
    const shelf = memoryShelf();
    const { gallery, seeds, state } = open({ shelf }, startOf);
    await gallery.keep(over(one, "1"));
    await gallery.keep(over(other, "2"));
    const size = state().entries[0]?.byteLength ?? 0;
    const thirdSize = size + 49;
    await gallery.allow(2 * thirdSize + 48);
    await gallery.keep(drawn({ seed: "3" }));
    expect(seeds()).toEqual(["3", "2"]);
    expect([...state().starts.keys()]).toEqual([other]);
  });

  test("waits with a picture that could not be kept", async () => {
    const disk = fullable();
    const { gallery, state } = open({ shelf: disk.shelf }, startOf);
    await gallery.keep(drawn({ seed: "1" }));
    disk.isFull = true;
    await gallery.keep(over(one, "2"));
    expect([...state().starts.keys()]).toEqual([]);
    disk.isFull = false;
    await gallery.remove(idOf({ ...RECIPE, seed: "1" }));
    expect([...state().starts.keys()]).toEqual([one]);
  });
});

describe("two tabs", () => {
  test("have one gallery: each sees what the other does, and nothing is lost", async () => {
    const shelf = memoryShelf();
    const next = tabs();
    const [left, right] = [open({ shelf, tabs: next() }), open({ shelf, tabs: next(), clock: () => 1_000 })];
    await left.gallery.begin();
    await right.gallery.begin();
    await Promise.all([left.gallery.keep(drawn({ seed: "1" })), right.gallery.keep(drawn({ seed: "2" }))]);
    await left.gallery.favour(idOf({ ...RECIPE, seed: "2" }), true);
    await vi.waitFor(() => {
      expect(right.state().entries.find(({ recipe }) => recipe.seed === "2")?.isFavourite).toBe(true);
      expect(right.seeds().toSorted()).toEqual(["1", "2"]);
    });
    await right.gallery.remove(idOf({ ...RECIPE, seed: "1" }));
    await vi.waitFor(() => expect(left.seeds()).toEqual(["2"]));
  });

  test("one likes what the other has just removed: it stays removed", async () => {
    const shelf = memoryShelf();
    const [left, right] = [open({ shelf }), open({ shelf })];
    await left.gallery.keep(drawn());
    await right.gallery.begin();
    await left.gallery.remove(idOf(RECIPE));
    await right.gallery.favour(idOf(RECIPE), true);
    expect((await shelf.read()).entries).toEqual([]);
    expect(right.seeds()).toEqual([]);
  });
});

describe("a disk that is full", () => {
  test("loses nothing and says so, and what waited is kept once there is room", async () => {
    const disk = fullable();
    const { gallery, seeds, state } = open({ shelf: disk.shelf });
    await gallery.keep(drawn({ seed: "1" }));
    disk.isFull = true;
    await gallery.keep(drawn({ seed: "2" }));
    await gallery.keep(drawn({ seed: "3" }));
    expect(seeds()).toEqual(["3", "2", "1"]);
    expect(state().problem).toBe("full");
    expect([...state().unkept]).toEqual([idOf({ ...RECIPE, seed: "2" }), idOf({ ...RECIPE, seed: "3" })]);
    expect(await gallery.pictureOf({ ...RECIPE, seed: "3" })).toEqual(drawn({ seed: "3" }));
    await gallery.favour(idOf({ ...RECIPE, seed: "3" }), true);
    disk.isFull = false;
    await gallery.remove(idOf({ ...RECIPE, seed: "1" }));
    expect(state()).toMatchObject({ problem: undefined, unkept: new Set() });
    const { entries } = await disk.shelf.read();
    expect(entries.map(({ recipe, isFavourite }) => [recipe.seed, isFavourite])).toEqual([
      ["3", true],
      ["2", false],
    ]);
  });

  test("or a browser that keeps nothing: pictures last for the visit", async () => {
    const denied = (): Promise<never> => Promise.reject(new DOMException("denied", "SecurityError"));
    const { gallery, seeds, state } = open({ shelf: { read: denied, file: denied, start: denied, change: denied } });
    await gallery.begin();
    await gallery.keep(drawn());
    expect(seeds()).toEqual(["7"]);
    expect(state().problem).toBe("denied");
    expect(await gallery.pictureOf(RECIPE)).toEqual(drawn());
    await gallery.remove(idOf(RECIPE));
    expect(seeds()).toEqual([]);
  });
});
