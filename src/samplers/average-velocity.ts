// Shortcut models: the network gives the average velocity u(z, r, t) between two times, and
// z moves by it. Sources: ESC (arXiv 2512.11831), MeanFlow (arXiv 2505.13447), iMF.
import { OnestrokeError } from "../common/errors";
import type { SamplerStep, Schedule } from "./schedule";

/**
 * Times go linearly from 1 (noise) to 0 (data): `z <- z - (t - r) u(z, r, t)`.
 * `x0` of a step is where z would end if it went all the way from t to 0 with that step's velocity.
 */
export function averageVelocitySchedule(steps: number): Schedule {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new OnestrokeError("invalid-input", `steps must be a positive integer, not ${steps}`, { steps });
  }
  return {
    initialNoiseScale: 1,
    steps: Array.from({ length: steps }, (_, i): SamplerStep => {
      const t = 1 - i / steps;
      const r = i + 1 === steps ? 0 : 1 - (i + 1) / steps;
      return {
        inputScale: 1,
        timestep: t,
        endTimestep: r,
        sigma: t,
        start: { picture: 1 - t, noise: t },
        x0: { x: 1, out: -t },
        next: { x: 1, out: -(t - r), noise: 0 },
      };
    }),
  };
}
