// What `generate` says of options that recipes do not have.
import { expect, test } from "vitest";
import { unsaidInRecipe } from "./unsaid";

test("options that are not in the recipe are named, with their values", () => {
  expect(unsaidInRecipe({ sampler: "euler", prediction: undefined })).toContain("does not say --sampler euler: without it");
  expect(unsaidInRecipe({ sampler: "tcd", prediction: "epsilon" })).toContain("--sampler tcd and --prediction epsilon: without them");
});

test("control: without them nothing is said", () => {
  expect(unsaidInRecipe({ sampler: undefined, prediction: undefined })).toBeUndefined();
});
