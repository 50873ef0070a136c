// A recipe from outside is either refused by field or comes out canonical; and a permalink
// gives back the recipe that it was made from, whatever the prompt contains.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_PROMPT_CHARACTERS } from "./limits";
import { recipeFromQuery, recipeToQuery } from "./permalink";
import { normalisePrompt, parseRecipe, parseSeed, randomSeed, type Recipe, modelName } from "./recipe";
import { STEERED_FAMILIES, STEERING_DEFAULTS } from "./steering-defaults";

const RECIPE: Recipe = {
  model: "vignette",
  prompt: "a lighthouse",
  negative: "",
  steering: { method: "none" },
  steps: 1,
  seed: "0",
  width: 256,
  height: 256,
};

describe("seeds", () => {
  test.each([
    ["0", "0"],
    ["007", "7"],
    [" 42 ", "42"],
    [42, "42"],
    [2 ** 53 - 1, "9007199254740991"],
    [2n ** 64n - 1n, "18446744073709551615"],
    ["18446744073709551615", "18446744073709551615"],
  ])("%s is taken", (value, expected) => expect(parseSeed(value)).toBe(expected));

  test.each([
    "",
    " ",
    "-1",
    "1.5",
    "0x10",
    "1e3",
    "18446744073709551616",
    -1,
    1.5,
    2 ** 53,
    NaN,
    Infinity,
    null,
    undefined,
    {},
    -1n,
    2n ** 64n,
  ])("%s is refused", (value) => {
    expect(() => parseSeed(value)).toThrow(expect.objectContaining({ code: "invalid-input", detail: { field: "seed" } }));
  });

  test("a random seed is a valid one", () => expect(parseSeed(randomSeed())).toMatch(/^\d+$/));
});

describe("prompts", () => {
  test.each([
    ["a lone surrogate", "a\ud800b", "a\ufffdb"],
    ["control characters", "a\u0000b\nc", "a b c"],
    ["markup", "<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
    ["right to left", "מגדלור בשקיעה", "מגדלור בשקיעה"],
    ["emoji", "👩‍🚀🏔️", "👩‍🚀🏔️"],
    ["nothing", "", ""],
  ])("%s", (_, text, expected) => expect(normalisePrompt(text)).toBe(expected));

  test("a very long one is cut, and never between the halves of a character", () => {
    const cut = normalisePrompt(`x${"🌊".repeat(MAX_PROMPT_CHARACTERS)}`);
    expect(cut.length).toBe(MAX_PROMPT_CHARACTERS);
    expect(cut.isWellFormed()).toBe(true);
  });
});

describe("recipes from outside", () => {
  test("the control: a valid one is unchanged", () => expect(parseRecipe(RECIPE)).toEqual(RECIPE));

  test("what a JSON parser may leave out has a default", () => {
    const { negative: _, steering: __, ...rest } = RECIPE;
    expect(parseRecipe(rest)).toEqual(RECIPE);
  });

  test.each<[string, Record<string, unknown>]>([
    ["model", { model: "../secret" }],
    ["model", { model: "" }],
    ["prompt", { prompt: 3 }],
    ["negative", { negative: {} }],
    ["steps", { steps: 0 }],
    ["steps", { steps: 1.5 }],
    ["steps", { steps: "2" }],
    ["seed", { seed: "x" }],
    ["variations", { variations: "8:0.5" }],
    ["variations", { variations: [8] }],
    ["variations", { variations: [{ strength: 0.5 }] }],
    ["variations", { variations: [{ seed: "8", strength: 1.1 }] }],
    ["variations", { variations: [{ seed: "8", strength: NaN }] }],
    ["variations", { variations: Array(9).fill({ seed: "8", strength: 0.5 }) }],
    ["start", { start: [] }],
    ["start", { start: { picture: "../a.png", strength: 0.5 } }],
    ["start", { start: { picture: "0".repeat(32), strength: 1.1 } }],
    ["start", { start: { picture: "0".repeat(32) } }],
    ["width", { width: 1e9 }],
    ["height", { height: NaN }],
    ["steering", { steering: [] }],
    ["steering.method", { steering: { method: "cfg" } }],
    ["steering.scale", { steering: { method: "nasa", scale: 2.1 } }],
    ["steering.scale", { steering: { method: "nasa", scale: -0.1 } }],
    ["steering.scale", { steering: { method: "nasa", scale: NaN } }],
    ["steering.scale", { steering: { method: "nag", scale: 10.1, tau: 2, alpha: 0.5 } }],
    ["steering.tau", { steering: { method: "nag", scale: 1, tau: 0.9, alpha: 0.5 } }],
    ["steering.tau", { steering: { method: "nag", scale: 1, tau: 10.1, alpha: 0.5 } }],
    ["steering.alpha", { steering: { method: "nag", scale: 1, tau: 2, alpha: 1.1 } }],
    ["steering.alpha", { steering: { method: "nag", scale: 1, tau: 2, alpha: NaN } }],
    ["steering.scale", { steering: { method: "vsf", scale: 10.1, offset: 0 } }],
    ["steering.offset", { steering: { method: "vsf", scale: 1, offset: -0.1 } }],
    ["steering.offset", { steering: { method: "vsf", scale: 1 } }],
    ["steering.sigmaEnd", { steering: { method: "nasa", scale: 1, sigmaEnd: 101 } }],
    ["steering.sigmaEnd", { steering: { method: "nasa", scale: 1, sigmaEnd: NaN } }],
    ["steering.tau", { steering: { method: "nag", scale: 1, tau: NaN, alpha: 0.5 } }],
    ["steering.sigmaEnd", { steering: { method: "nasa", scale: 1, sigmaEnd: -1 } }],
    ["steering.sigmaEnd", { steering: { method: "nag", scale: 1, tau: 2, alpha: 0.5, sigmaEnd: "4" } }],
    ["sampler", { sampler: "ddim" }],
    ["prediction", { prediction: "sample" }],
  ])("%s is refused: %j", (field, change) => {
    expect(() => parseRecipe({ ...RECIPE, ...change })).toThrow(expect.objectContaining({ code: "invalid-input", detail: { field } }));
  });

  test.each(["a/b/c", "a\\b", "..", ".", " a", "a\n", "a\u0000", "a\ud800", "x".repeat(256)])("model %j is refused", (model) => {
    expect(() => parseRecipe({ ...RECIPE, model })).toThrow(expect.objectContaining({ code: "invalid-input", detail: { field: "model" } }));
  });

  test("whatever a folder is called, the recipe of its picture can be read", () => {
    const names = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(".", "/", "\\", " ", "\ud83c\udf0a", "a"), maxLength: 300 }),
    );
    fc.assert(
      fc.property(names, (folder) => {
        const recipe = { ...RECIPE, model: modelName(folder) };
        expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
        expect(recipeFromQuery(recipeToQuery(recipe), RECIPE)).toEqual(recipe);
        const address = new URL(`${encodeURIComponent(recipe.model)}/`, "https://host.test/models/");
        expect(address.href).toMatch(/^https:\/\/host\.test\/models\/[^/]+\/$/);
      }),
    );
    expect(modelName("My Model (fp16)")).toBe("My Model (fp16)");
  });

  test.each(["stabilityai/sd-turbo", "a/b.c_d@fp16", "a/b@refs/pr/1"])("%s is a repository's name, and stays as it is", (model) => {
    expect(modelName(model)).toBe(model);
    expect(parseRecipe({ ...RECIPE, model }).model).toBe(model);
  });

  test.each(["a/b/c", "../b", "a/..", "a/b@../c", "/a/b", "a/b/", "a//b", "a/b@c\\d", `a/${"b".repeat(100)}`])("%s is none", (model) => {
    expect(modelName(model)).not.toContain("/");
    expect(() => parseRecipe({ ...RECIPE, model })).toThrow(expect.objectContaining({ detail: { field: "model" } }));
  });

  test.each([null, undefined, 3, "text", []])("%s is no recipe", (value) => {
    expect(() => parseRecipe(value)).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });
});

test.each(STEERED_FAMILIES)("the steering defaults of %s are in range", (family) => {
  const { nasa, nag, sigmaEnd } = STEERING_DEFAULTS[family];
  for (const steering of [nasa, nag, { ...nasa, sigmaEnd }]) expect(parseRecipe({ ...RECIPE, steering }).steering).toEqual(steering);
});

test.each(STEERED_FAMILIES)("the steering defaults of %s are in range", (family) => {
  const { nasa, nag, sigmaEnd } = STEERING_DEFAULTS[family];
  for (const steering of [nasa, nag, { ...nasa, sigmaEnd }]) expect(parseRecipe({ ...RECIPE, steering }).steering).toEqual(steering);
});

describe("permalinks", () => {
  test("steering switched off is said, so that no default takes its place", () => {
    const off: Recipe = { ...RECIPE, negative: "fog" };
    expect(recipeFromQuery(recipeToQuery(off), { ...RECIPE, steering: { method: "nasa", scale: 1 } })).toEqual(off);
  });

  test.each([
    ["nasa,0.5", { method: "nasa", scale: 0.5 }],
    ["nag,2,2.5,0.375", { method: "nag", scale: 2, tau: 2.5, alpha: 0.375 }],
    ["nag,2,2.5,0.375,4", { method: "nag", scale: 2, tau: 2.5, alpha: 0.375, sigmaEnd: 4 }],
  ])("steering=%s: without an end every step is steered", (text, steering) => {
    expect(recipeFromQuery(`steering=${text}`, RECIPE).steering).toEqual(steering);
  });

  test("what is not said comes from the defaults", () => {
    expect(recipeFromQuery("prompt=x&steps=3", RECIPE)).toEqual({ ...RECIPE, prompt: "x", steps: 3 });
  });

  test.each([
    "steps=0",
    "steps=two",
    "seed=-1",
    "size=1x",
    "size=3",
    "size=256x256x256",
    "steering=nasa",
    "steering=nag,1,2",
    "steering=nasa,1,often",
    "steering=cfg,7",
    "model=../x",
    "steps=1e1",
  ])("%s is refused", (query) => {
    expect(() => recipeFromQuery(query, RECIPE)).toThrow(expect.objectContaining({ code: "invalid-input" }));
  });
});
