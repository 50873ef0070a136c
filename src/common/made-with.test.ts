// What made a picture, as its recipe says it.
import { describe, expect, test } from "vitest";
import { madeBy } from "./made-with";
import { parseRecipe } from "./recipe";
import { FACTS, RECIPE } from "./testing/fakes";

describe("a picture's recipe", () => {
  test("says what made it in place of what it said before", () => {
    const asked = { ...RECIPE, revision: "0123456789ab", weights: "q8" } as const;
    expect(madeBy(FACTS, asked)).toEqual(RECIPE);
    expect(madeBy({ ...FACTS, revision: "b261bac6fd2c" }, asked)).toEqual({ ...RECIPE, revision: "b261bac6fd2c" });
  });

  test("says the smallest numbers of its networks, and nothing of float16 and of graphs", () => {
    const withParts = (...formats: ("f16" | "q8" | "q4" | undefined)[]) =>
      madeBy({ parts: formats.map((weights) => ({ name: "unet", engine: "wgsl", byteLength: 1, ...(weights && { weights }) })) }, RECIPE);
    expect(withParts("f16", "q8")).toEqual({ ...RECIPE, weights: "q8" });
    expect(withParts("q8", "q4", "f16")).toEqual({ ...RECIPE, weights: "q4" });
    expect(withParts("f16", undefined)).toEqual(RECIPE);
  });

  test.each([
    ["revision", "main"],
    ["revision", "B261BAC6FD2C"],
    ["revision", "b261bac6fd2"],
    ["revision", 12],
    ["weights", "q2"],
    ["weights", 8],
  ])("with %s %j is refused by that field", (field, value) => {
    expect(() => parseRecipe({ ...RECIPE, [field]: value })).toThrow(expect.objectContaining({ code: "invalid-input", detail: { field } }));
  });

  test("of float16 is the same whether it says so or not", () => expect(parseRecipe({ ...RECIPE, weights: "f16" })).toEqual(RECIPE));
});
