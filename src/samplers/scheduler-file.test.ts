// A scheduler_config.json means what diffusers would make of it: keys that its class does not have are
// ignored; keys that change the result and are not implemented are refused by name, and so is every number that
// no noise process has. A caller who knows the checkpoint better than its file does may choose a rule.
import { describe, expect, it } from "vitest";
import { parseJsonObject, type JsonObject } from "../common/json";
import { FIXTURES, goldenJson } from "../checkpoints/testing/fixtures";
import { STABLE_DIFFUSION_NOISE } from "./alphas";
import { scheduleFor } from "./sampler";
import { CHOSEN_RULES } from "../common/chosen-sampler";
import { samplerFromConfig, withPrediction, withRule } from "./scheduler-file";

const EULER = goldenJson(`${FIXTURES}/repo-sd-turbo-tiny/scheduler/scheduler_config.json`);
/** An LCM scheduler that was made from a DPM++ one, as diffusers writes it: it keeps the keys that it does not know. */
const LCM = parseJsonObject(
  `{"_class_name": "LCMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
    "prediction_type": "epsilon", "trained_betas": null, "algorithm_type": "dpmsolver++", "solver_order": 2, "use_karras_sigmas": true,
    "final_sigmas_type": "sigma_min", "lambda_min_clipped": -Infinity, "steps_offset": 1, "timestep_spacing": "leading",
    "original_inference_steps": 50, "timestep_scaling": 10.0}`,
  "scheduler_config.json",
);
const refusedFor = (field: string) =>
  expect.objectContaining({
    code: "model-unsupported",
    detail: expect.objectContaining({ field }),
    message: expect.stringContaining(field),
  });
const timesteps = (config: JsonObject, steps: number) =>
  scheduleFor(samplerFromConfig(config), steps).steps.map(({ timestep }) => timestep);

describe("the class", () => {
  it("SD-Turbo's is Euler with trailing steps", () => {
    expect(samplerFromConfig(EULER).rule).toEqual({ rule: "euler", timesteps: { spacing: "trailing" }, ancestral: false });
  });

  it("a timestep shift takes four original steps, whatever the file says", () => {
    expect(samplerFromConfig(LCM).rule).toEqual({ rule: "consistency", originalSteps: 50, timestepShift: 1000 });
    expect(samplerFromConfig(LCM, { timestepShift: 250 }).rule).toEqual({ rule: "consistency", originalSteps: 4, timestepShift: 250 });
  });

  it("has the defaults diffusers has where the file leaves a key out", () => {
    expect(samplerFromConfig({ _class_name: "LCMScheduler" })).toEqual(samplerFromConfig(LCM));
    const bare = samplerFromConfig({ _class_name: "EulerDiscreteScheduler", timestep_spacing: "trailing" });
    expect(bare.noise).toEqual({ trainTimesteps: 1000, betaStart: 0.0001, betaEnd: 0.02, betaSchedule: "linear" });
  });

  it("TCD without original steps takes them from all timesteps", () => {
    const tcd = { ...LCM, _class_name: "TCDScheduler", original_inference_steps: null };
    expect(timesteps(tcd, 4)).toEqual([999, 749, 499, 249]);
    expect(timesteps({ ...tcd, original_inference_steps: 50 }, 4), "control").toEqual([999, 759, 499, 259]);
  });
});

describe("keys of another class", () => {
  it("are read past: LCM's four steps", () => expect(timesteps(LCM, 4)).toEqual([999, 759, 499, 259]));

  it.each<[string, JsonObject]>([
    ["LCMScheduler", { use_karras_sigmas: true, final_sigmas_type: "sigma_min", interpolation_type: "log_linear", sigma_max: 3 }],
    [
      "TCDScheduler",
      {
        clip_sample: true,
        thresholding: true,
        use_karras_sigmas: true,
        use_beta_sigmas: true,
        timestep_scaling: 3,
        lower_order_final: true,
      },
    ],
    ["EulerDiscreteScheduler", { clip_sample: true, thresholding: true, timestep_scaling: 3, skip_prk_steps: true }],
    ["EulerAncestralDiscreteScheduler", { use_karras_sigmas: true, final_sigmas_type: "sigma_min", interpolation_type: "log_linear" }],
  ])("%s", (_class_name, foreign) => {
    const file = { ...EULER, _class_name };
    expect(samplerFromConfig({ ...file, ...foreign })).toEqual(samplerFromConfig(file));
  });

  it.each<[string, string, unknown]>([
    ["EulerDiscreteScheduler", "prediction_type", "flow"],
    ["EulerDiscreteScheduler", "timestep_spacing", "linspace"],
    ["EulerDiscreteScheduler", "beta_schedule", "squaredcos_cap_v2"],
    ["EulerDiscreteScheduler", "rescale_betas_zero_snr", true],
    ["EulerDiscreteScheduler", "use_karras_sigmas", true],
    ["EulerDiscreteScheduler", "final_sigmas_type", "sigma_min"],
    ["EulerDiscreteScheduler", "trained_betas", [0.1]],
    ["LCMScheduler", "clip_sample", true],
    ["LCMScheduler", "timestep_scaling", 3],
    ["TCDScheduler", "timesteps_by_steps", { "1": [999] }],
    ["LCMScheduler", "thresholding", true],
    ["LCMScheduler", "rescale_betas_zero_snr", true],
  ])("control: %s has its own, and %s %j is refused", (_class_name, field, value) => {
    expect(() => samplerFromConfig({ ...EULER, _class_name, [field]: value })).toThrow(refusedFor(field));
  });
});

describe("numbers", () => {
  it.each<[string, unknown]>([
    ["beta_start", 1000],
    ["beta_start", -0.1],
    ["beta_start", 0],
    ["beta_end", 1e300],
    ["beta_end", Number.NaN],
    ["beta_end", Number.POSITIVE_INFINITY],
    ["beta_end", "0.012"],
    ["num_train_timesteps", -1],
    ["num_train_timesteps", 0],
    ["num_train_timesteps", 1],
    ["num_train_timesteps", 1e9],
    ["num_train_timesteps", 999.5],
    ["original_inference_steps", 0],
    ["original_inference_steps", 1001],
    ["original_inference_steps", 1e9],
  ])("%s %j is refused by name", (field, value) => {
    expect(() => samplerFromConfig({ ...LCM, [field]: value })).toThrow(refusedFor(field));
    if (field.startsWith("original")) return;
    for (const rule of CHOSEN_RULES) expect(() => samplerFromConfig({ ...LCM, [field]: value }, { rule })).toThrow(refusedFor(field));
  });

  it("noise that leaves nothing of a picture is refused, each number being one that others may have", () => {
    expect(() => samplerFromConfig({ ...EULER, beta_end: 0.9 })).toThrow(refusedFor("beta_end"));
    expect(() => samplerFromConfig({ ...EULER, beta_start: 0.9 })).toThrow(refusedFor("beta_start"));
    expect(samplerFromConfig({ ...EULER, beta_end: 0.9, num_train_timesteps: 5 }).noise.betaEnd).toBe(0.9);
  });

  it("steps_offset stays within the process", () => {
    expect(() => samplerFromConfig({ ...EULER, timestep_spacing: "leading", steps_offset: 1000 })).toThrow(refusedFor("steps_offset"));
    expect(timesteps({ ...EULER, timestep_spacing: "leading", steps_offset: 1 }, 2)).toEqual([501, 1]);
  });

  it("whatever is accepted has a table of finite numbers", () => {
    for (const num_train_timesteps of [2, 3, 50, 1000]) {
      for (const [beta_start, beta_end] of [
        [1e-7, 1e-7],
        [0.02, 0.0001],
        [0.00085, 0.012],
      ] as const) {
        for (const _class_name of ["LCMScheduler", "TCDScheduler", "EulerDiscreteScheduler"]) {
          const file = { ...EULER, _class_name, num_train_timesteps, beta_start, beta_end, original_inference_steps: 2 };
          const { initialNoiseScale, steps } = scheduleFor(samplerFromConfig(file), 2);
          const numbers = steps.flatMap(({ inputScale, sigma, x0, next }) => [
            inputScale,
            sigma,
            ...Object.values(x0),
            ...Object.values(next),
          ]);
          expect(
            [initialNoiseScale, ...numbers].filter((number) => !Number.isFinite(number)),
            JSON.stringify(file),
          ).toEqual([]);
        }
      }
    }
  });
});

describe("a rule that is chosen", () => {
  const many = (_class_name: string): JsonObject => ({
    _class_name,
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    num_train_timesteps: 1000,
    set_alpha_to_one: false,
    skip_prk_steps: true,
    steps_offset: 1,
    clip_sample: false,
    use_karras_sigmas: true,
  });

  it.each(["PNDMScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler", "UniPCMultistepScheduler", "HeunDiscreteScheduler"])(
    "%s has none of its own, and says how to choose one",
    (_class_name) => {
      const remedy = expect.stringMatching(/--sampler consistency, euler, tcd/);
      expect(() => samplerFromConfig(many(_class_name))).toThrow(expect.objectContaining({ code: "model-unsupported", remedy }));
      const chosen = samplerFromConfig(many(_class_name), { rule: "consistency" });
      expect(scheduleFor(chosen, 4)).toEqual(scheduleFor(samplerFromConfig(LCM), 4));
      expect(chosen.doubt).toContain(_class_name);
    },
  );

  it("keeps the noise and the prediction of the file, and no doubt where its class is for few steps", () => {
    const v = { ...many("DDIMScheduler"), prediction_type: "v_prediction" };
    expect(samplerFromConfig(v, { rule: "euler" })).toMatchObject({ predictionType: "v_prediction", noise: STABLE_DIFFUSION_NOISE });
    expect(samplerFromConfig(EULER, { rule: "euler" })).toEqual(samplerFromConfig(EULER));
  });

  it("takes the original steps and the shift of a file that has them", () => {
    const shifted = { ...LCM, _class_name: "TimestepShiftLCMScheduler", shifted_timestep: 250, original_inference_steps: 4 };
    expect(samplerFromConfig(shifted, { rule: "consistency" }).rule).toEqual(samplerFromConfig(shifted).rule);
    expect(samplerFromConfig(shifted, { rule: "tcd" }).rule).toEqual({ rule: "tcd", originalSteps: 4 });
  });

  it("does not make flow matching a process of noise", () => {
    const flow = { _class_name: "FlowMatchEulerDiscreteScheduler", num_train_timesteps: 1000, shift: 3 };
    expect(() => samplerFromConfig(flow, { rule: "euler" })).toThrow(refusedFor("beta_start"));
    const unipc = { ...many("UniPCMultistepScheduler"), use_flow_sigmas: true };
    expect(() => samplerFromConfig(unipc, { rule: "euler" })).toThrow(refusedFor("use_flow_sigmas"));
    expect(samplerFromConfig({ ...unipc, use_flow_sigmas: false }, { rule: "euler" }).rule.rule).toBe("euler");
    expect(samplerFromConfig({ _class_name: "PNDMScheduler" }, { rule: "euler" }).noise.betaEnd, "diffusers' default").toBe(0.02);
  });

  it("is over what the catalogue says, where a person chose one", () => {
    const known = samplerFromConfig(LCM);
    expect(withRule(known, undefined)).toBe(known);
    expect(withRule(known, "tcd")).toEqual({ ...known, rule: { rule: "tcd", originalSteps: 50 } });
  });

  it("keeps its own settings where it is stepped by the chosen rule already", () => {
    const shifted = { ...samplerFromConfig(LCM), rule: { rule: "consistency", originalSteps: 4, timestepShift: 250 } } as const;
    expect(withRule(shifted, "consistency")).toBe(shifted);
    const ancestral = { ...shifted, rule: { rule: "euler", timesteps: { spacing: "trailing" }, ancestral: true } } as const;
    expect(withRule(ancestral, "euler").rule).toMatchObject({ rule: "euler", ancestral: false });
  });

  it("has what the network predicts beside it, where a person said it", () => {
    const known = samplerFromConfig(LCM);
    expect(withPrediction(known, undefined)).toBe(known);
    expect(withPrediction(known, "v_prediction")).toEqual({ ...known, predictionType: "v_prediction" });
  });

  it.each([{ rule: "average-velocity" }, { rule: "direct", sigma: 80 }] as const)("goes with no network of $rule", (rule) => {
    const known = { ...samplerFromConfig(LCM), rule };
    const refused = (field: string) => expect.objectContaining({ code: "invalid-input", detail: expect.objectContaining({ field }) });
    expect(() => withRule(known, "euler")).toThrow(refused("sampler"));
    expect(() => withPrediction(known, "epsilon")).toThrow(refused("prediction"));
    expect(withPrediction(withRule(known, undefined), undefined), "control").toBe(known);
  });
});
