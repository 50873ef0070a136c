// A step that is not steered is the step of a run without a negative, bit for bit, in the same plan
// that has steered before. On the embedded student with made-up texts: the rule is the kernels', not the weights'.
import { expect, test } from "vitest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { nodeStore } from "../checkpoints/node-file";
import { testDevice } from "../engine/testing/evaluate";
import { TorchGenerator } from "../samplers/noise/torch-generator";
import { recipeFromConfig, scheduleFor } from "../samplers/recipe";
import { STEERING_DEFAULTS } from "../steering/defaults";
import { steeringAt } from "../steering/schedule";
import type { Steering } from "../steering/types";
import { Denoiser } from "./denoiser";

const TOKENS = 5;
const SIDE = 8;

test.each(["nasa", "nag"] as const)("%s", async (method) => {
  const manifest = await diffusersManifest(nodeStore("models/vignette"));
  const denoiser = new Denoiser(manifest, await testDevice(), "f32");
  const { inChannels, textChannels } = denoiser.config;
  const numbers = new TorchGenerator(1n);
  const text = () => ({ hidden: numbers.randn(TOKENS * textChannels), tokens: TOKENS, pooled: undefined });
  const plan = await denoiser.plan({ height: SIDE, width: SIDE, textTokens: TOKENS, method }, {});
  const { steps } = scheduleFor(recipeFromConfig(manifest.components.scheduler?.config ?? {}), 2);
  const [, second] = steps;
  if (!second) throw new Error("a schedule of two steps has two");
  plan.write("x", numbers.randn(SIDE * SIDE * inChannels));
  plan.write("noise", numbers.randn(SIDE * SIDE * inChannels));
  denoiser.writeText(plan, text(), { width: SIDE, height: SIDE });
  const next = async (steering: Steering) => {
    denoiser.writeSteering(plan, TOKENS, TOKENS, steering);
    await denoiser.step(plan, second, undefined);
    return Float32Array.from(await plan.read("next"));
  };

  const unsteered = await next({ method: "none" });
  denoiser.writeNegative(plan, text());
  const steering = STEERING_DEFAULTS.vignette[method];
  expect(await next({ ...steering, sigmaEnd: 0 }), "control").not.toEqual(unsteered);
  expect(await next(steeringAt({ ...steering, sigmaEnd: second.sigma + 1 }, 1, second.sigma))).toEqual(unsteered);
  denoiser.network.evict();
});
