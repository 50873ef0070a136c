// Rules of one step, on the embedded student with made-up texts: they are the kernels', not the
// weights'. A step that is not steered is the step of a run without a negative, bit for bit, in the same
// plan that has steered before; and the two texts' lengths are their own, whatever room the plan has.
import { beforeEach, describe, expect, test } from "vitest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import type { Manifest } from "../checkpoints/manifest";
import { nodeStore } from "../checkpoints/node-file";
import type { Plan } from "../engine/plan";
import { testDevice } from "../engine/testing/evaluate";
import { TorchGenerator } from "../samplers/noise/torch-generator";
import { scheduleFor } from "../samplers/recipe";
import { recipeFromConfig } from "../samplers/scheduler-file";
import type { SamplerStep } from "../samplers/schedule";
import { STEERING_DEFAULTS } from "../common/steering-defaults";
import { steeringAt } from "../steering/schedule";
import type { Steering } from "../common/steering";
import { Denoiser } from "./denoiser";
import type { EncodedText } from "./text-encoding";

const SIDE = 8;
const TOKENS = 5;
const NEGATIVE_TOKENS = 3;

let manifest: Manifest;
let denoiser: Denoiser;

// Once, but within a test, which is what can be skipped where there is no adapter.
beforeEach(async () => {
  manifest ??= await diffusersManifest(nodeStore("models/vignette"));
  const device = await testDevice();
  denoiser ??= new Denoiser(manifest, device, "f32");
});

function text(tokens: number, seed: bigint): EncodedText {
  return { hidden: new TorchGenerator(seed).randn(tokens * denoiser.config.textChannels), tokens, pooled: undefined };
}

/** With a sample and a prompt, and without a negative. */
async function planFor(method: "nasa" | "nag", textTokens: number): Promise<Plan> {
  const plan = await denoiser.plan({ height: SIDE, width: SIDE, textTokens, method }, {});
  const numbers = new TorchGenerator(1n);
  for (const name of ["x", "noise"]) plan.write(name, numbers.randn(SIDE * SIDE * denoiser.config.inChannels));
  denoiser.writeText(plan, text(TOKENS, 2n), { width: SIDE, height: SIDE });
  return plan;
}

/** The later of two, which steering may have left. */
function secondStep(): SamplerStep {
  const [, second] = scheduleFor(recipeFromConfig(manifest.components.scheduler?.config ?? {}), 2).steps;
  if (!second) throw new Error("a schedule of two steps has two");
  return second;
}

async function next(plan: Plan, steering: Steering, negativeTokens = NEGATIVE_TOKENS): Promise<Float32Array> {
  denoiser.writeSteering(plan, TOKENS, negativeTokens, steering);
  await denoiser.step(plan, secondStep(), undefined);
  return Float32Array.from(await plan.read("next"));
}

describe.each(["nasa", "nag"] as const)("%s", (method) => {
  const steering = { ...STEERING_DEFAULTS.vignette[method], sigmaEnd: 0 };

  test("a step below sigmaEnd is the unsteered one", async () => {
    const plan = await planFor(method, TOKENS);
    const unsteered = await next(plan, { method: "none" });
    denoiser.writeNegative(plan, text(NEGATIVE_TOKENS, 3n));
    expect(await next(plan, steering), "control").not.toEqual(unsteered);
    const { sigma } = secondStep();
    expect(await next(plan, steeringAt({ ...steering, sigmaEnd: sigma + 1 }, 1, sigma))).toEqual(unsteered);
  });

  test("room that neither text fills, and what an earlier text left there, changes nothing", async () => {
    const [tight, roomy] = [await planFor(method, TOKENS), await planFor(method, 2 * TOKENS)];
    denoiser.writeNegative(roomy, text(2 * TOKENS, 4n));
    await next(roomy, steering, 2 * TOKENS);
    for (const plan of [tight, roomy]) denoiser.writeNegative(plan, text(NEGATIVE_TOKENS, 3n));
    expect(await next(roomy, steering)).toEqual(await next(tight, steering));
    expect(await next(roomy, steering, TOKENS), "control").not.toEqual(await next(tight, steering));
  });
});
