import { describe, expect, test } from "vitest";
import { spansOf } from "../common/emphasis";
import { emphasised, weightedRows } from "./weighted-rows";

const [BEGIN, END, PAD] = [100, 101, 102];

/** Rows of four tokens between begin and end; a word's token is its length. */
const tokenizer = {
  maxLength: 6,
  tokens: (text: string) =>
    text
      .split(" ")
      .filter(Boolean)
      .map(({ length }) => length),
  row: (content: readonly number[]) => Int32Array.from({ length: 6 }, (_, i) => [BEGIN, ...content.slice(0, 4), END][i] ?? PAD),
};

const rows = (prompt: string, maxRows = 8) =>
  weightedRows(tokenizer, spansOf(prompt), maxRows).map(({ ids, weights }) => [
    [...ids],
    weights === undefined ? undefined : [...weights].map((weight) => Math.round(weight * 1e6) / 1e6),
  ]);

describe("rows", () => {
  test("a plain text has no weights", () => {
    expect(rows("a bb ccc")).toEqual([[[BEGIN, 1, 2, 3, END, PAD], undefined]]);
    expect(rows("")).toEqual([[[BEGIN, END, PAD, PAD, PAD, PAD], undefined]]);
  });

  test("a token has the weight of its part, and begin, end and padding have 1", () => {
    expect(rows("a (bb ccc:1.5)")).toEqual([
      [
        [BEGIN, 1, 2, 3, END, PAD],
        [1, 1, 1.5, 1.5, 1, 1],
      ],
    ]);
  });

  test("a long text fills row after row, and is cut after the last that may be", () => {
    const long = "a (bb ccc dddd eeeee:2) ffffff";
    expect(rows(long)).toEqual([
      [
        [BEGIN, 1, 2, 3, 4, END],
        [1, 1, 2, 2, 2, 1],
      ],
      [
        [BEGIN, 5, 6, END, PAD, PAD],
        [1, 2, 1, 1, 1, 1],
      ],
    ]);
    expect(rows(long, 1)).toHaveLength(1);
    expect(rows("a bb ccc dddd")).toHaveLength(1);
  });

  test("BREAK ends a row early, and rows are never empty for it", () => {
    expect(rows("a BREAK bb").map(([ids]) => ids)).toEqual([
      [BEGIN, 1, END, PAD, PAD, PAD],
      [BEGIN, 2, END, PAD, PAD, PAD],
    ]);
    expect(rows("BREAK a BREAK BREAK bb BREAK")).toHaveLength(2);
  });
});

describe("weights on states", () => {
  // Two tokens of two channels. Multiplied: 1, 2, 6, 8, of mean 17 / 4; the mean before is 10 / 4.
  const row = { hidden: Float32Array.of(1, 2, 3, 4), channels: 2, pooled: Float32Array.of(9) };

  test("multiply a token's states and keep the row's mean", () => {
    const { hidden, pooled } = emphasised(row, Float32Array.of(1, 2));
    const expected = [1, 2, 6, 8].map((value) => value * (10 / 17));
    for (const [i, value] of expected.entries()) expect(hidden[i]).toBeCloseTo(value, 6);
    expect(hidden.reduce((sum, value) => sum + value, 0)).toBeCloseTo(10, 5);
    expect(pooled).toBe(row.pooled);
  });

  test("without any, the very same states come back", () => {
    expect(emphasised(row, undefined)).toBe(row);
  });

  test("a mean that weights cancel out is left alone", () => {
    const { hidden } = emphasised({ hidden: Float32Array.of(1, 1), channels: 1 }, Float32Array.of(1, -1));
    expect([...hidden]).toEqual([1, -1]);
  });
});
