// The format of weights where nobody chooses: the one that loses least of those that fit.
import { beforeEach, expect, test } from "vitest";
import type { NetworkName } from "../../common/model-facts";
import type { AskedWeights, WeightChoice } from "../../common/weight-format";
import { testDevice } from "../../engine/testing/evaluate";
import { studentManifest } from "../testing/embedded-student";
import { WgslAutoencoder } from "./autoencoder";
import { WgslDenoiser } from "./denoiser";
import { planWeights } from "./fitting-weights";
import { planModel } from "./model-plan";
import { WgslTextEncoder } from "./text-encoder";

type Plans = Readonly<Record<WeightChoice, readonly [peakBytes: number, ...turns: NetworkName[]]>>;

const planned = (plans: Plans, budget: number) =>
  planWeights((choice) => {
    const [peakBytes, ...turns] = plans[choice];
    return { peakBytes, turns, parts: false };
  }, budget);

test.each<[string, number, Plans, WeightChoice]>([
  ["as published where that fits", 10, { published: [10], q8: [6], q4: [4] }, "published"],
  ["as published where only small networks take turns", 10, { published: [10, "text_encoder"], q8: [6], q4: [4] }, "published"],
  ["8 bits where the denoiser would leave otherwise", 10, { published: [10, "denoiser"], q8: [6], q4: [4] }, "q8"],
  ["4 bits where 8 are too large", 5, { published: [10], q8: [6], q4: [4] }, "q4"],
  [
    "the first that fits where the denoiser leaves with each",
    7,
    { published: [10, "denoiser"], q8: [6, "denoiser"], q4: [4, "denoiser"] },
    "q8",
  ],
  ["the smallest where none fits", 1, { published: [10], q8: [6], q4: [4] }, "q4"],
  ["as published where nothing is smaller, as with 4 bits that are stored", 1, { published: [4], q8: [6], q4: [4] }, "published"],
])("%s", (_, budget, plans, fitting) => {
  const found = planned(plans, budget);
  expect(found.fitting).toBe(fitting);
  expect(found.byWeights).toEqual({ published: plans.published[0], q8: plans.q8[0], q4: plans.q4[0] });
});

beforeEach(() => testDevice().then(() => undefined));

test.each<[AskedWeights | undefined, number, string]>([
  [undefined, 0, "f16"],
  ["published", 0, "f16"],
  ["q8", 1e9, "q8"],
  ["fitting", 1e9, "f16"],
  ["fitting", 0, "q4"],
])("the embedded student, asked for %s weights within %d bytes, has %s", async (weights, memoryBytes, expected) => {
  const device = await testDevice();
  const manifest = await studentManifest();
  const numbers = { format: "f32" } as const;
  const networks = {
    texts: await WgslTextEncoder.openAll(manifest, device, numbers),
    denoiser: new WgslDenoiser(manifest, device, numbers),
    autoencoder: new WgslAutoencoder(manifest, device, { ...numbers, sampleSize: 32 }),
  };
  const model = await planModel(manifest, device, networks, { format: "f32", weights, memoryBytes });
  expect([...model.weights]).toEqual([
    ["text_encoder", expected],
    ["unet", expected],
  ]);
  // The autoencoder's weights are no choice.
  expect(model.formats.weights("autoencoder")).toBe("f16");
  const { byWeights } = model.memory;
  expect(byWeights.q4).toBeLessThan(byWeights.q8);
  expect(byWeights.q8).toBeLessThan(byWeights.published);
});
