// What steering a recipe asks for, and the range of each dial. The defaults for each family are in steering-defaults.ts, the
// arithmetic in src/steering; the cross-attention kernel applies it.

/**
 * Negative steering of one picture, within `STEERING_RANGES`.
 * - `nasa`: `Z = Z+ - scale * Z-` (SNOOPI, arXiv 2412.02687, eq. 9).
 * - `nag`: normalised attention guidance (arXiv 2505.21179): `scale` is phi,
 *   `tau` the bound of the norm ratio, `alpha` the blend.
 * - `vsf`: value sign flip (arXiv 2508.10931): one softmax over the prompt's keys and the negative's words, whose values count
 *   `-scale` times, and whose scores are `offset` lower.
 * - `sigmaEnd`: steps whose sigma is below it are not steered. If it is absent, every step is steered.
 */
export type Steering =
  | { readonly method: "none" }
  | { readonly method: "nasa"; readonly scale: number; readonly sigmaEnd?: number }
  | { readonly method: "nag"; readonly scale: number; readonly tau: number; readonly alpha: number; readonly sigmaEnd?: number }
  | { readonly method: "vsf"; readonly scale: number; readonly offset: number; readonly sigmaEnd?: number };

export type Nasa = Extract<Steering, { readonly method: "nasa" }>;
export type Nag = Extract<Steering, { readonly method: "nag" }>;
export type Vsf = Extract<Steering, { readonly method: "vsf" }>;

export const STEERING_METHODS = ["nasa", "nag", "vsf"] as const;
export type SteeringMethod = (typeof STEERING_METHODS)[number];

/** Least and most of each dial. Models are trained with a sigma of 80 at most (EDM's largest). */
export const STEERING_RANGES = {
  nasa: { scale: [0, 2] },
  nag: { scale: [0, 10], tau: [1, 10], alpha: [0, 1] },
  vsf: { scale: [0, 10], offset: [0, 10] },
  sigmaEnd: [0, 100],
} as const;
