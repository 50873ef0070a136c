// Euler's method in sigma space (EDM, arXiv 2206.00364, algorithm 1), plain and ancestral,
// with diffusers' trailing and leading timesteps or a student's own. The sample is
// x0 + sigma * noise; the network sees it divided by sqrt(sigma^2 + 1).
import { assertNever, OnestrokeError } from "../common/errors";
import { cumulativeAlphas, noiseLevel, type NoiseSchedule } from "./alphas";
import { listOf } from "./listed";
import type { PredictionType, SamplerStep, Schedule, X0Coefficients } from "./schedule";

export type EulerTimesteps =
  | { readonly spacing: "trailing" }
  | { readonly spacing: "leading"; readonly stepsOffset: number }
  /** The timesteps that a student was taught, highest first, with one list for each number of steps that it takes. */
  | { readonly spacing: "own"; readonly lists: readonly (readonly number[])[] };

export interface EulerOptions {
  readonly noise: NoiseSchedule;
  readonly predictionType: PredictionType;
  readonly timesteps: EulerTimesteps;
  /** Whether fresh noise is added after each step (SDXL-Turbo's scheduler). With one step this equals plain Euler. */
  readonly ancestral: boolean;
}

/** @throws OnestrokeError `invalid-input` when steps is not in [1, trainTimesteps], or has no list */
export function eulerSchedule(steps: number, options: EulerOptions): Schedule {
  const alphas = cumulativeAlphas(options.noise);
  const timesteps = timestepsOf(steps, options);
  const sigmas = timesteps.map((t) => noiseLevel(alphas, t).sigma);
  const first = sigmas[0] ?? 0;
  return {
    initialNoiseScale: options.timesteps.spacing === "leading" ? Math.hypot(first, 1) : first,
    steps: timesteps.map((timestep, i) => eulerStep(timestep, sigmas[i] ?? 0, sigmas[i + 1] ?? 0, options)),
  };
}

function eulerStep(timestep: number, sigma: number, sigmaNext: number, { predictionType, ancestral }: EulerOptions): SamplerStep {
  const up = ancestral ? Math.sqrt((sigmaNext ** 2 * (sigma ** 2 - sigmaNext ** 2)) / sigma ** 2) : 0;
  const down = Math.sqrt(sigmaNext ** 2 - up ** 2);
  const x0 = x0AtSigma(predictionType, sigma);
  // x + (down - sigma) * (x - x0) / sigma, with the terms collected by operand.
  const keep = down / sigma;
  return {
    inputScale: 1 / Math.hypot(sigma, 1),
    timestep,
    endTimestep: 0,
    sigma,
    start: { picture: 1, noise: sigma },
    x0,
    next: { x: keep + (1 - keep) * x0.x, out: (1 - keep) * x0.out, noise: up },
  };
}

function x0AtSigma(type: PredictionType, sigma: number): X0Coefficients {
  switch (type) {
    case "epsilon":
      return { x: 1, out: -sigma };
    case "v_prediction":
      return { x: 1 / (sigma ** 2 + 1), out: -sigma / Math.hypot(sigma, 1) };
    case "sample":
      return { x: 0, out: 1 };
    default:
      return assertNever(type);
  }
}

function timestepsOf(steps: number, { noise, timesteps }: EulerOptions): readonly number[] {
  const { trainTimesteps } = noise;
  if (!Number.isInteger(steps) || steps < 1 || steps > trainTimesteps) {
    throw new OnestrokeError("invalid-input", `steps must be 1 to ${trainTimesteps}, not ${steps}`, { steps });
  }
  switch (timesteps.spacing) {
    case "trailing":
      return Array.from({ length: steps }, (_, i) => roundHalfToEven(trainTimesteps - i * (trainTimesteps / steps)) - 1);
    case "leading": {
      const stride = Math.floor(trainTimesteps / steps);
      return Array.from({ length: steps }, (_, i) => (steps - 1 - i) * stride + timesteps.stepsOffset);
    }
    case "own":
      return listOf(timesteps.lists, (list) => list, steps);
    default:
      return assertNever(timesteps);
  }
}

/** NumPy's rounding, because the reference's step lists depend on it (937.5 -> 938, 812.5 -> 812). */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
