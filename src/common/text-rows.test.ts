// Rows that a recipe names: for texts that need more than are read without a word, and for no others.
import { expect, test } from "vitest";
import type { TextLength } from "./drawing";
import { EMPHASISED_ROWS, mayBeLong, neededRows } from "./text-rows";

const length = (rows: number, isLong = false): TextLength => ({ tokens: 60 * rows, rows, lastRow: 60, perRow: 75, isLong });

test.each<[string, TextLength, TextLength, boolean, number | undefined]>([
  ["a short text", length(1), length(1), true, undefined],
  ["a long text", length(2, true), length(1), false, 2],
  ["a long negative text that steers", length(1), length(3, true), true, 3],
  ["a long negative text that does not", length(1), length(3, true), false, undefined],
  ["as many BREAKs as are read anyway", length(EMPHASISED_ROWS), length(1), true, undefined],
  ["more of them", length(EMPHASISED_ROWS + 1), length(1), true, EMPHASISED_ROWS + 1],
  ["many rows beside a long text", length(3), length(2, true), true, 3],
])("%s", (_, prompt, negative, isSteered, rows) => expect(neededRows({ prompt, negative }, isSteered)).toBe(rows));

test("where nobody counts, nothing is said", () => expect(neededRows(undefined, true)).toBeUndefined());

test.each([
  ["a fox", false],
  ["x".repeat(75), false],
  ["x".repeat(76), true],
  ["雪".repeat(26), true],
  [Array(EMPHASISED_ROWS).fill("a fox").join(" BREAK "), false],
  [
    Array(EMPHASISED_ROWS + 1)
      .fill("a")
      .join(" BREAK "),
    true,
  ],
])("%j may be long: %j", (text, expected) => {
  expect(mayBeLong({ prompt: text, negative: "" })).toBe(expected);
  expect(mayBeLong({ prompt: "", negative: text })).toBe(expected);
});
