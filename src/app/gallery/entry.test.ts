// What lies in storage is read with care, and what has not changed stays the same object.
import { expect, test } from "vitest";
import { parseEntry, reconciled } from "./entry";
import { entry } from "./testing/entries";

test("an entry is read as it was written", () => {
  expect(parseEntry(structuredClone(entry()))).toEqual(entry());
});

test.each([
  ["nothing", undefined],
  ["a text", "entry"],
  ["no small copy", { ...entry(), thumbnail: undefined }],
  ["a date that is none", { ...entry(), date: "today" }],
  ["a recipe that is none", { ...entry(), recipe: { prompt: "a hill" } }],
  ["an id of another recipe", { ...entry(), id: "prompt=other" }],
])("what is no entry is left out: %s", (_, value) => {
  expect(parseEntry(value)).toBeUndefined();
});

test("entries that have not changed stay the objects that they were", () => {
  const old = [entry({ seed: "1" }), entry({ seed: "2" })];
  const fresh = [entry({ seed: "1" }), entry({ seed: "2", isFavourite: true }), entry({ seed: "3" })];
  const [first, second, third] = reconciled(old, fresh);
  expect(first).toBe(old[0]);
  expect([second, third]).toEqual([fresh[1], fresh[2]]);
  expect(second).not.toBe(old[1]);
});
