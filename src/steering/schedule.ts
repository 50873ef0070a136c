// When steering applies: at every step, or only while there is much noise. NAG's authors found
// that stopping early keeps nearly all of the effect (arXiv 2505.21179).
import { assertNever, OnestrokeError } from "../errors";
import type { Steering } from "./types";

export type SteeringSchedule = { readonly when: "always" } | { readonly when: "sigma-above"; readonly sigma: number };

/** @param sigma of the step (`SamplerStep.sigma`): noise over signal, or t for average velocity */
export function isSteered(schedule: SteeringSchedule, sigma: number): boolean {
  switch (schedule.when) {
    case "always":
      return true;
    case "sigma-above":
      return sigma > schedule.sigma;
    default:
      return assertNever(schedule);
  }
}

/**
 * What steering amounts to for a prompt pair: nothing without a negative text or strength, so that
 * the single-branch path runs and the picture is bit-identical to an unsteered one.
 * @throws OnestrokeError `invalid-input` when a value is outside its range (types.ts)
 */
export function effectiveSteering(steering: Steering, negative: string): Steering {
  const none: Steering = { method: "none" };
  switch (steering.method) {
    case "none":
      return none;
    case "nasa":
      checkRange("NASA's scale", steering.scale, 0, 2);
      return negative.trim() === "" || steering.scale === 0 ? none : steering;
    case "nag":
      checkRange("NAG's scale", steering.scale, 0, 10);
      checkRange("NAG's tau", steering.tau, 1, 10);
      checkRange("NAG's alpha", steering.alpha, 0, 1);
      return negative.trim() === "" || steering.scale === 0 || steering.alpha === 0 ? none : steering;
    default:
      return assertNever(steering);
  }
}

function checkRange(what: string, value: number, lowest: number, highest: number): void {
  if (value >= lowest && value <= highest) return;
  throw new OnestrokeError("invalid-input", `${what} must be ${lowest} to ${highest}, not ${value}`, { value });
}
