// When steering applies: to which prompts at all, and at which of their steps. NAG's authors found
// that stopping early keeps nearly all of the effect (arXiv 2505.21179).
import { assertNever, OnestrokeError } from "../errors";
import type { Steering } from "./types";

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
 * @throws OnestrokeError `invalid-input` when a value is outside its range (types.ts)
 */
export function effectiveSteering(steering: Steering, negative: string): Steering {
  const none: Steering = { method: "none" };
  if (steering.method !== "none") checkRange("sigmaEnd", steering.sigmaEnd ?? 0, 0, 100);
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
