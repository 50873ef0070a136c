// Cumulative alphas of a discrete diffusion process, with the rounding of the
// float32 reference: its betas are float32, and its product is kept in float64 and
// stored in float32. At t = 999 this affects the sixth digit.
import { OnestrokeError } from "../common/errors";

export interface NoiseSchedule {
  readonly trainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: "linear" | "scaled_linear";
}

/** The noise schedule of every Stable Diffusion model, from 1.5 to XL. */
export const STABLE_DIFFUSION_NOISE: NoiseSchedule = {
  trainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
};

/** Noise level at timestep t of one process: `sample = sqrtAlpha * x0 + sqrtOneMinusAlpha * noise`. */
export interface NoiseLevel {
  readonly alpha: number;
  readonly sqrtAlpha: number;
  readonly sqrtOneMinusAlpha: number;
  /** Ratio of noise to signal. */
  readonly sigma: number;
}

/** Cumulative products of `1 - beta`, one for each training timestep, in float32. */
export function cumulativeAlphas(noise: NoiseSchedule): Float32Array {
  const { trainTimesteps, betaStart, betaEnd, betaSchedule } = noise;
  const root = betaSchedule === "scaled_linear";
  const from = Math.fround(root ? Math.sqrt(betaStart) : betaStart);
  const to = Math.fround(root ? Math.sqrt(betaEnd) : betaEnd);
  const stride = Math.fround(Math.fround(to - from) / (trainTimesteps - 1));
  const alphas = new Float32Array(trainTimesteps);
  let product = 1;
  for (let t = 0; t < trainTimesteps; t++) {
    // The reference fills its table from both ends, so both ends are exact.
    const fromStart = t < trainTimesteps / 2;
    const value = Math.fround(fromStart ? from + stride * t : to - stride * (trainTimesteps - 1 - t));
    const beta = root ? Math.fround(value * value) : value;
    product *= Math.fround(1 - beta);
    alphas[t] = product;
  }
  return alphas;
}

/**
 * @param timestep integer in [0, trainTimesteps)
 * @throws OnestrokeError `model-unsupported` when a step list asks for any other timestep
 */
export function noiseLevel(alphas: Float32Array, timestep: number): NoiseLevel {
  const alpha = alphas[timestep];
  if (alpha === undefined) {
    throw new OnestrokeError("model-unsupported", `timestep ${timestep} is not one of the ${alphas.length} the model was trained on`, {
      timestep,
    });
  }
  const sqrtAlpha = Math.sqrt(alpha);
  const sqrtOneMinusAlpha = Math.sqrt(1 - alpha);
  return { alpha, sqrtAlpha, sqrtOneMinusAlpha, sigma: sqrtOneMinusAlpha / sqrtAlpha };
}
