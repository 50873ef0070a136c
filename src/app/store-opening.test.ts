// Links and pictures that come to an open page are drawn, what is none is said and changes nothing, and what the controls say
// survives a new beginning.
import { describe, expect, test } from "vitest";
import { RECIPE } from "../common/testing/fakes";
import { encodePng } from "../image/png";
import { RECIPE_KEYWORD } from "../image/png-text";
import { draftOfLink } from "./draft";
import { draw, MODEL, setUp, startedThenWaiting } from "./testing/fake-app";

const png = async (text?: string, keyword = RECIPE_KEYWORD): Promise<Blob> => {
  const texts = new Map(text === undefined ? [] : [[keyword, text]]);
  return new Blob([await encodePng({ width: 1, height: 1, data: new Uint8ClampedArray(4) }, texts)]);
};

describe("an open page", () => {
  test("draws the recipe of a link", async () => {
    const { app, asked, state } = setUp();
    await app.openLink("prompt=a+fox&seed=77&steps=2");
    expect(asked).toEqual([expect.objectContaining({ prompt: "a fox", seed: "77", steps: 2 })]);
    expect(state().draft).toMatchObject({ prompt: "a fox", seed: "77" });
  });

  test("draws the recipe of a PNG", async () => {
    const { app, asked } = setUp();
    await app.openPng(await png(JSON.stringify(RECIPE)));
    expect(asked).toEqual([RECIPE]);
  });

  test("draws the recipe itself, though the seed of the shown picture is the same", async () => {
    const { app, asked } = setUp();
    await app.openPng(await png(JSON.stringify(RECIPE)));
    await app.openPng(await png(JSON.stringify({ ...RECIPE, prompt: "a tree" })));
    await app.openLink("prompt=a+fox&seed=7");
    expect(asked.map(({ prompt, seed }) => [prompt, seed])).toEqual([
      [RECIPE.prompt, "7"],
      ["a tree", "7"],
      ["a fox", "7"],
    ]);
  });

  test("leaves nothing of the recipe before: no LoRA, no variation, no picture that it was drawn over", async () => {
    const { app, asked } = setUp();
    const before = {
      seedKept: true,
      loras: [{ name: "ink", weight: 1 }],
      variations: [{ seed: "8", strength: 0.3 }],
      start: { picture: "0".repeat(32), strength: 0.5 },
    };
    const plain = await png(JSON.stringify(RECIPE));
    app.edit(before);
    await app.openPng(plain);
    app.edit(before);
    await app.openLink("prompt=a+fox&seed=7");
    app.edit(before);
    await app.draw();
    expect(asked[0]).toEqual(RECIPE);
    expect(asked[1]).not.toMatchObject({ loras: expect.anything() });
    expect(asked[1]).not.toMatchObject({ start: expect.anything() });
    expect(asked[1]).not.toMatchObject({ variations: expect.anything() });
    const { seedKept: _, ...said } = before;
    expect(asked[2], "control").toMatchObject(said);
  });

  test("draws what another tool wrote into a PNG, and says what it does not take over", async () => {
    const { app, asked, state } = setUp();
    const rule = { sampler: "tcd", prediction: "v_prediction" } as const;
    app.edit({ variations: [{ seed: "8", strength: 0.3 }], start: { picture: "0".repeat(32), strength: 0.5 }, ...rule });
    await app.openPng(await png("a fox\nNegative prompt: fog\nSteps: 2, Sampler: LCM, Seed: 5, Size: 64x32", "parameters"));
    expect(asked).toMatchObject([{ prompt: "a fox", negative: "fog", steps: 2, seed: "5", width: 64, height: 32 }]);
    expect(asked[0]).not.toHaveProperty("variations");
    expect(asked[0], "what was drawn over before is no part of it").not.toHaveProperty("start");
    expect(asked[0], "nor is the rule of the recipe before").not.toHaveProperty("sampler");
    expect(asked[0]).not.toHaveProperty("prediction");
    expect(state().notice).toContain("Sampler");
  });

  test.each<[string, string, (app: ReturnType<typeof setUp>["app"]) => Promise<void>]>([
    ["a link that is read in part", "steps", (app) => app.openLink("prompt=a+fox&steps=99")],
    ["another tool's PNG", "Sampler", async (app) => app.openPng(await png("a fox\nSteps: 2, Sampler: LCM, Seed: 5", "parameters"))],
    ["a LoRA", "ink", (app) => app.addLora(new File(["weights"], "ink.safetensors"))],
  ])("what is said of %s can be heard while its picture is drawn", async (_, word, open) => {
    const { app, state, release, isAsked } = await startedThenWaiting();
    const opened = open(app);
    await isAsked(2);
    expect(state().job).toBeDefined();
    expect(state().status).toContain(word);
    release[1]?.();
    await opened;
  });

  test.each([
    ["a link that cannot be read", (app: ReturnType<typeof setUp>["app"]) => app.openLink("steps=99")],
    ["a PNG without a recipe", async (app: ReturnType<typeof setUp>["app"]) => app.openPng(await png())],
    ["a PNG with a recipe that is none", async (app: ReturnType<typeof setUp>["app"]) => app.openPng(await png("{}"))],
    ["a file that is no PNG", (app: ReturnType<typeof setUp>["app"]) => app.openPng(new Blob(["<svg>"]))],
  ])("says that there is nothing in %s, and changes nothing", async (_, open) => {
    const { app, asked, state } = setUp();
    const { draft } = state();
    await open(app);
    expect(state().notice).toBeDefined();
    expect(state().draft).toBe(draft);
    expect(asked).toEqual([]);
  });
});

describe("a LoRA's file", () => {
  const file = (name: string): File => new File(["weights"], name);

  test("is added to the model, drawn with, and told", async () => {
    const { app, asked, state } = setUp();
    await app.addLora(file("ink drawing.v2.safetensors"));
    expect(asked.at(-1)?.loras).toEqual([{ name: "ink drawing.v2", weight: 1 }]);
    expect(state().notice).toContain("ink drawing.v2");
    await app.addLora(file("paper.safetensors"));
    app.edit({ loras: state().draft.loras?.map((lora) => ({ ...lora, weight: 0.5 })) ?? [] });
    // The same file once more does not add it twice.
    await app.addLora(file("ink drawing.v2.safetensors"));
    expect(asked.at(-1)?.loras).toEqual([
      { name: "paper", weight: 0.5 },
      { name: "ink drawing.v2", weight: 1 },
    ]);
  });

  test("goes with another model, whose family may be another", async () => {
    const { app, asked, state } = setUp();
    await app.addLora(file("ink.safetensors"));
    await app.useModel(state().draft.model);
    expect(asked.at(-1)).not.toHaveProperty("loras");
  });
});

describe("what the controls say", () => {
  const CHANGE = { prompt: "half a sentence", negative: "fog", seed: "18446744073709551615", steps: 3, width: 128, height: 64 };

  test.each([
    ["as the model's own", undefined],
    ["as chosen", MODEL.steering.nag],
  ])("is there when the page begins anew, drawn or not, steered %s", async (_, steering) => {
    const { app, queries } = setUp();
    await draw(app);
    app.edit({ ...CHANGE, steering });
    app.keepDraft();
    expect(setUp(queries.at(-1)).state().draft).toMatchObject({ ...CHANGE, steering });
  });

  test("is kept before there is a model", () => {
    const { app, queries } = setUp();
    app.edit(CHANGE);
    app.keepDraft();
    expect(setUp(queries.at(-1)).state().draft).toMatchObject(CHANGE);
  });

  test("is left alone where it makes no picture", () => {
    const { app, queries } = setUp();
    app.edit({ seed: "1.5" });
    app.keepDraft();
    expect(queries).toEqual([]);
  });
});

test("a link keeps all of its LoRAs and variations, and says once what cannot be read of them", () => {
  const lora = (...texts: readonly string[]) => new URLSearchParams(texts.map((text) => ["lora", text])).toString();
  const read = draftOfLink(`prompt=a+pier&${lora("ink:1", "far:0.5@0123456789ab")}&variation=8:0.25&variation=9:0.5`);
  expect(read.refused).toEqual([]);
  expect(read.draft.loras).toEqual([
    { name: "ink", weight: 1 },
    { name: "far", weight: 0.5, hash: "0123456789ab" },
  ]);
  expect(read.draft.variations).toHaveLength(2);
  expect(draftOfLink(lora("ink:9", "far:9")).refused).toEqual(["lora"]);
});
