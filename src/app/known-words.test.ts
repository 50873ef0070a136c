// Words a model was not taught are found whatever they are written with, and words it was taught are left alone.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FIRST_DRAFT } from "./draft";
import { promptIdea } from "./ideas";
import { unknownWords } from "./known-words";

const KNOWN = new Set(["a", "by", "the", "city", "mountains", "lighthouse", "hot", "air", "balloon", "fortress", "café"]);

test.each([
  ["known words in any case and with any marks between", "A LIGHTHOUSE, by… (the) city!", []],
  ["a word that is not known, as it is written", "a Bicycle by the city", ["Bicycle"]],
  ["each once", "bicycle, bicycle and BICYCLE", ["bicycle", "and"]],
  ["the plural of a known word, and its singular", "lighthouses, cities, fortresses, a mountain", []],
  ["possessives", "the lighthouse's balloon, the city’s, the lighthouses' air", []],
  ["a possessive of an unknown word", "the dragon's city", ["dragon's"]],
  ["parts of a word with a hyphen", "hot-air balloon, hot-dog", ["dog"]],
  ["numbers and signs are no words", "3 lighthouses, 2.5 × 100 % — 🚲 #1", []],
  ["letters beside numbers are", "4k 3D", ["4k", "3D"]],
  ["a known word inside another one", "superlighthouse", ["superlighthouse"]],
  ["accents, composed or not", "cafe\u0301, café, cafè", ["cafè"]],
  ["ligatures and full-width letters, which the tokenizer mends", "ｌｉｇｈｔｈｏｕｓｅ, \ufb01sh", ["fish"]],
  ["every script", "маяк 灯塔，日落 מגדלור", ["маяк", "灯塔", "日落", "מגדלור"]],
  ["nothing of what is never read", `${"city ".repeat(2_000)} bicycle`, []],
  ["an empty text", " \n\u0000", []],
])("%s: %s", (_, text, expected) => {
  expect(unknownWords(text, KNOWN)).toEqual(expected);
});

test("Vignette knows the words of the first prompt, and of every idea the page has", () => {
  const list: readonly string[] = JSON.parse(readFileSync("models/vignette/words.json", "utf8"));
  const known = new Set(list);
  expect(unknownWords(FIRST_DRAFT.prompt, known)).toEqual([]);
  for (let turn = 0; turn < 500; turn++) expect(unknownWords(promptIdea(), known)).toEqual([]);
  expect(unknownWords("control: a lighthouse on a bicycle", known)).toEqual(["control", "bicycle"]);
});
