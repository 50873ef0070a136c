// How a model is stepped, as data: from the catalogue, or from its scheduler_config.json.
// Anything in that file that would change the picture and is not implemented is refused by name.
import { Fields, type JsonObject } from "../common/json";
import { assertNever } from "../common/errors";
import { STABLE_DIFFUSION_NOISE, type NoiseSchedule } from "./alphas";
import { averageVelocitySchedule } from "./average-velocity";
import { directSchedule } from "./direct";
import { eulerSchedule, type EulerTimesteps } from "./euler";
import { consistencyLists, fewStepSchedule, type StepLists } from "./few-step";
import { listOf } from "./listed";
import type { PredictionType, Schedule } from "./schedule";
import { tcdSchedule } from "./tcd";

/** Which rule, with what it needs besides the noise schedule. */
export type SamplerRule =
  | { readonly rule: "consistency"; readonly originalSteps: number; readonly timestepShift: number }
  | { readonly rule: "listed"; readonly lists: readonly StepLists[] }
  | { readonly rule: "euler"; readonly timesteps: EulerTimesteps; readonly ancestral: boolean }
  | { readonly rule: "tcd"; readonly originalSteps: number }
  | { readonly rule: "average-velocity" }
  | { readonly rule: "direct"; readonly sigma: number };

export interface Sampler {
  readonly rule: SamplerRule;
  readonly noise: NoiseSchedule;
  readonly predictionType: PredictionType;
}

/** What a caller who knows the checkpoint better than its scheduler file may say. */
export interface SamplerOverrides {
  /** NitroSD: 250 or 500. Implies four original steps unless `originalSteps` says otherwise. */
  readonly timestepShift?: number;
  readonly originalSteps?: number;
}

/** NitroSD was distilled on four steps, whatever the base model's scheduler file says. */
const SHIFTED_ORIGINAL_STEPS = 4;

/** Our own field of an Euler scheduler's file. */
const OWN_TIMESTEPS = "timesteps_by_steps";

/** diffusers' default when the file has no `original_inference_steps`. */
const DEFAULT_ORIGINAL_STEPS = 50;

/** What a step dial offers where the sampler itself sets no bound. */
const USUAL_MAX_STEPS = 8;

/** Most steps that the sampler has, or that are worth taking. */
export function maxSteps({ rule }: Sampler): number {
  switch (rule.rule) {
    case "listed":
      return Math.max(...rule.lists.map(({ network }) => network.length));
    case "consistency":
    case "tcd":
      return Math.min(USUAL_MAX_STEPS, rule.originalSteps);
    case "euler":
      return rule.timesteps.spacing === "own" ? Math.min(USUAL_MAX_STEPS, rule.timesteps.lists.length) : USUAL_MAX_STEPS;
    case "average-velocity":
      return USUAL_MAX_STEPS;
    case "direct":
      return 1;
    default:
      return assertNever(rule);
  }
}

/**
 * @param steps network evaluations
 * @throws OnestrokeError `invalid-input` when the rule has no such number of steps
 */
export function scheduleFor({ rule, noise, predictionType }: Sampler, steps: number): Schedule {
  switch (rule.rule) {
    case "consistency": {
      const lists = consistencyLists(steps, rule.originalSteps, noise.trainTimesteps, rule.timestepShift);
      return fewStepSchedule({ noise, predictionType, lists });
    }
    case "listed":
      return fewStepSchedule({ noise, predictionType, lists: listOf(rule.lists, (list) => list.network, steps) });
    case "euler":
      return eulerSchedule(steps, { noise, predictionType, ...rule });
    case "tcd":
      return tcdSchedule(steps, { noise, predictionType, originalSteps: rule.originalSteps });
    case "average-velocity":
      return averageVelocitySchedule(steps);
    case "direct":
      return directSchedule(steps, rule.sigma);
    default:
      return assertNever(rule);
  }
}

/**
 * @param config parsed `scheduler_config.json`
 * @throws OnestrokeError `model-unsupported` naming the class or the setting
 */
export function samplerFromConfig(config: JsonObject, overrides: SamplerOverrides = {}): Sampler {
  const fields = new Fields(config, "scheduler_config.json");
  refuseUnknownSettings(fields);
  const noise: NoiseSchedule = {
    trainTimesteps: fields.optionalInteger("num_train_timesteps") ?? STABLE_DIFFUSION_NOISE.trainTimesteps,
    betaStart: fields.number("beta_start"),
    betaEnd: fields.number("beta_end"),
    betaSchedule: fields.oneOf("beta_schedule", ["linear", "scaled_linear"]),
  };
  const predictionType = fields.optionalOneOf("prediction_type", ["epsilon", "v_prediction", "sample"]) ?? "epsilon";
  return { rule: overriddenRule(fields, noise, overrides), noise, predictionType };
}

function overriddenRule(fields: Fields, noise: NoiseSchedule, { timestepShift, originalSteps }: SamplerOverrides): SamplerRule {
  if (timestepShift !== undefined) {
    return { rule: "consistency", originalSteps: originalSteps ?? SHIFTED_ORIGINAL_STEPS, timestepShift };
  }
  const rule = ruleOf(fields, noise);
  if (originalSteps === undefined) return rule;
  if (rule.rule === "tcd") return { ...rule, originalSteps };
  return { rule: "consistency", originalSteps, timestepShift: rule.rule === "consistency" ? rule.timestepShift : noise.trainTimesteps };
}

function ruleOf(fields: Fields, { trainTimesteps }: NoiseSchedule): SamplerRule {
  const scheduler = fields.oneOf("_class_name", [
    "LCMScheduler",
    "TimestepShiftLCMScheduler",
    "TCDScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
  ]);
  const originalSteps = fields.optionalInteger("original_inference_steps");
  switch (scheduler) {
    case "LCMScheduler":
      fields.refuseUnless("timestep_scaling", [10]);
      fields.refuseUnless(OWN_TIMESTEPS, []);
      return { rule: "consistency", originalSteps: originalSteps ?? DEFAULT_ORIGINAL_STEPS, timestepShift: trainTimesteps };
    case "TimestepShiftLCMScheduler":
      fields.refuseUnless("timestep_scaling", [10]);
      fields.refuseUnless(OWN_TIMESTEPS, []);
      return {
        rule: "consistency",
        originalSteps: originalSteps ?? SHIFTED_ORIGINAL_STEPS,
        timestepShift: fields.integer("shifted_timestep"),
      };
    case "TCDScheduler":
      fields.refuseUnless(OWN_TIMESTEPS, []);
      return { rule: "tcd", originalSteps: originalSteps ?? DEFAULT_ORIGINAL_STEPS };
    case "EulerDiscreteScheduler":
    case "EulerAncestralDiscreteScheduler":
      return {
        rule: "euler",
        timesteps: eulerTimesteps(fields, trainTimesteps),
        ancestral: scheduler === "EulerAncestralDiscreteScheduler",
      };
    default:
      return assertNever(scheduler);
  }
}

/**
 * diffusers' spacings; or, before them, `timesteps_by_steps`, from one step on without a gap: `{ "1": [999], "2": [999, 49] }`.
 * diffusers reads past that field, and takes the same lists as its pipeline's `timesteps`.
 */
function eulerTimesteps(fields: Fields, trainTimesteps: number): EulerTimesteps {
  const own = fields.optionalObject(OWN_TIMESTEPS);
  if (own !== undefined) return { spacing: "own", lists: ownLists(own, trainTimesteps) };
  const spacing = fields.oneOf("timestep_spacing", ["trailing", "leading"]);
  return spacing === "trailing" ? { spacing } : { spacing, stepsOffset: fields.optionalInteger("steps_offset") ?? 0 };
}

function ownLists(own: Fields, trainTimesteps: number): readonly (readonly number[])[] {
  const most = Math.max(1, Object.keys(own.object).length);
  return Array.from({ length: most }, (_, i) => {
    const steps = String(i + 1);
    const list = own.integers(steps);
    if (list.length !== i + 1) throw own.unsupported(steps, `has ${list.length} timesteps`);
    const descends = list.every((t, i) => t >= 0 && t < (list[i - 1] ?? trainTimesteps));
    if (!descends) throw own.unsupported(steps, `does not descend from at most ${trainTimesteps - 1} to at least 0`);
    return list;
  });
}

/** Settings of diffusers' schedulers that change the result; each with the values that are implemented. */
function refuseUnknownSettings(fields: Fields): void {
  fields.refuseUnless("trained_betas", []);
  fields.refuseUnless("rescale_betas_zero_snr", [false]);
  fields.refuseUnless("clip_sample", [false]);
  fields.refuseUnless("thresholding", [false]);
  fields.refuseUnless("use_karras_sigmas", [false]);
  fields.refuseUnless("use_exponential_sigmas", [false]);
  fields.refuseUnless("use_beta_sigmas", [false]);
  fields.refuseUnless("sigma_min", []);
  fields.refuseUnless("sigma_max", []);
  fields.refuseUnless("final_sigmas_type", ["zero"]);
  fields.refuseUnless("interpolation_type", ["linear"]);
  fields.refuseUnless("timestep_type", ["discrete"]);
}
