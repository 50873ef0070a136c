// A text's length is the count of the tokenizer that splits it into most tokens. Only what all encoders read of it counts as read. Networks
// that take turns on the GPU are brought there once for all texts of a picture.
import { expect, test } from "vitest";
import { nodeStore } from "../checkpoints/node-file";
import { openClipTokenizer } from "../tokenizer/clip-tokenizer";
import type { TextEncoder } from "./engine";
import { Texts, textTokens } from "./texts";
import { Work } from "./work";

/** Tokens of a text: a comma is 0. */
function tokenizer(maxLength: number, pieces: (text: string) => readonly string[]) {
  const tokens = (text: string): readonly number[] => pieces(text).map((piece) => (piece === "," ? 0 : 1));
  return { maxLength, tokens, count: (text: string) => tokens(text).length, row: (ids: readonly number[]) => Int32Array.from(ids) };
}

const words = tokenizer(6, (text) => text.match(/\w+|,/g) ?? []);
const letters = tokenizer(8, (text) => [...text.replaceAll(" ", "")]);
const nasa = { method: "nasa", scale: 0.5 } as const;

test.each([
  ["one encoder", [words], undefined, { prompt: 2, negative: 1, most: 4 }],
  ["two rows of it", [words], 2, { prompt: 2, negative: 1, most: 8 }],
  ["two encoders", [words, letters], undefined, { prompt: 5, negative: 3, most: 4 }],
] as const)("%s", (_, tokenizers, rows, expected) => {
  const asked = { prompt: "a hill", negative: "fog", steering: nasa };
  expect(textTokens(tokenizers, rows === undefined ? asked : { ...asked, rows })).toEqual(expected);
});

test.each([
  ["nothing is left out", "", nasa],
  ["steering is off", "fog", { method: "none" }],
] as const)("a negative that is not read has none: %s", (_, negative, steering) => {
  expect(textTokens([words], { prompt: "a hill", negative, steering })).toEqual({ prompt: 2, negative: 0, most: 4 });
});

test("of a text that is cut where rows end at commas, what is read is said and not what would fit", () => {
  const long = "a, a a a, a a a";
  const asked = { prompt: long, negative: "", steering: nasa } as const;
  // Rows of "a,", "a a a," and "a a a": eight places hold six tokens.
  expect(textTokens([words], { ...asked, rows: 2 })).toEqual({ prompt: 9, negative: 0, most: 6 });
  expect(textTokens([words], asked)).toEqual({ prompt: 9, negative: 0, most: 4 });
  expect(textTokens([words], { ...asked, rows: 3 })).toEqual({ prompt: 9, negative: 0, most: 12 });
});

test("encoders that take turns read all texts before the next one reads any, and a text that is known is not read again", async () => {
  const tokenizer = await openClipTokenizer(nodeStore("test/fixtures"), "clip-tokenizer-tiny");
  const read: string[] = [];
  const encoder = (name: string, channels: number): TextEncoder => ({
    tokenizer,
    encode: async (ids) => {
      read.push(name);
      return { hidden: new Float32Array(ids.length * channels).fill(ids[1] ?? Number.NaN), channels };
    },
  });
  const texts = new Texts([encoder("small", 1), encoder("large", 2)]);
  const reading = { emphasis: undefined, rows: undefined };
  const encode = (...asked: string[]) =>
    texts.encode(
      asked.map((text) => ({ text, reading })),
      new Work(),
    );
  const both = await encode("a hill", "fog");
  expect(read).toEqual(["small", "small", "large", "large"]);
  expect(both.map(({ channels, tokens }) => ({ channels, tokens }))).toEqual(
    [0, 1].map(() => ({ channels: 3, tokens: tokenizer.maxLength })),
  );
  expect(both[0]?.hidden[0]).not.toBe(both[1]?.hidden[0]);
  const [known, other] = await encode("fog", "snow");
  expect(read.slice(4)).toEqual(["small", "large"]);
  expect(known).toBe(both[1]);
  expect(other).not.toBe(known);
  // However many others come, a text that is asked for beside them is given back.
  for (let i = 0; i < 20; i++) expect((await encode("a hill", `${i}`))[0]?.channels).toBe(3);
});
