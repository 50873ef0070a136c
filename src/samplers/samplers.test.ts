// Every sampler against diffusers' own intermediate samples, for fixed network outputs and noises.
// The bound is 1e-5: the reference computes in float32 (6e-8 for each operation, at most a dozen in a row,
// times 14.6 where epsilon is scaled by the largest sigma).
import { beforeAll, describe, expect, it } from "vitest";
import { Fields, isJsonObject, type JsonObject } from "../common/json";
import type { TensorReader } from "../checkpoints/tensor-reader";
import { FIXTURES, golden, goldenJson, relativeError } from "../checkpoints/testing/fixtures";
import { cumulativeAlphas, noiseLevel, STABLE_DIFFUSION_NOISE } from "./alphas";
import { consistencyLists, consistencyTimesteps, fewStepSchedule } from "./few-step";
import { guidanceEmbedding } from "../networks/guidance-embedding";
import { scheduleFor, type SamplerRule } from "./sampler";
import { samplerFromConfig } from "./scheduler-file";
import type { Schedule } from "./schedule";

const BOUND = 1e-5;
const cases = Object.entries(goldenJson(`${FIXTURES}/samplers/golden.json`)).filter((entry): entry is [string, JsonObject] =>
  isJsonObject(entry[1]),
);
let tensors: TensorReader;
beforeAll(async () => {
  tensors = await golden("samplers");
});

function epsilonSchedule(rule: SamplerRule, steps: number): Schedule {
  return scheduleFor({ rule, noise: STABLE_DIFFUSION_NOISE, predictionType: "epsilon" }, steps);
}

/** Runs a schedule over the fixture's outputs and noises, and compares each step's next sample. */
async function errorsOf(name: string, schedule: Schedule): Promise<readonly number[]> {
  const errors: number[] = [];
  let sample = (await tensors.readFloat32("sample")).map((x) => x * schedule.initialNoiseScale);
  if (tensors.has(`${name}.init`)) errors.push(relativeError(sample, await tensors.readFloat32(`${name}.init`)));
  for (const [i, step] of schedule.steps.entries()) {
    const out = await tensors.readFloat32(`model_output.${i}`);
    const noise = await tensors.readFloat32(`noise.${i}`);
    if (tensors.has(`${name}.input.${i}`)) {
      const input = sample.map((x) => x * step.inputScale);
      errors.push(relativeError(input, await tensors.readFloat32(`${name}.input.${i}`)));
    }
    sample = sample.map((x, j) => step.next.x * x + step.next.out * (out[j] ?? NaN) + step.next.noise * (noise[j] ?? NaN));
    errors.push(relativeError(sample, await tensors.readFloat32(`${name}.step.${i}`)));
  }
  return errors;
}

describe("few-step rule", () => {
  const listed = cases.filter(([, entry]) => "unet_timesteps" in entry);
  it("has cases", () => expect(listed.length).toBe(14));

  it.each(listed)("%s", async (name, entry) => {
    const fields = new Fields(entry, name);
    const lists = { network: fields.integers("unet_timesteps", [0, 999]), renoise: fields.integers("renoise_timesteps", [0, 999]) };
    const schedule = fewStepSchedule({ noise: STABLE_DIFFUSION_NOISE, predictionType: "epsilon", lists });
    expect(schedule.steps.map((step) => step.timestep)).toEqual(lists.network);
    expect(Math.max(...(await errorsOf(name, schedule)))).toBeLessThan(BOUND);
  });

  it.each([
    ["nitro-realism", 250],
    ["nitro-vibrant", 500],
    ["dmd2", 1000],
  ])("%s: both lists follow from the shift %i on four original steps", (family, shift) => {
    for (const steps of [1, 2, 3, 4]) {
      const entry = cases.find(([name]) => name === `${family}-${steps}`)?.[1] ?? {};
      expect(consistencyLists(steps, 4, 1000, shift)).toEqual({ network: entry["unet_timesteps"], renoise: entry["renoise_timesteps"] });
    }
  });

  it("control: a list shifted by one timestep is outside the bound", async () => {
    const lists = { network: [500], renoise: [999] };
    const schedule = fewStepSchedule({ noise: STABLE_DIFFUSION_NOISE, predictionType: "epsilon", lists });
    expect(Math.max(...(await errorsOf("nitro-vibrant-1", schedule)))).toBeGreaterThan(BOUND);
  });

  it("draws no noise at the last step, so a generator's state follows the reference", () => {
    const schedule = epsilonSchedule({ rule: "consistency", originalSteps: 4, timestepShift: 250 }, 4);
    expect(schedule.steps.map((step) => step.next.noise > 0)).toEqual([true, true, true, false]);
  });
});

describe("sigma", () => {
  it("is of the sample, not of the earlier time that a shifted student is told", () => {
    const alphas = cumulativeAlphas(STABLE_DIFFUSION_NOISE);
    const shifted = fewStepSchedule({
      noise: STABLE_DIFFUSION_NOISE,
      predictionType: "epsilon",
      lists: consistencyLists(4, 4, 1000, 250),
    });
    expect(shifted.steps.map((step) => step.timestep)).toEqual([249, 187, 124, 62]);
    expect(shifted.steps.map((step) => step.sigma)).toEqual([999, 749, 499, 249].map((timestep) => noiseLevel(alphas, timestep).sigma));
  });
});

describe("LCM's own step lists", () => {
  it.each(cases.filter(([name]) => name.startsWith("lcm-original50")))("%s", (name, entry) => {
    const timesteps = new Fields(entry, name).integers("timesteps", [0, 999]);
    expect(consistencyTimesteps(timesteps.length, 50, 1000)).toEqual(timesteps);
  });

  it("refuses more steps than the model was distilled on", () => {
    expect(() => consistencyTimesteps(5, 4, 1000)).toThrow("1 to 4 steps");
  });
});

describe("Euler, trailing", () => {
  const rule: SamplerRule = { rule: "euler", timesteps: { spacing: "trailing" }, ancestral: false };

  it.each([1, 2, 3, 4])("%i steps", async (steps) => {
    const name = `euler-trailing-${steps}`;
    const schedule = epsilonSchedule(rule, steps);
    const entry = cases.find(([key]) => key === name)?.[1] ?? {};
    expect(schedule.steps.map((step) => step.timestep)).toEqual(entry["timesteps"]);
    const sigmas = [...schedule.steps.map((step) => step.sigma), 0];
    expect(relativeError(sigmas, new Fields(entry, name).numbers("sigmas", [0, 15]))).toBeLessThan(1e-6);
    expect(Math.max(...(await errorsOf(name, schedule)))).toBeLessThan(BOUND);
  });

  it("one ancestral step is one Euler step", () => {
    expect(epsilonSchedule({ ...rule, ancestral: true }, 1)).toEqual(epsilonSchedule(rule, 1));
  });

  it("rounds halves to even, as the reference's lists do", () => {
    expect(
      epsilonSchedule(rule, 16)
        .steps.map((step) => step.timestep)
        .slice(0, 4),
    ).toEqual([999, 937, 874, 811]);
  });
});

describe("Euler, timesteps of the student's own", () => {
  const config = goldenJson(`${FIXTURES}/repo-sd-turbo-tiny/scheduler/scheduler_config.json`);
  const own = (lists: JsonObject) => samplerFromConfig({ ...config, timesteps_by_steps: lists });

  it.each([1, 2, 3, 4])("those of trailing spacing give its schedule of %i steps", (steps) => {
    const trailing = samplerFromConfig(config);
    const lists = [1, 2, 3, 4].map((n) => [String(n), scheduleFor(trailing, n).steps.map((step) => step.timestep)]);
    expect(scheduleFor(own(Object.fromEntries(lists)), steps)).toEqual(scheduleFor(trailing, steps));
  });

  it("from 999 straight to 49: the noise stays, its level falls, the end is x0", () => {
    const [from, to] = [999, 49].map((t) => noiseLevel(cumulativeAlphas(STABLE_DIFFUSION_NOISE), t).sigma);
    const { initialNoiseScale, steps } = scheduleFor({ ...own({ "1": [999], "2": [999, 49] }), predictionType: "epsilon" }, 2);
    expect([initialNoiseScale, ...steps.map((step) => step.sigma)]).toEqual([from, from, to]);
    const [x0, epsilon] = [0.7, -0.3];
    const after = steps.map(({ sigma, next }) => next.x * (x0 + sigma * epsilon) + next.out * epsilon);
    expect(after[0]).toBeCloseTo(x0 + (to ?? NaN) * epsilon, 12);
    expect(after[1]).toBeCloseTo(x0, 12);
    expect(steps.map((step) => step.next.noise)).toEqual([0, 0]);
  });

  it("has no other numbers of steps", () => {
    expect(() => scheduleFor(own({ "1": [999], "2": [999, 49] }), 3)).toThrow("takes 1, 2 steps, not 3");
  });

  it.each([
    ["a list of another length", { "1": [999], "2": [999] }, "2"],
    ["timesteps that rise", { "1": [999], "2": [49, 999] }, "2"],
    ["a gap", { "1": [999], "3": [999, 66, 33] }, "2"],
    ["one that was not trained on", { "1": [1000] }, "1"],
    ["halves", { "1": [998.5] }, "1"],
    ["no list", {}, "1"],
  ])("refuses %s by name", (_, lists, field) => {
    expect(() => own(lists)).toThrow(expect.objectContaining({ code: "model-unsupported", detail: expect.objectContaining({ field }) }));
  });

  it.each(["LCMScheduler", "TCDScheduler"])("%s has none, and does not read past them", (_class_name) => {
    expect(() => samplerFromConfig({ ...config, _class_name, timesteps_by_steps: { "1": [999] } })).toThrow("timesteps_by_steps");
  });

  it("those of the student that ships are from one step to four", () => {
    const shipped = samplerFromConfig(goldenJson("models/vignette/scheduler/scheduler_config.json"));
    const asked = [1, 2, 3, 4].map((n) => scheduleFor(shipped, n).steps.map((step) => step.timestep));
    expect(asked).toEqual([[999], [999, 49], [999, 66, 33], [999, 75, 50, 25]]);
    expect(() => scheduleFor(shipped, 5)).toThrow("not 5");
  });
});

describe("TCD, eta 0", () => {
  it.each([1, 4])("%i steps", async (steps) => {
    const name = `tcd-eta0-${steps}`;
    const schedule = epsilonSchedule({ rule: "tcd", originalSteps: 50 }, steps);
    const entry = cases.find(([key]) => key === name)?.[1] ?? {};
    expect(schedule.steps.map((step) => step.timestep)).toEqual(entry["timesteps"]);
    expect(Math.max(...(await errorsOf(name, schedule)))).toBeLessThan(BOUND);
  });
});

describe("prediction types describe one and the same network", () => {
  const rules: readonly SamplerRule[] = [
    { rule: "consistency", originalSteps: 4, timestepShift: 1000 },
    { rule: "tcd", originalSteps: 50 },
    { rule: "euler", timesteps: { spacing: "trailing" }, ancestral: false },
    { rule: "euler", timesteps: { spacing: "leading", stepsOffset: 1 }, ancestral: true },
  ];
  it.each(rules)("$rule: x0 and next agree whichever way the output is expressed", (rule) => {
    const alphas = cumulativeAlphas(STABLE_DIFFUSION_NOISE);
    const [x0, epsilon, fresh] = [0.7, -0.3, 0.9];
    const at = (type: "epsilon" | "v_prediction" | "sample"): readonly number[] =>
      scheduleFor({ rule, noise: STABLE_DIFFUSION_NOISE, predictionType: type }, 4).steps.flatMap((step) => {
        const { sqrtAlpha, sqrtOneMinusAlpha, sigma } = noiseLevel(alphas, step.timestep);
        const out = { epsilon, v_prediction: sqrtAlpha * epsilon - sqrtOneMinusAlpha * x0, sample: x0 }[type];
        const x = rule.rule === "euler" ? x0 + sigma * epsilon : sqrtAlpha * x0 + sqrtOneMinusAlpha * epsilon;
        return [step.x0.x * x + step.x0.out * out, step.next.x * x + step.next.out * out + step.next.noise * fresh];
      });
    // All of this is float64; the worst cancellation is 14.6 squared.
    for (const type of ["v_prediction", "sample"] as const) {
      at(type).forEach((value, i) => expect(value).toBeCloseTo(at("epsilon")[i] ?? NaN, 10));
    }
  });
});

describe("average velocity and direct", () => {
  it("n steps of a constant velocity end where one step does", () => {
    for (const steps of [1, 2, 3, 4, 7]) {
      const schedule = scheduleFor({ rule: { rule: "average-velocity" }, noise: STABLE_DIFFUSION_NOISE, predictionType: "epsilon" }, steps);
      const z = schedule.steps.reduce((sample, step) => step.next.x * sample + step.next.out * 2, 3);
      expect(z).toBeCloseTo(1, 12);
      expect(schedule.steps.at(-1)?.endTimestep).toBe(0);
    }
  });

  it("PaGoDA: 80 N(0, 1) is seen with unit variance, at 250 ln 80", () => {
    const { initialNoiseScale, steps } = epsilonSchedule({ rule: "direct", sigma: 80 }, 1);
    expect(initialNoiseScale * (steps[0]?.inputScale ?? 0)).toBeCloseTo(80 / Math.sqrt(80 ** 2 + 0.25), 12);
    expect(steps[0]?.timestep).toBeCloseTo(1095.5, 1);
    expect(() => epsilonSchedule({ rule: "direct", sigma: 80 }, 2)).toThrow("exactly one step");
  });
});

describe("a run that starts from a picture", () => {
  const noise = STABLE_DIFFUSION_NOISE;
  const perfect = { epsilon: (_: number, e: number) => e, velocity: (x: number, e: number) => e - x };
  it.each<[string, SamplerRule, (x: number, e: number) => number]>([
    ["euler", { rule: "euler", timesteps: { spacing: "trailing" }, ancestral: false }, perfect.epsilon],
    ["consistency", { rule: "consistency", originalSteps: 50, timestepShift: 1000 }, perfect.epsilon],
    ["tcd", { rule: "tcd", originalSteps: 50 }, perfect.epsilon],
    ["listed", { rule: "listed", lists: [{ network: [999, 749, 499, 249], renoise: [999, 749, 499, 249] }] }, perfect.epsilon],
    ["average-velocity", { rule: "average-velocity" }, perfect.velocity],
  ])("%s: at every step's own level, a perfect network gives the picture back", (_, rule, network) => {
    const [picture, unit] = [0.7, -1.3];
    for (const { start, x0 } of scheduleFor({ rule, noise, predictionType: "epsilon" }, 4).steps) {
      const sample = start.picture * picture + start.noise * unit;
      // 1 / sqrt(alpha) is 15 at the noisiest step, and LCM's boundary condition is off by 1e-6.
      expect(x0.x * sample + x0.out * network(picture, unit)).toBeCloseTo(picture, 4);
    }
  });

  it("direct: noise over the picture at sigma, as EDM trains it", () => {
    expect(scheduleFor({ rule: { rule: "direct", sigma: 80 }, noise, predictionType: "sample" }, 1).steps[0]?.start).toEqual({
      picture: 1,
      noise: 80,
    });
  });
});

describe("constants", () => {
  it("cumulative alphas equal the reference's, bit for bit", async () => {
    expect(cumulativeAlphas(STABLE_DIFFUSION_NOISE)).toEqual(await tensors.readFloat32("alphas_cumprod"));
  });

  it.each([1.5, 8])("guidance embedding of scale %f", async (scale) => {
    const expected = await tensors.readFloat32(`lcm_guidance_embedding.scale${scale.toFixed(1)}.dim256`);
    expect(relativeError(guidanceEmbedding(scale, 256), expected)).toBeLessThan(BOUND);
  });
});
