// A text's length is the count of the tokenizer that splits it into most tokens. Only what all encoders read of it counts as read.
import { expect, test } from "vitest";
import { textTokens } from "./texts";

const words = { maxLength: 6, count: (text: string) => text.split(" ").filter(Boolean).length };
const letters = { maxLength: 8, count: (text: string) => text.replaceAll(" ", "").length };
const nasa = { method: "nasa", scale: 0.5 } as const;

test.each([
  ["one encoder", [words], 1, { prompt: 2, negative: 1, most: 4 }],
  ["two rows of it", [words], 2, { prompt: 2, negative: 1, most: 8 }],
  ["two encoders", [words, letters], 1, { prompt: 5, negative: 3, most: 4 }],
] as const)("%s", (_, tokenizers, maxRows, expected) => {
  expect(textTokens(tokenizers, maxRows, { prompt: "a hill", negative: "fog", steering: nasa })).toEqual(expected);
});

test.each([
  ["nothing is left out", "", nasa],
  ["steering is off", "fog", { method: "none" }],
] as const)("a negative that is not read has none: %s", (_, negative, steering) => {
  expect(textTokens([words], 1, { prompt: "a hill", negative, steering })).toEqual({ prompt: 2, negative: 0, most: 4 });
});
