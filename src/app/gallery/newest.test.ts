// The row of newest pictures while one is being packed: it is there once, from the beginning, with its own pixels.
import { describe, expect, test, vi } from "vitest";
import { RECIPE } from "../../common/testing/fakes";
import type { Recipe } from "../../common/recipe";
import { createAppStore } from "../state";
import { idOf } from "./entry";
import { createGallery, keepingInMemory } from "./gallery";
import { newestRows } from "./newest";

const recipeOf = (seed: string): Recipe => ({ ...RECIPE, seed, width: 8, height: 8 });
const drawn = (seed: string) => ({ recipe: recipeOf(seed), picture: { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(9) } });

function open() {
  const store = createAppStore("");
  const gallery = createGallery(store, keepingInMemory());
  const rows = () =>
    newestRows(store.getState().gallery).map(({ recipe, entry, picture }) => [recipe.seed, entry !== undefined, picture !== undefined]);
  return { gallery, rows };
}

describe("a picture that was just drawn", () => {
  test("stands there before it is kept, and once", async () => {
    const { gallery, rows } = open();
    await gallery.keep(drawn("1"));
    const keeping = gallery.keep(drawn("2"));
    expect(rows()).toEqual([
      ["2", false, true],
      ["1", true, false],
    ]);
    await keeping;
    expect(rows()).toEqual([
      ["2", true, false],
      ["1", true, false],
    ]);
  });

  test("takes a place at once, unless somebody likes what stands there", async () => {
    const { gallery, rows } = open();
    await gallery.keep(drawn("1"));
    const keeping = gallery.keep(drawn("2"), recipeOf("1"));
    expect(rows().map(([seed]) => seed)).toEqual(["2"]);
    await keeping;
    await gallery.favour(idOf(recipeOf("2")), true);
    const other = gallery.keep(drawn("3"), recipeOf("2"));
    expect(rows().map(([seed]) => seed)).toEqual(["3", "2"]);
    await other;
  });

  test("leaves the row if it cannot be packed", async () => {
    const store = createAppStore("");
    const makeThumbnail = vi.fn<() => Promise<Blob>>(async () => Promise.reject(new Error("no canvas")));
    const gallery = createGallery(store, { ...keepingInMemory(), makeThumbnail });
    await gallery.keep(drawn("1"));
    expect(makeThumbnail).toHaveBeenCalled();
    expect(newestRows(store.getState().gallery)).toEqual([]);
  });
});
