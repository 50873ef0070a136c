// x0 and epsilon from what the network predicts, as coefficients of
// (sample, network output). The sample is variance-preserving:
// sample = sqrt(alpha) x0 + sqrt(1 - alpha) epsilon.
import { assertNever } from "../common/errors";
import type { NoiseLevel } from "./alphas";
import type { PredictionType, X0Coefficients } from "./schedule";

/** All three parametrisations are in progressive distillation (arXiv 2202.00512). */
export function predictedX0(type: PredictionType, level: NoiseLevel): X0Coefficients {
  switch (type) {
    case "epsilon":
      return { x: 1 / level.sqrtAlpha, out: -level.sqrtOneMinusAlpha / level.sqrtAlpha };
    case "v_prediction":
      return { x: level.sqrtAlpha, out: -level.sqrtOneMinusAlpha };
    case "sample":
      return { x: 0, out: 1 };
    default:
      return assertNever(type);
  }
}

export function predictedNoise(type: PredictionType, level: NoiseLevel): X0Coefficients {
  switch (type) {
    case "epsilon":
      return { x: 0, out: 1 };
    case "v_prediction":
      return { x: level.sqrtOneMinusAlpha, out: level.sqrtAlpha };
    case "sample":
      return { x: 1 / level.sqrtOneMinusAlpha, out: -level.sqrtAlpha / level.sqrtOneMinusAlpha };
    default:
      return assertNever(type);
  }
}
