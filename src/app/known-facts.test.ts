// What the page says of a model before it is loaded is what it says afterwards, as far as the catalogue knows it.
import { expect, test } from "vitest";
import { FIRST_DRAFT } from "./draft";
import { knownFactsOf } from "./known-facts";
import { strings } from "./strings";
import { MODEL } from "./testing/fake-app";

const LOADING = { kind: "loading", progress: undefined, share: 0 } as const;

test("while it loads, from the catalogue", () => {
  const outline = knownFactsOf({ draft: FIRST_DRAFT, model: LOADING });
  expect(outline).toMatchObject({
    title: "Vignette",
    license: { id: "MIT", commercial: true },
    weightBytes: expect.any(Number),
    defaultSize: 256,
    maxSteps: 4,
  });
  expect(knownFactsOf({ draft: { ...FIRST_DRAFT, seed: "8" }, model: LOADING }), "the same object, which React asks for").toBe(outline);
});

test("once it is loaded, from the model; control: of a model that nobody knows there is nothing to say", () => {
  expect(knownFactsOf({ draft: FIRST_DRAFT, model: { kind: "ready", facts: MODEL } })).toBe(MODEL);
  expect(knownFactsOf({ draft: { ...FIRST_DRAFT, model: "nobody-s" }, model: LOADING })).toBeUndefined();
});

test("a licence that forbids selling is said where the model is named; control: another is named alone", () => {
  const line = (commercial: boolean) => strings.modelLine({ title: "A", license: { id: "CC", commercial } }, undefined, false);
  expect(line(false)).toBe("A · CC, not for commercial use");
  expect(line(true)).toBe("A · CC");
});
