// When steering applies: for which prompts at all, and at which of their steps. NAG's authors found
// that stopping early keeps nearly all of the effect (arXiv 2505.21179).
import type { Steering } from "../common/steering";

/**
 * The steering of one step: at strength 0 once sigma is below `sigmaEnd`. The first step is always
 * steered: its sample is noise alone, even where a one-step student is given a late time (DMD2's is 399).
 * @param index index of the step, from 0
 * @param sigma sigma of the step (`SamplerStep.sigma`)
 */
export function steeringAt(steering: Steering, index: number, sigma: number): Steering {
  if (steering.method === "none" || index === 0 || sigma >= (steering.sigmaEnd ?? 0)) return steering;
  return { ...steering, scale: 0 };
}

/**
 * What steering amounts to for a prompt pair. Without a negative text or strength it is none, so that
 * the single-branch path runs and the picture is bit-identical to an unsteered one.
 */
export function effectiveSteering(steering: Steering, negative: string): Steering {
  const isOff = negative.trim() === "" || steering.method === "none" || steering.scale === 0;
  return isOff || (steering.method === "nag" && steering.alpha === 0) ? { method: "none" } : steering;
}
