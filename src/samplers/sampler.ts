// How a model is stepped, as data: from the catalogue (sampler-json.ts), or from its scheduler_config.json
// (scheduler-file.ts).
import { assertNever } from "../common/errors";
import type { NoiseSchedule } from "./alphas";
import { averageVelocitySchedule } from "./average-velocity";
import { directSchedule } from "./direct";
import { eulerSchedule, type EulerTimesteps } from "./euler";
import { consistencyLists, fewStepSchedule, type StepLists } from "./few-step";
import { listOf } from "./listed";
import type { PredictionType, Schedule } from "./schedule";
import { tcdSchedule } from "./tcd";

/** The rule, with what it needs besides the noise schedule. */
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
  /** Why few steps may draw badly: a person chose the rule, and the checkpoint does not say that it was trained for it. */
  readonly doubt?: string;
}

/** The most steps to offer where the sampler itself sets no bound. */
const USUAL_MAX_STEPS = 8;

/** The most steps that the sampler has, or that are worth taking. */
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
 * @param steps number of network evaluations
 * @throws OnestrokeError `invalid-input` when the rule has no schedule of that many steps
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
