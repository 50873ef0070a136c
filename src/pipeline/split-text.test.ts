// What becomes of a text's words: all tokens of its rows are keys, but of parts that count negatively, and of a text that is asked for its
// words, the words alone are.
import { describe, expect, test } from "vitest";
import type { ClipTokenizer } from "../tokenizer/clip-tokenizer";
import { splitText } from "./split-text";

/** Rows of four tokens between begin (100) and end (101); a word's token is its length. */
function tokenizer(pieces: (text: string) => readonly string[]): ClipTokenizer {
  const row = (content: readonly number[]) => Int32Array.from({ length: 6 }, (_, i) => [100, ...content.slice(0, 4), 101][i] ?? 102);
  const tokens = (text: string) => pieces(text).map(({ length }) => length);
  return {
    maxLength: 6,
    beginId: 100,
    endId: 101,
    padId: 102,
    vocabularySize: 103,
    tokens,
    row,
    count: (text) => tokens(text).length,
    encode: (text) => row(tokens(text)),
  };
}

const words = tokenizer((text) => text.match(/\w+/g) ?? []);
const letters = tokenizer((text) => [...text.replaceAll(/\W/g, "")]);

const read = (text: string, wordsOnly = false, tokenizers = [words]) =>
  splitText(tokenizers, text, { emphasis: "a1111", rows: undefined, wordsOnly }).map((row) => ({
    ids: row.read.map(({ ids }) => [...ids].filter((id) => id < 100).join(" ")),
    weights: row.read[0]?.weights && [...row.read[0].weights.subarray(1, 5)].map((weight) => Math.round(weight * 1e6) / 1e6),
    sign: row.sign,
    words: row.words,
  }));

describe("rows of a text", () => {
  test("a part with a weight below 0 is a row by itself, of whose tokens the words are keys", () => {
    expect(read("a (bb:-1.5) ccc")).toEqual([
      { ids: ["1 3"], weights: undefined, sign: 1, words: undefined },
      { ids: ["2"], weights: [1.5, 1, 1, 1], sign: -1, words: 1 },
    ]);
  });

  test("a prompt of nothing but such a part still has its row", () => {
    expect(read("(bb:-1)").map(({ ids, sign }) => [ids, sign])).toEqual([
      [[""], 1],
      [["2"], -1],
    ]);
  });

  test("where words alone are asked for, a text of none has no keys", () => {
    expect(read("a bb", true)).toEqual([{ ids: ["1 2"], weights: undefined, sign: 1, words: 2 }]);
    expect(read("()", true).map((row) => row.words)).toEqual([0]);
  });

  test("two encoders read rows beside each other, with as many keys as the one that needs more", () => {
    expect(read("a (bbb:-1)", false, [words, letters])).toEqual([
      { ids: ["1", "1"], weights: undefined, sign: 1, words: undefined },
      { ids: ["3", "1 1 1"], weights: undefined, sign: -1, words: 3 },
    ]);
  });

  test("without emphasis a bracket is text", () => {
    expect(splitText([words], "(bb:-1)", { emphasis: undefined, rows: undefined })).toHaveLength(1);
  });
});
