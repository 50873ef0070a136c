// How far the dials of steering go: SNOOPI's alpha (NASA's scale), and NAG's phi, tau and alpha; and
// sigma, which is 80 at most where models are trained (EDM's largest). Recipes and pictures are held to the same.

export const STEERING_RANGES = {
  nasa: { scale: [0, 2] },
  nag: { scale: [0, 10], tau: [1, 10], alpha: [0, 1] },
  sigmaEnd: [0, 100],
} as const;
