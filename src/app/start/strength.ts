// How much of a picture is drawn over, in steps: of n steps the last k are taken, and k is at least one (`lastSteps` in pipeline/draw.ts).

/** The strength at which so many steps are taken. It is rounded up, so that no step is lost to rounding. */
export function strengthOf(taken: number, steps: number): number {
  return Math.min(1, Math.ceil((100 * taken) / steps) / 100);
}

/** The steps that are taken at a strength. */
export function stepsTaken(strength: number, steps: number): number {
  return Math.max(1, Math.min(steps, Math.floor(steps * strength)));
}
