// What made a picture, as its recipe says it.
import { describe, expect, test } from "vitest";
import { madeBy, withoutMadeWith } from "./made-with";
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

  test("says networks that computed in float32, and the files of LoRAs that are merged; of others what it said", () => {
    const asked = {
      ...RECIPE,
      inFloat32: ["denoiser"] as const,
      loras: [
        { name: "ink", weight: 1, hash: "0123456789ab" },
        { name: "far", weight: 2, hash: "b261bac6fd2c" },
      ],
    };
    const merged = { ...FACTS, inFloat32: ["autoencoder"] as const, loras: [{ name: "ink", weight: 1, hash: "ba9876543210" }] };
    expect(madeBy(merged, asked)).toEqual({
      ...RECIPE,
      inFloat32: ["autoencoder"],
      loras: [
        { name: "ink", weight: 1, hash: "ba9876543210" },
        { name: "far", weight: 2, hash: "b261bac6fd2c" },
      ],
    });
    expect(madeBy(FACTS, { ...RECIPE, inFloat32: ["denoiser"] })).toEqual(RECIPE);
    expect(withoutMadeWith({ ...asked, revision: "b261bac6fd2c", weights: "q8" })).toEqual({
      ...RECIPE,
      loras: [
        { name: "ink", weight: 1 },
        { name: "far", weight: 2 },
      ],
    });
  });

  test.each([
    ["inFloat32", ["unet"]],
    ["inFloat32", ["denoiser", "denoiser"]],
    ["inFloat32", "denoiser"],
    ["loras", [{ name: "ink", weight: 1, hash: "main" }]],
    ["loras", [{ name: "ink", weight: 1, hash: 12 }]],
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
