// Rules of the pipeline, on the embedded student: a picture depends on its request
// alone, whatever was drawn before it and whichever networks had to leave the GPU.
import { beforeEach, describe, expect, test } from "vitest";
import type { Manifest } from "../checkpoints/manifest";
import { nodeStore } from "../checkpoints/node-file";
import { embedded, findModel, manifestOf } from "../checkpoints/places";
import { testDevice } from "../engine/testing/evaluate";
import { recordDispatches } from "../engine/testing/record-dispatches";
import type { Picture } from "../common/picture";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import { STEERING_DEFAULTS } from "../common/steering-defaults";
import type { Model } from "./draw";
import { SMALL, studentManifest } from "./testing/embedded-student";
import { openWgslModel } from "./wgsl/model";

let manifest: Manifest;
let opened: Promise<Model> | undefined;
let model: Model;
const loading: Progress[] = [];

// This is done once, but within a test, because only a test can be skipped where there is no adapter.
beforeEach(async () => {
  manifest ??= await studentManifest();
  const device = await testDevice();
  opened ??= openWgslModel(manifest, device, { onProgress: (progress) => loading.push(progress) });
  model = await opened;
});

async function draw(changes: Partial<Recipe> = {}, by = model): Promise<Picture> {
  return (await by.draw({ ...SMALL, ...changes })).picture;
}

test("the embedded student has its own family's steering, opened as a folder too", () => {
  expect(model.facts.steering).toBe(STEERING_DEFAULTS.vignette);
});

test("loading a network is said before its first byte has come, and one count runs over all", () => {
  const { weightBytes } = model.facts;
  let before = 0;
  for (const name of ["text_encoder", "vae", "unet"] as const) {
    const loads = loading.filter((progress) => progress.stage === "load").filter(({ component }) => component === name);
    expect(loads[0]).toMatchObject({ loadedBytes: before, totalBytes: weightBytes });
    before = loads.at(-1)?.loadedBytes ?? NaN;
  }
  expect(before).toBe(weightBytes);
});

test("a software adapter compiles at most 24 pipelines for the embedded student, and 4 that pack its weights", async () => {
  const device = await testDevice();
  if (device.adapter.software) expect(device.programCount).toBeLessThanOrEqual(28);
});

describe("a picture is a function of its request", () => {
  test("the same request gives the same bytes, also after others in between", async () => {
    const first = await draw();
    expect([first.width, first.height]).toEqual([64, 64]);
    const otherSeed = await draw({ seed: "8" });
    const otherPrompt = await draw({ prompt: "a forest in winter at night" });
    const otherSize = await draw({ width: 96 });
    expect((await draw()).data).toEqual(first.data);
    for (const other of [otherSeed, otherPrompt, otherSize]) expect(other.data).not.toEqual(first.data);
  });

  test("its recipe says what made it: the version of the files where one was published, and weights that are not float16", async () => {
    const device = await testDevice();
    const published = await manifestOf(findModel("vignette", [embedded(() => nodeStore("models/vignette"))]));
    const smaller = await openWgslModel(published, device, {}, { weights: "q8" });
    const { recipe } = await smaller.draw({ ...SMALL, width: 64, height: 64 });
    expect(recipe).toMatchObject({ revision: expect.stringMatching(/^[0-9a-f]{12}$/), weights: "q8", width: 64 });
    const plain = await model.draw({ ...SMALL, ...recipe, width: 64, height: 64 });
    expect(plain.recipe, "a folder of one's own, in float16").toEqual({ ...SMALL, width: 64, height: 64 });
    await smaller.dispose();
  });

  test("only the low 32 bits of the seed count, as in torch", async () => {
    expect((await draw({ seed: String(7n + 2n ** 32n) })).data).toEqual((await draw()).data);
  });

  test("a variation of strength 0 is the seed's own picture and one of strength 1 the other seed's, byte for byte", async () => {
    const tiny = { width: 64, height: 64 };
    const [own, other] = [await draw(tiny), await draw({ ...tiny, seed: "8" })];
    const varied = async (strength: number) => (await draw({ ...tiny, variations: [{ seed: "8", strength }] })).data;
    expect(await varied(0)).toEqual(own.data);
    expect(await varied(1)).toEqual(other.data);
    const between = await varied(0.5);
    for (const { data } of [own, other]) expect(between).not.toEqual(data);
  });

  test("recipes of one meaning are one picture, and no text is read again for them", async () => {
    const unsteered: Recipe = { ...SMALL, negative: "fog", steering: { method: "nasa", scale: 0 } };
    const same: Recipe[] = [
      { ...SMALL, prompt: ` ${SMALL.prompt.toUpperCase()}  ` },
      { ...SMALL, seed: String(7n + 2n ** 32n) },
      unsteered,
      { ...unsteered, negative: "snow" },
    ];
    const other: Recipe[] = [
      { ...SMALL, prompt: `${SMALL.prompt}.` },
      { ...SMALL, seed: "8" },
      { ...SMALL, steps: 2 },
      { ...SMALL, variations: [{ seed: "8", strength: 0.5 }] },
      { ...SMALL, width: 96 },
      { ...unsteered, steering: { method: "nasa", scale: 0.5 } },
    ];
    expect(same.map((recipe) => model.meaning(recipe) === model.meaning(SMALL))).toEqual(same.map(() => true));
    expect(other.map((recipe) => model.meaning(recipe) === model.meaning(SMALL))).toEqual(other.map(() => false));

    const { data } = await draw();
    const device = await testDevice();
    const otherSeed = await recordDispatches(device, () => draw({ seed: "8" }));
    const sameText = await recordDispatches(device, () => draw({ prompt: same[0]?.prompt ?? "", seed: "9" }));
    expect(sameText).toEqual(otherSeed);
    expect((await draw({ prompt: same[0]?.prompt ?? "" })).data).toEqual(data);
  });

  test("networks that take turns on the GPU draw what resident ones draw", async () => {
    const turns = await openWgslModel(manifest, await testDevice(), {}, { memoryBytes: 0 });
    for (const prompt of [SMALL.prompt, "a harbour", SMALL.prompt]) {
      expect((await draw({ prompt }, turns)).data).toEqual((await draw({ prompt })).data);
    }
    await turns.dispose();
  });
});

describe("long prompts", () => {
  // 80 words and more, which is past the encoder's 77 tokens.
  const long = `${"a quiet meadow ".repeat(30)}at night`;
  const longer = `${long} with a full moon and three cabins`;
  test("what does not fit the encoder is cut, and said to be", async () => {
    const { tokens } = await model.draw({ ...SMALL, prompt: long, negative: "fog", steering: { method: "nasa", scale: 0.5 } });
    expect(tokens).toEqual({ prompt: 92, negative: 1, most: 75 });
    expect((await draw({ prompt: longer })).data).toEqual((await draw({ prompt: long })).data);
  });

  test("control: with two rows of tokens it is read", async () => {
    const first = await draw({ prompt: long, rows: 2 });
    expect((await draw({ prompt: longer, rows: 2 })).data).not.toEqual(first.data);
    // A short prompt still takes one row.
    expect((await draw({ rows: 2 })).data).toEqual((await draw()).data);
  });

  test.each([
    { method: "nasa", scale: 0.5 },
    { method: "nag", scale: 2, tau: 2.5, alpha: 0.5 },
  ] as const)("steered by $method, a long one of either side is cut or read like that, beside a short one", async (steering) => {
    const short = await draw({ negative: "sailboat", steering });
    for (const texts of [
      (text: string) => ({ prompt: text, negative: "sailboat", steering }),
      (text: string) => ({ negative: text, steering }),
    ]) {
      expect((await draw(texts(longer))).data).toEqual((await draw(texts(long))).data);
      expect((await draw({ ...texts(longer), rows: 2 })).data).not.toEqual((await draw({ ...texts(long), rows: 2 })).data);
    }
    // What the second rows held is no longer in the plan.
    expect((await draw({ negative: "sailboat", steering, rows: 2 })).data).toEqual(short.data);
  });

  test("a recipe has the rows that its texts need, at most those that are asked for, and none where they fit into one", () => {
    const recipe = (change: Partial<Recipe>) => ({ ...SMALL, ...change });
    expect(model.withRows(recipe({ prompt: long }), 8)).toEqual(recipe({ prompt: long, rows: 2 }));
    expect(model.withRows(recipe({ prompt: `${long} ${long} ${long}` }), 3).rows).toBe(3);
    for (const short of [recipe({}), recipe({ negative: long }), recipe({ prompt: "a hill BREAK a lake", emphasis: "a1111" })]) {
      expect(model.withRows(short, 8)).toBe(short);
    }
    expect(model.withRows(recipe({ negative: long, steering: { method: "nasa", scale: 0.5 } }), 8).rows).toBe(2);
    const cut = recipe({ prompt: long });
    expect(model.withRows(cut, 1)).toBe(cut);
  });
});

describe("while it draws", () => {
  test("every step but the last is previewed, and progress names each step", async () => {
    const previews: number[] = [];
    const progress: Progress[] = [];
    await model.draw(
      { ...SMALL, steps: 3 },
      { previewShare: Infinity, onPreview: (_, step) => previews.push(step), onProgress: (event) => progress.push(event) },
    );
    expect(previews).toEqual([1, 2]);
    expect(progress.flatMap((event) => (event.stage === "step" ? [`${event.step} of ${event.steps}`] : []))).toEqual([
      "1 of 3",
      "2 of 3",
      "3 of 3",
    ]);
  });

  test("previews do not change the picture", async () => {
    const { picture } = await model.draw({ ...SMALL, steps: 2 }, { previewShare: Infinity, onPreview: () => undefined });
    expect(picture.data).toEqual((await draw({ steps: 2 })).data);
  });

  test("a cancel after the first step ends with the code cancelled, and the next picture is right", async () => {
    const before = await draw();
    const abort = new AbortController();
    const drawing = model.draw(
      { ...SMALL, steps: 4, seed: "9" },
      { signal: abort.signal, previewShare: Infinity, onPreview: () => abort.abort() },
    );
    await expect(drawing).rejects.toMatchObject({ code: "cancelled" });
    expect((await draw()).data).toEqual(before.data);
  });
});

test.each([
  ["a width off the grid", { width: 100 }],
  ["more steps than it was taught", { steps: 5 }],
] as const)("%s does not fit the model", async (_, changes) => {
  await expect(draw(changes)).rejects.toMatchObject({ code: "invalid-input" });
});

describe("over a picture", () => {
  const picture = () => draw({ seed: "11" });
  const start = (strength: number) => ({ picture: "0".repeat(32), strength });
  /** Mean absolute difference of two pictures, 0 to 255. */
  const difference = (left: Picture, right: Picture): number =>
    left.data.reduce((sum, value, i) => sum + Math.abs(value - (right.data[i] ?? NaN)), 0) / left.data.length;
  const over = async (strength: number, steps: number) =>
    (await model.draw({ ...SMALL, steps, start: start(strength) }, {}, await picture())).picture;

  test("the last of several steps, alone, leaves more of the picture than all of them do", async () => {
    const under = await picture();
    const [little, much] = [await over(0.25, 4), await over(1, 4)];
    expect(difference(little, under)).toBeLessThan(difference(much, under));
    // Control: neither of them is the picture that is drawn from noise alone.
    expect(little.data).not.toEqual((await draw({ steps: 4 })).data);
  });

  test("a picture of another size is refused, and so is a recipe whose picture is not here", async () => {
    const recipe = { ...SMALL, start: start(1) };
    const refused = { code: "invalid-input", detail: { field: "start" } };
    await expect(model.draw({ ...recipe, width: 96 }, {}, await picture())).rejects.toMatchObject(refused);
    await expect(model.draw(recipe)).rejects.toMatchObject(refused);
  });

  test("a model says whether it can do that", () => expect(model.facts.readsPictures).toBe(true));

  test("only the steps that are taken are counted, and one is always taken", async () => {
    const steps: string[] = [];
    const onProgress = (event: Progress) => {
      if (event.stage === "step") steps.push(`${event.step} of ${event.steps}`);
    };
    await model.draw({ ...SMALL, steps: 4, start: start(0.5) }, { onProgress }, await picture());
    await model.draw({ ...SMALL, steps: 1, start: start(0) }, { onProgress }, await picture());
    expect(steps).toEqual(["1 of 2", "2 of 2", "1 of 1"]);
  });
});
