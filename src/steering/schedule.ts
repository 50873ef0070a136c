// When steering applies: to which prompts at all, and at which of their steps. NAG's authors found
// that stopping early keeps nearly all of the effect (arXiv 2505.21179).
import { assertNever, OnestrokeError } from "../common/errors";
import { STEERING_RANGES } from "../common/steering-ranges";
import type { Steering } from "../common/steering";

/**
 * The steering of one step: at strength 0 once sigma is below `sigmaEnd`. The first step is always
 * steered: its sample is noise alone, however late a time a one-step student is told (DMD2's is 399).
 * @param index of the step, from 0
 * @param sigma of the step (`SamplerStep.sigma`)
 */
export function steeringAt(steering: Steering, index: number, sigma: number): Steering {
  if (steering.method === "none" || index === 0 || sigma >= (steering.sigmaEnd ?? 0)) return steering;
  return { ...steering, scale: 0 };
}

/**
 * What steering amounts to for a prompt pair: nothing without a negative text or strength, so that
 * the single-branch path runs and the picture is bit-identical to an unsteered one.
 * @throws OnestrokeError `invalid-input` when a value is outside its range (ranges.ts)
 */
export function effectiveSteering(steering: Steering, negative: string): Steering {
  const none: Steering = { method: "none" };
  const { nasa, nag } = STEERING_RANGES;
  if (steering.method !== "none") checkRange("sigmaEnd", steering.sigmaEnd ?? 0, STEERING_RANGES.sigmaEnd);
  switch (steering.method) {
    case "none":
      return none;
    case "nasa":
      checkRange("NASA's scale", steering.scale, nasa.scale);
      return negative.trim() === "" || steering.scale === 0 ? none : steering;
    case "nag":
      checkRange("NAG's scale", steering.scale, nag.scale);
      checkRange("NAG's tau", steering.tau, nag.tau);
      checkRange("NAG's alpha", steering.alpha, nag.alpha);
      return negative.trim() === "" || steering.scale === 0 || steering.alpha === 0 ? none : steering;
    default:
      return assertNever(steering);
  }
}

function checkRange(what: string, value: number, [least, most]: readonly [number, number]): void {
  if (value >= least && value <= most) return;
  throw new OnestrokeError("invalid-input", `${what} must be ${least} to ${most}, not ${value}`, { value });
}
