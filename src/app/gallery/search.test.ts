// Words find pictures as people type them.
import { expect, test } from "vitest";
import { found } from "./search";
import { entry } from "./testing/entries";

const CAFE = entry({ seed: "1", prompt: "A Café in the snow", negative: "people" });
const FOX = entry({ seed: "2", prompt: "a red fox", isFavourite: true });
const HILL = entry({ seed: "3", prompt: "丘の上の灯台" });
const ALL = [CAFE, FOX, HILL];

test.each([
  ["", ALL],
  ["   ", ALL],
  ["cafe", [CAFE]],
  ["SNOW café", [CAFE]],
  ["snow fox", []],
  ["people", [CAFE]],
  ["灯台", [HILL]],
  ["(.*", []],
])("%j", (words, expected) => {
  expect(found(ALL, { words, favouritesOnly: false })).toEqual(expected);
});

test("favourites alone, with and without words", () => {
  expect(found(ALL, { words: "", favouritesOnly: true })).toEqual([FOX]);
  expect(found(ALL, { words: "snow", favouritesOnly: true })).toEqual([]);
});
