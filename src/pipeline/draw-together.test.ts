// Pictures that are denoised together, on the embedded student: each is what it is alone, whatever it is steered by, and the networks run
// once for all of them. Software adapters gain too little and draw in turn, so these tests say that this one gains.
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Manifest } from "../checkpoints/manifest";
import type { Drawing } from "../common/drawing";
import { OnestrokeError } from "../common/errors";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import type { Steering } from "../common/steering";
import { openDevice } from "../engine/device";
import { nodeGpu } from "../engine/node-gpu";
import { testDevice } from "../engine/testing/evaluate";
import { recordDispatches } from "../engine/testing/record-dispatches";
import type { Model } from "./draw";
import { SMALL, studentManifest } from "./testing/embedded-student";
import { openWgslModel } from "./wgsl/model";
import type { WgslOptions } from "./wgsl/options";

let manifest: Manifest;
beforeEach(async () => {
  // Only a test can be skipped where there is no adapter.
  await testDevice();
  manifest ??= await studentManifest();
});

const opened = new Map<string, Promise<Model>>();

/** A model that draws together where there is room, opened once for each choice of options. */
async function modelWith(options: WgslOptions = {}): Promise<Model> {
  const key = JSON.stringify(options);
  const model = opened.get(key) ?? openWgslModel(manifest, await testDevice(), {}, { gainsFromBatches: true, ...options });
  opened.set(key, model);
  return model;
}

const fourOf = (change: Partial<Recipe> = {}): readonly Recipe[] => ["7", "8", "9", "10"].map((seed) => ({ ...SMALL, ...change, seed }));

/** As many as a rule needs that holds for every number of them. */
const twoOf = (change: Partial<Recipe> = {}): readonly Recipe[] => fourOf(change).slice(0, 2);

async function eachAlone(model: Model, recipes: readonly Recipe[]): Promise<readonly Drawing[]> {
  const drawings: Drawing[] = [];
  for (const recipe of recipes) drawings.push(await model.draw(recipe));
  return drawings;
}

const pixelsOf = (drawings: readonly Drawing[]) => drawings.map(({ picture }) => Buffer.from(picture.data).toString("base64"));

/** On the kernels of software adapters each sum has the same terms in the same order however many pictures there are. */
async function expectSameBits(model: Model, recipes: readonly Recipe[]): Promise<void> {
  const together = await model.drawTogether(recipes);
  expect(together.map(({ recipe }) => recipe.seed)).toEqual(recipes.map(({ seed }) => seed));
  expect(pixelsOf(together)).toEqual(pixelsOf(await eachAlone(model, recipes)));
  expect(new Set(pixelsOf(together)).size, "control").toBe(recipes.length);
}

const STEERINGS: Readonly<Record<string, Steering>> = {
  none: { method: "none" },
  NASA: { method: "nasa", scale: 0.5 },
  NAG: { method: "nag", scale: 2, tau: 2.5, alpha: 0.5 },
  VSF: { method: "vsf", scale: 3, offset: 0.1 },
};
const EACH = Object.entries(STEERINGS).flatMap(([name, steering]) => [1, 4].map((steps) => ({ name, steps, steering })));

describe("each picture is bit for bit the one that it is alone", () => {
  test.each(EACH)("steered by $name, in $steps steps", async ({ steps, steering }) => {
    await expectSameBits(await modelWith(), twoOf({ negative: "sailboat", steering, steps }));
  });

  test.each(["q8", "q4"] as const)("with weights in %s", async (weights) => {
    await expectSameBits(await modelWith({ weights }), twoOf({ negative: "sailboat", steering: STEERINGS["NASA"] ?? SMALL.steering }));
  });

  test("with variations of one seed, in place of seeds", async () => {
    const recipes = ["8", "9"].map((seed) => ({ ...SMALL, variations: [{ seed, strength: 0.4 }] }));
    await expectSameBits(await modelWith(), recipes);
  });

  test("over one picture", async () => {
    const model = await modelWith();
    const { picture } = await model.draw(SMALL);
    const recipes = twoOf({ steps: 4, start: { picture: "0".repeat(32), strength: 0.5 } });
    const together = await model.drawTogether(recipes, {}, picture);
    for (const [index, recipe] of recipes.entries()) {
      expect(together[index]?.picture.data).toEqual((await model.draw(recipe, {}, picture)).picture.data);
    }
  });
});

test("as GPUs compute, whose sums are split by their size, no colour is more than a rounding away", async () => {
  const device = await openDevice(nodeGpu(), { computeAs: "hardware" });
  // This device's kind gains by itself, once a first picture has told that a step is quick: here by a clock that stands still.
  const clock = vi.spyOn(performance, "now").mockReturnValue(0);
  const model = await openWgslModel(manifest, device, {}, { format: "f32" });
  const recipes = twoOf({ negative: "sailboat", steering: STEERINGS["NASA"] ?? SMALL.steering });
  const alone = await eachAlone(model, recipes);
  const together = await model.drawTogether(recipes);
  clock.mockRestore();
  expect(together).toHaveLength(2);
  // float32 errs by some 1e-5 in all, a colour is one of 255.
  for (const [index, { picture }] of alone.entries()) {
    const errors = picture.data.map((value, i) => Math.abs(value - (together[index]?.picture.data[i] ?? NaN)));
    expect(Math.max(...errors)).toBeLessThanOrEqual(1);
  }
  await model.dispose();
  device.destroy();
});

test("texts and denoiser run once for four pictures, and only the decoder for each", async () => {
  const [device, model] = [await testDevice(), await modelWith()];
  // Both plans are there.
  await model.drawTogether(fourOf());
  await model.draw(SMALL);
  const four = await recordDispatches(device, () => model.drawTogether(fourOf({ prompt: "a harbour" })));
  const one = await recordDispatches(device, () => model.draw({ ...SMALL, prompt: "a forest" }));
  const times = new Map<string, number>();
  for (const dispatch of four) times.set(dispatch, (times.get(dispatch) ?? 0) + 1);
  expect(new Set(times.values())).toEqual(new Set([1, 4]));
  const decoded = [...times].filter(([, count]) => count === 4).map(([dispatch]) => dispatch);
  expect(one).toEqual(expect.arrayContaining(decoded));
  expect(four).toHaveLength(one.length + 3 * decoded.length);
});

test("four, then one, then four again: nothing is compiled and nothing loaded for the change", async () => {
  const model = await modelWith();
  const stages = new Set<Progress["stage"]>();
  await model.drawTogether(fourOf());
  await model.draw(SMALL);
  const onProgress = ({ stage }: Progress) => void stages.add(stage);
  await model.drawTogether(fourOf(), { onProgress });
  await model.draw(SMALL, { onProgress });
  await model.drawTogether(fourOf(), { onProgress });
  expect([...stages].toSorted()).toEqual(["decode", "encode", "step"]);
});

test("each picture is shown after each step, and told of as soon as it is there", async () => {
  const model = await modelWith();
  const heard: string[] = [];
  const drawings = await model.drawTogether(fourOf({ steps: 2 }), {
    previewShare: Infinity,
    onPreview: (_, step, index) => heard.push(`${index} after step ${step}`),
    onProgress: (progress) => progress.stage === "step" && heard.push(`step ${progress.step} of ${progress.pictures}`),
    onDrawn: (_, index) => heard.push(`${index} drawn`),
  });
  const each = (what: string) => [0, 1, 2, 3].map((index) => `${index} ${what}`);
  expect(heard).toEqual(["step 1 of 4", ...each("after step 1"), "step 2 of 4", ...each("drawn")]);
  expect(pixelsOf(drawings)).toEqual(pixelsOf(await model.drawTogether(fourOf({ steps: 2 }))));
});

test("a cancel after the first step ends with the code cancelled, and the next pictures are right", async () => {
  const model = await modelWith();
  const before = pixelsOf(await model.drawTogether(fourOf()));
  const abort = new AbortController();
  const hooks = { signal: abort.signal, previewShare: Infinity, onPreview: () => abort.abort() };
  await expect(model.drawTogether(fourOf({ steps: 4 }), hooks)).rejects.toMatchObject({ code: "cancelled" });
  expect(pixelsOf(await model.drawTogether(fourOf()))).toEqual(before);
});

async function expectInTurn(model: Model): Promise<void> {
  const steps: number[] = [];
  const onProgress = (progress: Progress) => void (progress.stage === "step" && steps.push(progress.pictures));
  const drawings = await model.drawTogether(fourOf(), { onProgress });
  expect(drawings.map(({ recipe }) => recipe.seed)).toEqual(["7"]);
  expect(steps).toEqual([1]);
}

describe("the first is drawn alone", () => {
  test.each<[string, WgslOptions]>([
    ["there is no room for more", { memoryBytes: 0 }],
    ["the adapter gains too little", { gainsFromBatches: false }],
  ])("where %s", async (_, options) => expectInTurn(await modelWith(options)));

  test("where the GPU turns out to have less memory than was planned with, and from then on", async () => {
    const device = await testDevice();
    const model = await openWgslModel(manifest, device, {}, { gainsFromBatches: true });
    await model.draw(SMALL);
    const making = vi.spyOn(device, "checked");
    making.mockRejectedValueOnce(new OnestrokeError("gpu-out-of-memory", "no GPU memory for a plan"));
    await expectInTurn(model);
    expect(making).toHaveBeenCalledTimes(1);
    await expectInTurn(model);
    expect(making, "nothing more is tried").toHaveBeenCalledTimes(1);
    making.mockRestore();
    await model.dispose();
  });
});
