// A scheduler_config.json in diffusers' layout as a sampler recipe. Only the keys that its own class has count:
// a file that was made from another class's file keeps that class's keys, and diffusers ignores them. A setting that
// would change the picture and is not implemented is refused by name.
import { CHOSEN_RULES, type ChosenPrediction, type ChosenRule } from "../common/chosen-sampler";
import { Fields, type JsonObject, type Range } from "../common/json";
import { assertNever, OnestrokeError } from "../common/errors";
import { cumulativeAlphas, STABLE_DIFFUSION_NOISE, type NoiseSchedule } from "./alphas";
import type { EulerTimesteps } from "./euler";
import type { Sampler, SamplerRule } from "./sampler";

/** What a caller who knows the checkpoint better than its scheduler file may choose. */
export interface SamplerOverrides {
  /** NitroSD: 250 or 500. A shift implies four original steps unless `originalSteps` is given. */
  readonly timestepShift?: number;
  readonly originalSteps?: number;
  readonly rule?: ChosenRule | undefined;
}

/** NitroSD was distilled on four steps, whatever the base model's scheduler file says. */
const SHIFTED_ORIGINAL_STEPS = 4;

/** diffusers' default when the file has no `original_inference_steps`. */
const DEFAULT_ORIGINAL_STEPS = 50;

/** Our own field in an Euler scheduler's file. */
const OWN_TIMESTEPS = "timesteps_by_steps";

/** diffusers' classes for drawing in few steps. */
const FEW_STEP_CLASSES = [
  "LCMScheduler",
  "TimestepShiftLCMScheduler",
  "TCDScheduler",
  "EulerDiscreteScheduler",
  "EulerAncestralDiscreteScheduler",
] as const;

type FewStepClass = (typeof FEW_STEP_CLASSES)[number];

/** Classes whose noise is given by betas: those for Stable Diffusion's students, and others. Flow matching has no betas. */
const STUDENTS = /^(?:(?:TimestepShift)?LCM|TCD)Scheduler$/;
const WITH_BETAS =
  /^(?:Euler(?:Ancestral)?Discrete|PNDM|DDIM\w*|DDPM\w*|DPMSolver\w+|KDPM2(?:Ancestral)?Discrete|HeunDiscrete|LMSDiscrete|UniPCMultistep|DEISMultistep|SASolver)Scheduler$/;
const OTHER_NOISE: NoiseSchedule = { trainTimesteps: 1000, betaStart: 0.0001, betaEnd: 0.02, betaSchedule: "linear" };

/**
 * Settings of each class that change the result, with the values that are implemented; an empty list means that the setting must be
 * absent. The noise settings apply to every class. `sigma_min` and `sigma_max` are not listed: only spacings refused here read them.
 */
const NOISE_SETTINGS = { trained_betas: [], rescale_betas_zero_snr: [false] } as const;
/** Settings of classes that are not for few steps, checked where a rule is chosen for them. */
const CHOSEN_SETTINGS = { use_flow_sigmas: [false] } as const;
const CLIPPING = { clip_sample: [false], thresholding: [false] } as const;
const SETTINGS: Readonly<Record<FewStepClass, Readonly<Record<string, readonly unknown[]>>>> = {
  LCMScheduler: { ...CLIPPING, timestep_scaling: [10], [OWN_TIMESTEPS]: [] },
  TimestepShiftLCMScheduler: { ...CLIPPING, timestep_scaling: [10], [OWN_TIMESTEPS]: [] },
  // It has LCM's keys and reads fewer of them.
  TCDScheduler: { [OWN_TIMESTEPS]: [] },
  EulerDiscreteScheduler: {
    use_karras_sigmas: [false],
    use_exponential_sigmas: [false],
    use_beta_sigmas: [false],
    final_sigmas_type: ["zero"],
    interpolation_type: ["linear"],
    timestep_type: ["discrete"],
  },
  EulerAncestralDiscreteScheduler: {},
};

/** Number of training timesteps: a process with fewer has no step, and no model is trained on more. */
const TRAIN_TIMESTEPS: Range = [2, 10_000];
/** The noise that each timestep adds. */
const BETAS: Range = [1e-7, 0.999];
const SCHEDULES = ["linear", "scaled_linear"] as const;
/** How much of the picture's square must be left after the last timestep: dividing by less gives noise or infinity. */
const LEAST_ALPHA = 1e-8;

const NO_STUDENT = "by its own account this checkpoint is not a few-step student";

const REMEDY =
  `Choose a few-step rule with --sampler ${CHOSEN_RULES.join(", ")} if a few-step LoRA is merged into this checkpoint or its page says ` +
  "that it draws in few steps; else choose another model.";

/**
 * @param config parsed `scheduler_config.json`
 * @throws OnestrokeError `model-unsupported` naming the class or the setting
 */
export function samplerFromConfig(config: JsonObject, overrides: SamplerOverrides = {}): Sampler {
  const fields = new Fields(config, "scheduler_config.json");
  const className = fields.string("_class_name");
  const known = FEW_STEP_CLASSES.find((candidate) => candidate === className);
  const { rule } = overrides;
  if (rule === undefined) {
    if (known === undefined) throw withRemedy(fields.unsupported("_class_name", `is ${className}, and ${NO_STUDENT}`));
    const process = processOf(fields, className);
    return { rule: overriddenRule(known, fields, process.noise, overrides), ...process };
  }
  const process = processOf(fields, className);
  const chosen = { rule: chosenRule(rule, process.noise, fields), ...process };
  if (known !== undefined) return chosen;
  refuseSettings(fields, CHOSEN_SETTINGS);
  return { ...chosen, doubt: `its scheduler file is ${className}'s, and ${NO_STUDENT}` };
}

/** The noise process that the network was trained on, whatever rule steps it. */
function processOf(fields: Fields, className: string): Pick<Sampler, "noise" | "predictionType"> {
  refuseSettings(fields, NOISE_SETTINGS);
  return {
    noise: noiseOf(fields, className),
    predictionType: fields.optionalOneOf("prediction_type", ["epsilon", "v_prediction", "sample"]) ?? "epsilon",
  };
}

/**
 * How a model is stepped: as is known of it, else as its scheduler's file says.
 * @param config of that file, asked for only then
 * @throws OnestrokeError as `withRule` and `samplerFromConfig`
 */
export function samplerOf(known: Sampler | undefined, config: () => JsonObject, overrides: SamplerOverrides): Sampler {
  return known === undefined ? samplerFromConfig(config(), overrides) : withRule(known, overrides.rule);
}

/**
 * A known recipe, stepped by another rule if one is chosen. One that is stepped so already keeps its own settings.
 * @throws OnestrokeError `invalid-input`, detail `field`, where the network is stepped in one way alone
 */
export function withRule(recipe: Sampler, rule: ChosenRule | undefined): Sampler {
  if (rule === undefined || isSteppedBy(recipe, rule)) return recipe;
  refuseOneWay(recipe, "sampler");
  return { ...recipe, rule: chosenRule(rule, recipe.noise, new Fields({}, "")) };
}

/** A known recipe of a network that predicts something else, if that is said. @throws OnestrokeError as `withRule` */
export function withPrediction(recipe: Sampler, predictionType: ChosenPrediction | undefined): Sampler {
  if (predictionType === undefined) return recipe;
  refuseOneWay(recipe, "prediction");
  return { ...recipe, predictionType };
}

/** What is chosen as Euler's adds no noise. */
function isSteppedBy({ rule }: Sampler, chosen: ChosenRule): boolean {
  return rule.rule === chosen && !(rule.rule === "euler" && rule.ancestral);
}

/** Average velocities and whole pictures are nothing that a rule for noise makes a step of. */
function refuseOneWay({ rule: { rule } }: Sampler, field: "sampler" | "prediction"): void {
  if (rule !== "average-velocity" && rule !== "direct") return;
  const what = rule === "direct" ? "the picture itself" : "average velocities";
  throw new OnestrokeError("invalid-input", `this model predicts ${what}, so no ${field} can be chosen for it`, { field });
}

function chosenRule(rule: ChosenRule, { trainTimesteps }: NoiseSchedule, fields: Fields): SamplerRule {
  const originalSteps = originalStepsOf(fields, trainTimesteps) ?? DEFAULT_ORIGINAL_STEPS;
  switch (rule) {
    case "consistency":
      return { rule, originalSteps, timestepShift: fields.optionalInteger("shifted_timestep", [1, trainTimesteps]) ?? trainTimesteps };
    case "tcd":
      return { rule, originalSteps };
    case "euler":
      return { rule, timesteps: { spacing: "trailing" }, ancestral: false };
    default:
      return assertNever(rule);
  }
}

function noiseOf(fields: Fields, className: string): NoiseSchedule {
  const usual = STUDENTS.test(className) ? STABLE_DIFFUSION_NOISE : WITH_BETAS.test(className) ? OTHER_NOISE : undefined;
  const noise: NoiseSchedule = {
    trainTimesteps: fields.optionalInteger("num_train_timesteps", TRAIN_TIMESTEPS) ?? OTHER_NOISE.trainTimesteps,
    betaStart: fields.optionalNumber("beta_start", BETAS) ?? usual?.betaStart ?? fields.number("beta_start", BETAS),
    betaEnd: fields.optionalNumber("beta_end", BETAS) ?? usual?.betaEnd ?? fields.number("beta_end", BETAS),
    betaSchedule: fields.optionalOneOf("beta_schedule", SCHEDULES) ?? usual?.betaSchedule ?? fields.oneOf("beta_schedule", SCHEDULES),
  };
  const last = cumulativeAlphas(noise).at(-1) ?? 0;
  if (last < LEAST_ALPHA) {
    const [name, beta] = noise.betaStart > noise.betaEnd ? ["beta_start", noise.betaStart] : ["beta_end", noise.betaEnd];
    throw fields.unsupported(name, `is ${beta}, which leaves nothing of a picture after ${noise.trainTimesteps} timesteps`);
  }
  return noise;
}

function overriddenRule(
  className: FewStepClass,
  fields: Fields,
  noise: NoiseSchedule,
  { timestepShift, originalSteps }: SamplerOverrides,
): SamplerRule {
  if (timestepShift !== undefined) {
    return { rule: "consistency", originalSteps: originalSteps ?? SHIFTED_ORIGINAL_STEPS, timestepShift };
  }
  const rule = ruleOf(className, fields, noise);
  if (originalSteps === undefined) return rule;
  if (rule.rule === "tcd") return { ...rule, originalSteps };
  return { rule: "consistency", originalSteps, timestepShift: rule.rule === "consistency" ? rule.timestepShift : noise.trainTimesteps };
}

function ruleOf(className: FewStepClass, fields: Fields, { trainTimesteps }: NoiseSchedule): SamplerRule {
  refuseSettings(fields, SETTINGS[className]);
  switch (className) {
    case "LCMScheduler":
      return {
        rule: "consistency",
        originalSteps: originalStepsOf(fields, trainTimesteps) ?? DEFAULT_ORIGINAL_STEPS,
        timestepShift: trainTimesteps,
      };
    case "TimestepShiftLCMScheduler":
      return {
        rule: "consistency",
        originalSteps: originalStepsOf(fields, trainTimesteps) ?? SHIFTED_ORIGINAL_STEPS,
        timestepShift: fields.integer("shifted_timestep", [1, trainTimesteps]),
      };
    case "TCDScheduler":
      // Null is its word for every timestep of training, and only an absent field takes the default.
      if (fields.object["original_inference_steps"] === null) return { rule: "tcd", originalSteps: trainTimesteps };
      return { rule: "tcd", originalSteps: originalStepsOf(fields, trainTimesteps) ?? DEFAULT_ORIGINAL_STEPS };
    case "EulerDiscreteScheduler":
    case "EulerAncestralDiscreteScheduler":
      return {
        rule: "euler",
        timesteps: eulerTimesteps(fields, trainTimesteps),
        ancestral: className === "EulerAncestralDiscreteScheduler",
      };
    default:
      return assertNever(className);
  }
}

function originalStepsOf(fields: Fields, trainTimesteps: number): number | undefined {
  return fields.optionalInteger("original_inference_steps", [1, trainTimesteps]);
}

/**
 * diffusers' spacings, unless the file has `timesteps_by_steps`: a list for every number of steps from one on, such as
 * `{ "1": [999], "2": [999, 49] }`. diffusers ignores that field; its pipeline takes the same lists as `timesteps`.
 */
function eulerTimesteps(fields: Fields, trainTimesteps: number): EulerTimesteps {
  const own = fields.optionalObject(OWN_TIMESTEPS);
  if (own !== undefined) return { spacing: "own", lists: ownLists(own, trainTimesteps) };
  const spacing = fields.optionalString("timestep_spacing") ?? "linspace";
  if (spacing === "trailing") return { spacing };
  if (spacing === "leading") return { spacing, stepsOffset: fields.optionalInteger("steps_offset", [0, trainTimesteps - 1]) ?? 0 };
  throw withRemedy(fields.unsupported("timestep_spacing", `is ${spacing}, whose few-step runs do not begin at full noise: ${NO_STUDENT}`));
}

function ownLists(own: Fields, trainTimesteps: number): readonly (readonly number[])[] {
  const most = Math.max(1, Object.keys(own.object).length);
  return Array.from({ length: most }, (_, i) => {
    const steps = String(i + 1);
    const list = own.integers(steps, [0, trainTimesteps - 1]);
    if (list.length !== i + 1) throw own.unsupported(steps, `has ${list.length} timesteps`);
    if (!list.every((t, at) => t < (list[at - 1] ?? trainTimesteps))) throw own.unsupported(steps, "does not descend");
    return list;
  });
}

function refuseSettings(fields: Fields, settings: Readonly<Record<string, readonly unknown[]>>): void {
  for (const [name, accepted] of Object.entries(settings)) fields.refuseUnless(name, accepted);
}

/** Adds the remedy for a person who may know more than the file. */
function withRemedy({ code, message, detail }: OnestrokeError): OnestrokeError {
  return new OnestrokeError(code, message, { ...detail, remedy: REMEDY });
}
