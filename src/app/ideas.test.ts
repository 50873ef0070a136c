// Prompts that are made up read as sentences.
import { expect, test } from "vitest";
import { promptIdea } from "./ideas";

test("every idea is a sentence", () => {
  for (const corner of [0, 0.5, 0.999_999]) expect(promptIdea(() => corner)).toMatch(/^[a-z ]+, in [a-z]+, [a-z ]+, [a-z ]+$/);
});
