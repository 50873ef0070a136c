// The rules of drawing together, with an engine that computes nothing: which recipes go together, what is told of each picture, and what
// happens to one that comes out broken among others.
import { expect, test, vi } from "vitest";
import { CHOSEN_PREDICTIONS, CHOSEN_RULES } from "../common/chosen-sampler";
import type { Drawing, Timings } from "../common/drawing";
import type { WideNetwork } from "../common/wide-network";
import type { Picture } from "../common/picture";
import type { Recipe } from "../common/recipe";
import { FACTS, RECIPE } from "../common/testing/fakes";
import { STABLE_DIFFUSION_NOISE } from "../samplers/alphas";
import { noiseOf } from "../samplers/noise/noise-source";
import { TorchGenerator } from "../samplers/noise/torch-generator";
import type { Sampler } from "../samplers/sampler";
import { scheduleFor } from "../samplers/sampler";
import type { SamplerStep } from "../samplers/schedule";
import { withRule } from "../samplers/scheduler-file";
import { Model } from "./draw";
import type { ModelEngine } from "./engine";

const CLASS: Recipe = { ...RECIPE, prompt: "3" };
const recipesOf = (...seeds: readonly string[]): readonly Recipe[] => seeds.map((seed) => ({ ...CLASS, seed }));

interface Fake {
  /** Pictures that it denoises together. */
  readonly room?: number;
  /** Seeds whose pictures are broken unless these networks compute in float32. */
  readonly broken?: Readonly<Record<string, readonly WideNetwork[] | "always">>;
  readonly sampler?: Sampler;
  readonly madeForSteps?: number;
}

const CHANNELS = 4;
const FACTOR = 8;
const SAMPLER: Sampler = {
  rule: { rule: "average-velocity" },
  noise: STABLE_DIFFUSION_NOISE,
  predictionType: "epsilon",
};

/** It tells a sample's seed by the first number of its noise. */
function fakeModel({ room = 4, broken = {}, sampler = SAMPLER, madeForSteps }: Fake = {}) {
  const begun: number[] = [];
  const stepped: SamplerStep[] = [];
  let inFloat32: readonly WideNetwork[] = [];
  const seeds = ["1", "2", "3", "4", "5"];
  const firstOf = (seed: string) => noiseOf({ seed })((CHANNELS * CLASS.width * CLASS.height) / FACTOR ** 2)[0];
  const pictureOf = (sample: Float32Array | undefined): Picture => {
    const seed = seeds.find((one) => firstOf(one) === sample?.[0]) ?? "";
    const needs = broken[seed] ?? [];
    const isWhole = needs !== "always" && needs.every((network) => inFloat32.includes(network));
    const data = new Uint8ClampedArray(4 * CLASS.width * CLASS.height).fill(Number(seed));
    if (isWhole) data[0] = 255;
    return { width: CLASS.width, height: CLASS.height, data };
  };
  const engine: ModelEngine = {
    facts: FACTS,
    samplerOf: (rule) => withRule(sampler, rule),
    madeForSteps,
    latent: { channels: CHANNELS, of: ({ width, height }) => ({ width: width / FACTOR, height: height / FACTOR }) },
    textEncoders: [],
    widening: {
      choices: ["autoencoder", "denoiser"],
      get inFloat32() {
        return inFloat32;
      },
      choose: (networks) => (inFloat32 = networks),
    },
    begin: async (makers) => {
      const count = Math.min(room, makers.length);
      begun.push(count);
      const samples = makers.slice(0, count).map((make) => make());
      return {
        count,
        step: async (step) => void stepped.push(step),
        decode: async (_, index) => pictureOf(samples[index]),
        measure: async () => Promise.reject(new Error("nothing to measure")),
        end: () => undefined,
      };
    },
    encodePicture: async () => new Float32Array(),
    dispose: async () => undefined,
  };
  return { model: new Model(engine, { load: 30, compile: 10 }), begun, stepped, inFloat32: () => inFloat32 };
}

const seedsOf = (drawings: readonly Drawing[]) => drawings.map(({ recipe, picture }) => [recipe.seed, picture.data[1]]);

test("as many as there is room for, at most four, and each picture belongs to its recipe", async () => {
  const { model, begun } = fakeModel();
  expect(seedsOf(await model.drawTogether(recipesOf("1", "2", "3", "4", "5")))).toEqual([1, 2, 3, 4].map((seed) => [String(seed), seed]));
  expect(seedsOf(await fakeModel({ room: 2 }).model.drawTogether(recipesOf("3", "1", "2")))).toEqual([
    ["3", 3],
    ["1", 1],
  ]);
  expect(begun).toEqual([4]);
});

test("noise is drawn for those alone that there is room for", async () => {
  const { model } = fakeModel({ room: 2 });
  const randn = vi.spyOn(TorchGenerator.prototype, "randn");
  let drawnBefore: number | undefined;
  // This engine draws noise again to tell pictures by it, once they are decoded.
  await model.drawTogether(recipesOf("1", "2", "3", "4"), {
    onProgress: ({ stage }) => {
      if (stage === "step") drawnBefore = randn.mock.calls.length;
    },
  });
  randn.mockRestore();
  expect(drawnBefore).toBe(2);
});

test.each<[string, Partial<Recipe>]>([
  ["prompt", { prompt: "4" }],
  ["negative", { negative: "fog" }],
  ["steps", { steps: 2 }],
  ["width", { width: 64 }],
  ["steering", { steering: { method: "nasa", scale: 0.5 } }],
  ["start", { start: { picture: "0".repeat(32), strength: 0.5 } }],
  ["rows", { rows: 2 }],
])("recipes of another %s are no batch, which is said by name before anything is drawn", async (field, change) => {
  const { model, begun } = fakeModel();
  const [first = CLASS, second = CLASS] = recipesOf("1", "2");
  await expect(model.drawTogether([first, { ...second, ...change }])).rejects.toMatchObject({
    code: "invalid-input",
    message: expect.stringContaining(field),
    detail: { field },
    remedy: expect.stringContaining("seed"),
  });
  expect(begun).toEqual([]);
});

test("no recipes are refused; seed and variations may differ", async () => {
  const { model } = fakeModel();
  await expect(model.drawTogether([])).rejects.toMatchObject({ code: "invalid-input" });
  const varied = { ...CLASS, seed: "1", variations: [{ seed: "2", strength: 0 }] };
  expect(await model.drawTogether([{ ...CLASS, seed: "3" }, varied])).toHaveLength(2);
});

test("one that comes out broken among others is drawn alone in wider numbers, after the others were told of", async () => {
  const { model, begun, inFloat32 } = fakeModel({ broken: { "2": ["autoencoder"], "3": ["denoiser"] } });
  const told: number[] = [];
  const drawings = await model.drawTogether(recipesOf("1", "2", "3", "4"), { onDrawn: (_, index) => told.push(index) });
  expect(told).toEqual([0, 3, 1, 2]);
  expect(seedsOf(drawings)).toEqual([1, 2, 3, 4].map((seed) => [String(seed), seed]));
  // The second one as before, then in wider numbers; the third in those, and in wider ones still.
  expect(begun).toEqual([4, 1, 1, 1, 1]);
  expect(drawings.map(({ recipe }) => recipe.inFloat32)).toEqual([undefined, ["autoencoder"], ["autoencoder", "denoiser"], undefined]);
  expect(inFloat32()).toEqual(["autoencoder", "denoiser"]);
});

test("control: one that nothing helps is an error, and the others are told of", async () => {
  const { model } = fakeModel({ broken: { "2": "always" } });
  const told: number[] = [];
  const drawing = model.drawTogether(recipesOf("1", "2", "3"), { onDrawn: (_, index) => told.push(index) });
  await expect(drawing).rejects.toMatchObject({ code: "bad-image" });
  expect(told).toEqual([0, 2]);
});

test("what was done for all is shared, and loading is paid for by the first", async () => {
  const { model } = fakeModel();
  const drawings = await model.drawTogether(recipesOf("1", "2", "3", "4").map((recipe) => ({ ...recipe, steps: 2 })));
  const timings = drawings.map((drawing): Timings => drawing.timings);
  expect(timings.map(({ load }) => load)).toEqual([30, 0, 0, 0]);
  expect(new Set(timings.map(({ denoise }) => String(denoise))).size).toBe(1);
  expect(timings[0]?.denoise).toHaveLength(2);
});

const DENOISED: Sampler = { ...SAMPLER, rule: { rule: "consistency", originalSteps: 4, timestepShift: 999 } };

test.each(CHOSEN_RULES)(
  "a recipe that asks for %s is stepped so, of a network that predicts what it says; another one as the model says",
  async (rule) => {
    for (const prediction of CHOSEN_PREDICTIONS) {
      const { model, stepped } = fakeModel({ sampler: DENOISED });
      const drawing = await model.draw({ ...CLASS, sampler: rule, prediction });
      expect(stepped).toEqual(scheduleFor({ ...withRule(DENOISED, rule), predictionType: prediction }, 1).steps);
      expect(drawing.recipe).toMatchObject({ sampler: rule, prediction });
    }
    const { model, stepped } = fakeModel({ sampler: DENOISED });
    await model.draw(CLASS);
    expect(stepped, "control").toEqual(scheduleFor(DENOISED, 1).steps);
  },
);

test("the most steps are those of the rule that is asked for, unless it is known what the model was made for", async () => {
  const recipe = { ...CLASS, steps: FACTS.maxSteps + 2 };
  const { model, stepped } = fakeModel({ sampler: DENOISED });
  await model.draw({ ...recipe, sampler: "tcd" });
  expect(stepped).toHaveLength(recipe.steps);
  const refused = { code: "invalid-input", detail: { field: "steps" } };
  await expect(model.draw(recipe), "control").rejects.toMatchObject(refused);
  const known = fakeModel({ sampler: DENOISED, madeForSteps: FACTS.maxSteps }).model;
  await expect(known.draw({ ...recipe, sampler: "tcd" })).rejects.toMatchObject(refused);
});
