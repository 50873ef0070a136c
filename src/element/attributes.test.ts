import { expect, test } from "vitest";
import type { ModelFacts } from "../common/model-facts";
import { STEERING_DEFAULTS } from "../common/steering-defaults";
import { modelOf, recipeOfAttributes } from "./attributes";

const FACTS: ModelFacts = {
  id: "owner/model",
  title: "Model",
  license: undefined,
  weightBytes: 1,
  defaultSize: 512,
  sizeMultiple: 8,
  maxSteps: 4,
  steering: STEERING_DEFAULTS.sdxl,
  readsPictures: true,
  adapter: "cpu",
  parts: [],
};

const element = (attributes: Readonly<Record<string, string>>) => ({ getAttribute: (name: string) => attributes[name] ?? null });

test("what no attribute says is the model's own", () => {
  expect(recipeOfAttributes(element({ prompt: "a pier" }), FACTS, "7")).toEqual({
    model: "owner/model",
    prompt: "a pier",
    negative: "",
    steering: { method: "none" },
    steps: 4,
    seed: "7",
    width: 512,
    height: 512,
  });
  // The catalogue knows how many steps its models are best drawn in.
  expect(recipeOfAttributes(element({}), { ...FACTS, id: "vignette" }, "7").steps).toBe(1);
});

test("attributes are written as in links", () => {
  const stated = element({
    prompt: "fog & rain",
    negative: "boats",
    steering: "nasa,0.4",
    steps: "2",
    seed: "9",
    size: "96x64",
    alt: "not part of it",
  });
  expect(recipeOfAttributes(stated, FACTS, "7")).toMatchObject({
    prompt: "fog & rain",
    negative: "boats",
    steering: { method: "nasa", scale: 0.4 },
    steps: 2,
    seed: "9",
    width: 96,
    height: 64,
  });
});

test("a negative text steers as the model is best steered, and an empty one does not", () => {
  expect(recipeOfAttributes(element({ negative: "boats" }), FACTS, "7").steering).toEqual(STEERING_DEFAULTS.sdxl.nag);
  expect(recipeOfAttributes(element({ negative: "  " }), FACTS, "7").steering).toEqual({ method: "none" });
});

test("a wrong attribute is named", () => {
  expect(() => recipeOfAttributes(element({ size: "wide" }), FACTS, "7")).toThrow(
    expect.objectContaining({ code: "invalid-input", detail: { field: "size" } }),
  );
  expect(() => recipeOfAttributes(element({ steps: "99" }), FACTS, "7")).toThrow(expect.objectContaining({ detail: { field: "steps" } }));
});

test("without the attribute the model is the one that ships with the library", () => {
  expect(modelOf(element({}))).toBe("vignette");
  expect(modelOf(element({ model: "sd-turbo" }))).toBe("sd-turbo");
});
