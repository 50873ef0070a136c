// One forward pass whose output is the picture itself: PaGoDA's decoder (arXiv 2405.14822).
// It needs no x0 formula and has no second step.
import { OnestrokeError } from "../common/errors";
import type { Schedule } from "./schedule";

/** The data's standard deviation in EDM's preconditioning. */
const SIGMA_DATA = 0.5;

/**
 * The sample is `sigma` times unit noise. The network sees it times `1 / sqrt(sigma^2 + sigma_data^2)`
 * and is given `250 ln(sigma)` as its time.
 * @throws OnestrokeError `invalid-input` for more than one step
 */
export function directSchedule(steps: number, sigma: number): Schedule {
  if (steps !== 1) throw new OnestrokeError("invalid-input", `this model draws in exactly one step, not ${steps}`, { steps });
  return {
    initialNoiseScale: sigma,
    steps: [
      {
        inputScale: 1 / Math.hypot(sigma, SIGMA_DATA),
        timestep: 250 * Math.log(sigma),
        endTimestep: 0,
        sigma,
        start: { picture: 1, noise: sigma },
        x0: { x: 0, out: 1 },
        next: { x: 0, out: 1, noise: 0 },
      },
    ],
  };
}
