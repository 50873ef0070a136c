// Trajectory consistency sampling with eta = 0 (arXiv 2402.19159): deterministic jumps
// along the predicted trajectory. The last jump ends at s = 0, which is not x0.
import { cumulativeAlphas, noiseLevel, type NoiseSchedule } from "./alphas";
import { consistencyTimesteps } from "./few-step";
import { predictedNoise, predictedX0 } from "./prediction";
import type { PredictionType, SamplerStep, Schedule } from "./schedule";

export interface TcdOptions {
  readonly noise: NoiseSchedule;
  readonly predictionType: PredictionType;
  readonly originalSteps: number;
}

/** @throws OnestrokeError `invalid-input` when more steps are asked for than the model was distilled on */
export function tcdSchedule(steps: number, { noise, predictionType, originalSteps }: TcdOptions): Schedule {
  const alphas = cumulativeAlphas(noise);
  const timesteps = consistencyTimesteps(steps, originalSteps, noise.trainTimesteps);
  return {
    initialNoiseScale: 1,
    steps: timesteps.map((timestep, i): SamplerStep => {
      const level = noiseLevel(alphas, timestep);
      const end = timesteps[i + 1] ?? 0;
      const to = noiseLevel(alphas, end);
      const x0 = predictedX0(predictionType, level);
      const epsilon = predictedNoise(predictionType, level);
      return {
        inputScale: 1,
        timestep,
        endTimestep: end,
        sigma: level.sigma,
        start: { picture: level.sqrtAlpha, noise: level.sqrtOneMinusAlpha },
        x0,
        next: {
          x: to.sqrtAlpha * x0.x + to.sqrtOneMinusAlpha * epsilon.x,
          out: to.sqrtAlpha * x0.out + to.sqrtOneMinusAlpha * epsilon.out,
          noise: 0,
        },
      };
    }),
  };
}
