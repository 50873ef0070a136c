// A remark about a text holds for the text that was drawn, and for no other.
import { expect, test } from "vitest";
import type { Drawing } from "../common/drawing";
import { FACTS, RECIPE } from "../common/testing/fakes";
import { readBeforeCut } from "./cut-text";
import { FIRST_DRAFT } from "./draft";

const DRAFT = { ...FIRST_DRAFT, prompt: "a hill\nat night", negative: "fog" };

/** What was drawn from `DRAFT`, whose line break became a space. */
const drawn = (prompt: number, negative: number): Drawing => ({
  recipe: { ...RECIPE, prompt: "a hill at night", negative: "fog", steering: { method: "none" } },
  picture: { width: 1, height: 1, data: new Uint8ClampedArray(4) },
  timings: { load: 0, compile: 0, encode: 1, denoise: [1], decode: 1 },
  tokens: { prompt, negative, most: 75 },
  model: FACTS,
});

test.each([
  ["nothing is drawn yet", undefined, undefined, undefined],
  ["both fit", drawn(75, 75), undefined, undefined],
  ["the prompt is cut", drawn(76, 75), 75, undefined],
  ["what is left out is cut", drawn(75, 76), undefined, 75],
])("%s", (_, shown, prompt, negative) => {
  expect(readBeforeCut("prompt", DRAFT, shown)).toBe(prompt);
  expect(readBeforeCut("negative", DRAFT, shown)).toBe(negative);
});

test("once the text is changed nothing is known of it", () => {
  expect(readBeforeCut("prompt", { ...DRAFT, prompt: "a hill" }, drawn(76, 76))).toBeUndefined();
  expect(readBeforeCut("negative", { ...DRAFT, prompt: "a hill" }, drawn(76, 76))).toBe(75);
});
