// The few-step rule: x0 from the network at `network[i]`, then fresh noise to the level of
// `renoise[i + 1]`. NitroSD, DMD2, Hyper-SD, SwiftBrush and LCM differ only in these two lists of integers.
// Sources: LCM (arXiv 2310.04378), DMD2 (arXiv 2405.14867), NitroFusion (arXiv 2412.02030).
import { OnestrokeError } from "../common/errors";
import { cumulativeAlphas, noiseLevel, type NoiseSchedule } from "./alphas";
import { predictedX0 } from "./prediction";
import type { PredictionType, SamplerStep, Schedule, X0Coefficients } from "./schedule";

export interface StepLists {
  /** The timestep that the network is given, one for each step. */
  readonly network: readonly number[];
  /** The noise level that each step starts from. The first sample is noise alone, whatever its entry is. */
  readonly renoise: readonly number[];
}

export interface FewStepOptions {
  readonly noise: NoiseSchedule;
  readonly predictionType: PredictionType;
  readonly lists: StepLists;
}

/** LCM's boundary condition: sigma_data, and the factor that t is multiplied by first. */
const SIGMA_DATA = 0.5;
const TIMESTEP_SCALING = 10;

/**
 * Picks `steps` of the `originalSteps` timesteps that a consistency model was distilled on, highest first,
 * as diffusers' LCM and TCD schedulers do.
 * @throws OnestrokeError `invalid-input` when more steps are asked for than there are
 */
export function consistencyTimesteps(steps: number, originalSteps: number, trainTimesteps: number): readonly number[] {
  if (!Number.isInteger(steps) || steps < 1 || steps > originalSteps) {
    throw new OnestrokeError("invalid-input", `this model takes 1 to ${originalSteps} steps, not ${steps}`, { steps });
  }
  const stride = Math.floor(trainTimesteps / originalSteps);
  const skip = originalSteps / steps;
  return Array.from({ length: steps }, (_, i) => (originalSteps - Math.floor(i * skip)) * stride - 1);
}

/**
 * Lists of a timestep-shifted model (NitroFusion): the network is given `floor(t * shift / trainTimesteps)`, while
 * noise is added at the unshifted level.
 * @param timestepShift 250 (NitroSD-Realism), 500 (NitroSD-Vibrant); the number of train timesteps means no shift
 */
export function consistencyLists(steps: number, originalSteps: number, trainTimesteps: number, timestepShift = trainTimesteps): StepLists {
  const renoise = consistencyTimesteps(steps, originalSteps, trainTimesteps);
  return { network: renoise.map((t) => Math.floor((t * timestepShift) / trainTimesteps)), renoise };
}

/** @throws OnestrokeError `model-unsupported` when a list holds a timestep the model was not trained on */
export function fewStepSchedule({ noise, predictionType, lists }: FewStepOptions): Schedule {
  const alphas = cumulativeAlphas(noise);
  const steps = lists.network.map((timestep, i): SamplerStep => {
    const level = noiseLevel(alphas, timestep);
    const x0 = atBoundary(predictedX0(predictionType, level), timestep);
    const from = noiseLevel(alphas, lists.renoise[i] ?? timestep);
    const renoise = lists.renoise[i + 1];
    const to = renoise === undefined ? { sqrtAlpha: 1, sqrtOneMinusAlpha: 0 } : noiseLevel(alphas, renoise);
    return {
      inputScale: 1,
      timestep,
      endTimestep: 0,
      sigma: from.sigma,
      start: { picture: from.sqrtAlpha, noise: from.sqrtOneMinusAlpha },
      x0,
      next: { x: to.sqrtAlpha * x0.x, out: to.sqrtAlpha * x0.out, noise: to.sqrtOneMinusAlpha },
    };
  });
  return { initialNoiseScale: 1, steps };
}

/** `c_out * x0 + c_skip * sample`, which is x0 itself at t = 0, and x0 to 1e-6 at every t in use. */
function atBoundary(x0: X0Coefficients, timestep: number): X0Coefficients {
  const t = timestep * TIMESTEP_SCALING;
  const skip = SIGMA_DATA ** 2 / (t ** 2 + SIGMA_DATA ** 2);
  const out = t / Math.sqrt(t ** 2 + SIGMA_DATA ** 2);
  return { x: out * x0.x + skip, out: out * x0.out };
}
