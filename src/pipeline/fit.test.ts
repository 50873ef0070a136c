// A recipe is drawn only with the LoRAs that it names, because with others, or with none, it would be another picture.
import { expect, test } from "vitest";
import { RECIPE } from "../common/testing/fakes";
import { fitRecipe } from "./fit";

const MODEL = { title: "Model", trainedSizes: [{ side: 32, multiple: 1 }] as const, maxSteps: 8 };
const INK = { name: "ink", weight: 0.5 };
const LCM = { name: "lcm", weight: 1 };

test.each([
  [[], []],
  [[INK], [INK]],
  [
    [INK, LCM],
    [INK, LCM],
  ],
])("a recipe with %j fits a model with %j", (asked, merged) => {
  expect(() => fitRecipe({ ...RECIPE, loras: asked }, { ...MODEL, loras: merged })).not.toThrow();
});

test.each([
  [[INK], []],
  [[], [INK]],
  [[INK], [{ ...INK, weight: 0.6 }]],
  [
    [INK, LCM],
    [LCM, INK],
  ],
])("a recipe with %j does not fit a model with %j, and the error says both", (asked, merged) => {
  const list = (loras: readonly { readonly name: string; readonly weight: number }[]) =>
    loras.length === 0 ? "none" : loras.map(({ name, weight }) => `${name}:${weight}`).join(", ");
  expect(() => fitRecipe({ ...RECIPE, loras: asked }, { ...MODEL, loras: merged })).toThrow(
    expect.objectContaining({
      code: "invalid-input",
      detail: { field: "loras" },
      message: `the recipe's LoRAs are ${list(asked)}, and those of Model as it is open are ${list(merged)}`,
    }),
  );
});
