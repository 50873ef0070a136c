// How many pictures go together, beside what memory allows, which memory-turns.test.ts looks at.
import { expect, test } from "vitest";
import { Batches } from "./batches";

const SIZE = { width: 512, height: 512 };
const ROOM = { together: (wanted: number) => Math.min(wanted, 4) };

test("as many as there is room for; one where the adapter gains too little, or has turned out to have too little memory", () => {
  const batches = new Batches(ROOM, true);
  batches.took(1, 1, SIZE);
  expect([1, 3, 4, 9].map((wanted) => batches.of(wanted, "nasa", SIZE))).toEqual([1, 3, 4, 4]);
  expect(new Batches(ROOM, false).of(4, "nasa", SIZE)).toBe(1);
  batches.stop();
  expect(batches.of(4, "nasa", SIZE)).toBe(1);
});

test("one where nobody knows yet how long a step takes, unless it may take as long as it likes", () => {
  expect(new Batches(ROOM, true).of(4, "nasa", SIZE)).toBe(1);
  expect(new Batches(ROOM, true, Infinity).of(4, "nasa", SIZE)).toBe(4);
});

test("fewer where a step would take longer than somebody likes to wait, by what the last one took", () => {
  const batches = new Batches(ROOM, true);
  batches.took(400, 1, SIZE);
  expect(batches.of(4, "nasa", SIZE)).toBe(4);
  batches.took(1_700, 1, SIZE);
  expect(batches.of(4, "nasa", SIZE)).toBe(2);
  expect(batches.of(4, "nasa", { width: 256, height: 256 }), "a small one is quicker").toBe(4);
  batches.took(40_000, 2, SIZE);
  expect(batches.of(4, "nasa", SIZE)).toBe(1);
  batches.took(4_000, 4, SIZE);
  expect(batches.of(4, "nasa", SIZE)).toBe(4);
});
