// A denoiser that reads classes is drawn by the same algorithm as one that reads texts. One step is computed here by the
// rule of average velocities, from the network's own prediction.
import { beforeEach, expect, test } from "vitest";
import { parseCatalogueEntry } from "../catalogue/entry";
import { catalogueManifest } from "../checkpoints/catalogue-manifest";
import type { Manifest } from "../checkpoints/manifest";
import { nodeStore } from "../checkpoints/node-file";
import { FIXTURES, goldenJson } from "../checkpoints/testing/fixtures";
import { NetworkUnderTest } from "../cli/parity/check";
import { Golden, relativeError } from "../cli/parity/golden";
import type { Recipe } from "../common/recipe";
import { RECIPE } from "../common/testing/fakes";
import { testDevice } from "../engine/testing/evaluate";
import { openDenoiser } from "../networks";
import { TorchGenerator } from "../samplers/noise/torch-generator";
import type { Model } from "./draw";
import { channelsLast } from "./latent-layout";
import { openWgslModel } from "./wgsl/model";

const CONFIG = goldenJson(`${FIXTURES}/esc-sit/config.json`);
const SIDE = 8;
const CHANNELS = 4;
const ASKED: Recipe = { ...RECIPE, prompt: "3", seed: "5", width: 8 * SIDE, height: 8 * SIDE };

const ENTRY = parseCatalogueEntry(
  {
    id: "classes",
    title: "Classes",
    summary: "Draws for a test.",
    family: "esc-sit",
    size: 64,
    steps: { maximum: 4, preferred: 1 },
    components: {
      transformer: { repository: "esc-sit", revision: "", className: "esc-sit", folder: "" },
      vae: { repository: "vae-tiny", revision: "", className: "AutoencoderTiny", folder: "" },
    },
    sampler: { rule: "average-velocity" },
    license: { id: "MIT" },
  },
  "classes.json",
);

let manifest: Manifest;
let model: Model;
beforeEach(async () => {
  const device = await testDevice();
  manifest ??= await catalogueManifest(ENTRY, ({ repository }) => nodeStore(`${FIXTURES}/${repository}`));
  model ??= await openWgslModel(manifest, device, {}, { format: "f32" });
});

/** The latent after one step from t = 1 to r = 0, `[pixels, channels]`. */
async function oneStep(label: number): Promise<Float32Array> {
  const part = { className: "esc-sit", config: CONFIG };
  const denoiser = openDenoiser(part);
  const fixture = { ...part, name: "esc-sit", store: nodeStore(`${FIXTURES}/esc-sit`), golden: Golden.empty() };
  const network = await NetworkUnderTest.open(fixture, await testDevice(), "f32", denoiser);
  const z = channelsLast(new TorchGenerator(BigInt(ASKED.seed)).randn(CHANNELS * SIDE * SIDE), CHANNELS);
  const shape = { batch: 1, height: SIDE, width: SIDE, textTokens: 0, steering: "nasa" } as const;
  const inputs = { ...denoiser.timeInputs({ timestep: 1, endTimestep: 0 }), sample: z, label: Uint32Array.of(label) };
  const { u } = await network.run("u", (g) => g.output("u", denoiser.build(g, shape)), inputs);
  network.close();
  return z.map((value, i) => value - (u?.[i] ?? NaN));
}

test("one step of class 3; another class is another latent", async () => {
  const { latent } = await model.measure(ASKED);
  // Both ways use the same float32 kernels; only the order of two sums differs.
  expect(relativeError(latent, await oneStep(3))).toBeLessThan(1e-5);
  expect(relativeError(latent, await oneStep(4)), "control").toBeGreaterThan(1e-3);
});

test("a picture of the model's size, with no tokens to count", async () => {
  const { picture, tokens, model: facts } = await model.draw({ ...ASKED, steps: 2 });
  expect([picture.width, picture.height]).toEqual([64, 64]);
  expect(tokens).toEqual({ prompt: 0, negative: 0, most: 0 });
  expect(facts).toMatchObject({ id: "classes", title: "Classes", maxSteps: 4, defaultSize: 64 });
});

test("two of a class that are drawn together are what each is alone", async () => {
  const together = await openWgslModel(manifest, await testDevice(), {}, { format: "f32", gainsFromBatches: true });
  const recipes = ["5", "6"].map((seed) => ({ ...ASKED, seed }));
  const drawings = await together.drawTogether(recipes);
  expect(drawings).toHaveLength(2);
  for (const [index, recipe] of recipes.entries()) {
    expect(drawings[index]?.picture.data).toEqual((await model.draw(recipe)).picture.data);
  }
  await together.dispose();
});

test.each([
  ["a sentence", { prompt: "a hill" }],
  ["another size", { width: 128 }],
  ["a rule for networks that predict noise", { sampler: "euler" } as const],
  ["what such a network predicts", { prediction: "epsilon" } as const],
])("%s is refused", async (_, change) => {
  await expect(model.draw({ ...ASKED, ...change })).rejects.toMatchObject({ code: "invalid-input" });
});
