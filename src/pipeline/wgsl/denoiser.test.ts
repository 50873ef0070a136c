// Rules of one step, on the embedded student with made-up texts: they concern the kernels, not the
// weights. A step that is not steered equals the step of a run without a negative, bit for bit, even in a
// plan that has steered before; and each text keeps its own length, whatever room the plan has.
import { beforeEach, describe, expect, test } from "vitest";
import type { Manifest } from "../../checkpoints/manifest";
import type { Plan } from "../../engine/plan";
import { testDevice } from "../../engine/testing/evaluate";
import { TorchGenerator } from "../../samplers/noise/torch-generator";
import { scheduleFor } from "../../samplers/sampler";
import { samplerFromConfig } from "../../samplers/scheduler-file";
import type { SamplerStep } from "../../samplers/schedule";
import { STEERING_DEFAULTS } from "../../common/steering-defaults";
import { steeringAt } from "../../steering/schedule";
import { STEERING_METHODS, type Steering, type SteeringMethod } from "../../common/steering";
import type { EncodedText } from "../engine";
import { Work } from "../work";
import { studentManifest } from "../testing/embedded-student";
import { WgslDenoiser } from "./denoiser";

const SIDE = 8;
const TOKENS = 5;
const NEGATIVE_TOKENS = 3;

let manifest: Manifest;
let denoiser: WgslDenoiser;

// This is done once, but within a test, because only a test can be skipped where there is no adapter.
beforeEach(async () => {
  manifest ??= await studentManifest();
  const device = await testDevice();
  denoiser ??= new WgslDenoiser(manifest, device, { format: "f32" });
});

function text(tokens: number, seed: bigint): EncodedText {
  const { reads } = denoiser.role;
  const channels = reads.kind === "text" ? reads.channels : NaN;
  return { hidden: new TorchGenerator(seed).randn(tokens * channels), channels, tokens };
}

/** Writes the prompt, and a negative if there is one. */
function write(plan: Plan, negative?: EncodedText): void {
  denoiser.write(plan, { kind: "text", positive: text(TOKENS, 2n), negative, method: undefined }, { width: SIDE, height: SIDE });
}

/** A plan with a sample and a prompt, and without a negative. */
async function planFor(method: SteeringMethod, textTokens: number): Promise<Plan> {
  const plan = await denoiser.plan({ height: SIDE, width: SIDE, textTokens, method }, new Work());
  const numbers = new TorchGenerator(1n);
  for (const name of ["x", "noise"]) plan.write(name, numbers.randn(SIDE * SIDE * denoiser.role.inChannels));
  write(plan);
  return plan;
}

/** The later of two steps, which may be past the end of steering. */
function secondStep(): SamplerStep {
  const [, second] = scheduleFor(samplerFromConfig(manifest.components.scheduler?.config ?? {}), 2).steps;
  if (!second) throw new Error("a schedule of two steps has two");
  return second;
}

async function next(plan: Plan, steering: Steering, negativeTokens = NEGATIVE_TOKENS): Promise<Float32Array> {
  denoiser.writeSteering(plan, steering, { positive: { tokens: TOKENS }, negative: { tokens: negativeTokens } });
  await denoiser.step(plan, secondStep(), undefined);
  return Float32Array.from(await plan.read("next"));
}

describe.each(STEERING_METHODS)("%s", (method) => {
  const steering = { ...STEERING_DEFAULTS.vignette[method], sigmaEnd: 0 };

  test("a step below sigmaEnd is the unsteered one", async () => {
    const plan = await planFor(method, TOKENS);
    const unsteered = await next(plan, { method: "none" });
    write(plan, text(NEGATIVE_TOKENS, 3n));
    expect(await next(plan, steering), "control").not.toEqual(unsteered);
    const { sigma } = secondStep();
    expect(await next(plan, steeringAt({ ...steering, sigmaEnd: sigma + 1 }, 1, sigma))).toEqual(unsteered);
  });

  test("room that neither text fills, and what an earlier text left there, changes nothing", async () => {
    const [tight, roomy] = [await planFor(method, TOKENS), await planFor(method, 2 * TOKENS)];
    write(roomy, text(2 * TOKENS, 4n));
    await next(roomy, steering, 2 * TOKENS);
    for (const plan of [tight, roomy]) write(plan, text(NEGATIVE_TOKENS, 3n));
    expect(await next(roomy, steering)).toEqual(await next(tight, steering));
    expect(await next(roomy, steering, TOKENS), "control").not.toEqual(await next(tight, steering));
  });
});
