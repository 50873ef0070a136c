import { expect, test } from "vitest";
import type { TextLength } from "../common/drawing";
import { MOST_TEXT_ROWS } from "../common/limits";
import type { ModelFacts } from "../common/model-facts";
import { STEERING_DEFAULTS } from "../common/steering-defaults";
import { modelOf, recipeOfAttributes, withTextRows } from "./attributes";

const FACTS: ModelFacts = {
  id: "owner/model",
  title: "Model",
  license: undefined,
  weightBytes: 1,
  defaultSize: 512,
  trainedSizes: [{ side: 512, multiple: 8 }],
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

test("a method is stated as in links", () => {
  const stated = element({ negative: "boats", steering: "vsf,2,0.1" });
  expect(recipeOfAttributes(stated, FACTS, "7").steering).toEqual({ method: "vsf", scale: 2, offset: 0.1 });
});

test("a negative text steers as the model is best steered, and an empty one does not", () => {
  expect(recipeOfAttributes(element({ negative: "boats" }), FACTS, "7").steering).toEqual(STEERING_DEFAULTS.sdxl.nag);
  expect(recipeOfAttributes(element({ negative: "  " }), FACTS, "7").steering).toEqual({ method: "none" });
});

test("variations, LoRAs and a picture to draw over are part of the recipe too", () => {
  const start = "a".repeat(32);
  const stated = element({ variation: "8:0.3, 9:1", start: "pier.jpg", strength: "0.75", lora: "ink.safetensors" });
  const loras = [{ name: "ink", weight: 0.8 }];
  expect(recipeOfAttributes(stated, FACTS, "7", { loras, startName: start })).toMatchObject({
    variations: [
      { seed: "8", strength: 0.3 },
      { seed: "9", strength: 1 },
    ],
    loras,
    start: { picture: start, strength: 0.75 },
  });
  expect(recipeOfAttributes(element({}), FACTS, "7", { startName: start }).start?.strength).toBe(0.5);
  const plain = recipeOfAttributes(element({ strength: "0.2" }), FACTS, "7");
  for (const name of ["variations", "loras", "start"]) expect(plain).not.toHaveProperty(name);
});

test("a wrong attribute is named", () => {
  for (const strength of ["1.1", "", "much"]) {
    expect(() => recipeOfAttributes(element({ strength }), FACTS, "7", { startName: "a".repeat(32) })).toThrow(
      expect.objectContaining({ code: "invalid-input", detail: { field: "strength" } }),
    );
  }
  expect(() => recipeOfAttributes(element({ variation: "8" }), FACTS, "7")).toThrow(
    expect.objectContaining({ detail: { field: "variations" } }),
  );
  expect(() => recipeOfAttributes(element({ size: "wide" }), FACTS, "7")).toThrow(
    expect.objectContaining({ code: "invalid-input", detail: { field: "size" } }),
  );
  expect(() => recipeOfAttributes(element({ steps: "99" }), FACTS, "7")).toThrow(expect.objectContaining({ detail: { field: "steps" } }));
});

test("without the attribute the model is the one that ships with the library", () => {
  expect(modelOf(element({}))).toBe("vignette");
  expect(modelOf(element({ model: "sd-turbo" }))).toBe("sd-turbo");
});

test("a text that is longer than a row is read in as many as it needs, and a short one is not even counted", async () => {
  const lengthOf = (text: string): TextLength => {
    const tokens = text.split(" ").length;
    return { tokens, rows: Math.ceil(tokens / 75), lastRow: tokens % 75, perRow: 75, isLong: tokens > 75 };
  };
  const counted: string[] = [];
  const rowsOf = async (attributes: Readonly<Record<string, string>>) => {
    const recipe = recipeOfAttributes(element(attributes), FACTS, "7");
    const { rows, ...rest } = await withTextRows(recipe, async ({ prompt, negative }) => {
      counted.push(prompt);
      return { prompt: lengthOf(prompt), negative: lengthOf(negative) };
    });
    expect(rest).toEqual(recipe);
    return rows;
  };
  const words = (count: number): string => Array(count).fill("sea").join(" ");
  expect(await rowsOf({ prompt: "x".repeat(75) })).toBeUndefined();
  expect(counted).toEqual([]);
  expect(await rowsOf({ prompt: words(75) })).toBeUndefined();
  expect(counted).toHaveLength(1);
  expect(await rowsOf({ prompt: words(76) })).toBe(2);
  expect(await rowsOf({ prompt: "a pier", negative: words(151) })).toBe(3);
  expect(await rowsOf({ prompt: "a pier", negative: words(151), steering: "none" }), "a text that is not read").toBeUndefined();
  const long = recipeOfAttributes(element({ prompt: words(76) }), FACTS, "7");
  expect((await withTextRows(long, async () => undefined)).rows, "where nobody can count").toBe(MOST_TEXT_ROWS);
});
