import { describe, expect, test } from "vitest";
import { spansOf } from "../common/emphasis";
import { MOST_TEXT_ROWS } from "../common/limits";
import { emphasised, textLength, weightedRows } from "./weighted-rows";

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

const rows = (prompt: string, maxRows = 8, endsAtCommas = false) =>
  weightedRows(tokenizer, spansOf(prompt), { maxRows, endsAtCommas }).map(({ ids, weights }) => [
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

describe("rows that end at commas", () => {
  const ended = (prompt: string, maxRows = 8) => rows(prompt, maxRows, true).map(([ids]) => ids);

  test("a row that is full ends at its last comma, as in the web UI of AUTOMATIC1111", () => {
    // A token is its word's length, so that a word of one letter is a comma here.
    expect(ended("bb , ccc dddd eeeee")).toEqual([
      [BEGIN, 2, 1, END, PAD, PAD],
      [BEGIN, 3, 4, 5, END, PAD],
    ]);
    // Control: without a comma, and with one that ends the row anyway.
    expect(ended("bb ff ccc dddd eeeee")).toEqual([
      [BEGIN, 2, 2, 3, 4, END],
      [BEGIN, 5, END, PAD, PAD, PAD],
    ]);
    expect(ended("bb ff ccc , eeeee")).toEqual([
      [BEGIN, 2, 2, 3, 1, END],
      [BEGIN, 5, END, PAD, PAD, PAD],
    ]);
  });

  test("a comma that comes after a full row begins the next, and what went before stays", () => {
    expect(ended("bb , ccc dddd , eeeee")).toEqual([
      [BEGIN, 2, 1, 3, 4, END],
      [BEGIN, 1, 5, END, PAD, PAD],
    ]);
  });

  test("weights go with their tokens", () => {
    expect(rows("bb , (ccc dddd eeeee:2)", 8, true)[1]).toEqual([
      [BEGIN, 3, 4, 5, END, PAD],
      [1, 2, 2, 2, 1, 1],
    ]);
  });

  test("no further back than 19 tokens", () => {
    const wide = { ...tokenizer, maxLength: 32, row: (content: readonly number[]) => Int32Array.from(content) };
    const first = (behind: number) =>
      weightedRows(wide, spansOf(`${"bb ".repeat(29 - behind)}, ${"ccc ".repeat(behind + 1)}`), { maxRows: 2, endsAtCommas: true })[0]?.ids;
    expect(first(19)).toHaveLength(11);
    expect(first(20)).toHaveLength(30);
  });

  test("a text that fits is the same by either rule", () => {
    for (const text of ["", "a", "bb , ccc", "a BREAK bb , ccc", "bb ccc dddd eeeee"]) expect(rows(text, 8, true)).toEqual(rows(text));
  });
});

test("a text's length, and whether it is longer than a row", () => {
  const length = (text: string) => textLength(tokenizer, spansOf(text));
  expect(length("bb ccc")).toEqual({ tokens: 2, rows: 1, lastRow: 2, perRow: 4, isLong: false });
  expect(length("")).toEqual({ tokens: 0, rows: 1, lastRow: 0, perRow: 4, isLong: false });
  expect(length("bb ccc dddd eeeee")).toMatchObject({ rows: 1, isLong: false });
  expect(length("bb ccc dddd eeeee ffffff")).toEqual({ tokens: 5, rows: 2, lastRow: 1, perRow: 4, isLong: true });
  expect(length("bb BREAK ccc")).toMatchObject({ tokens: 2, rows: 2, isLong: false });
  expect(length("bb ".repeat(100))).toMatchObject({ tokens: 100, rows: MOST_TEXT_ROWS, isLong: true });
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
