// What steering is asked for. The maths and the defaults per family stand beside it;
// the cross-attention kernel applies them.

/**
 * Negative steering of one image, within ranges.ts.
 * - `nasa`: `Z = Z+ - scale * Z-` (SNOOPI, arXiv 2412.02687, eq. 9).
 * - `nag`: normalised attention guidance (arXiv 2505.21179): `scale` is phi,
 *   `tau` the bound of the norm ratio, `alpha` the blend.
 * - `sigmaEnd`: later steps, whose sigma is below it, are not steered. Absent: every step is.
 */
export type Steering =
  | { readonly method: "none" }
  | { readonly method: "nasa"; readonly scale: number; readonly sigmaEnd?: number }
  | { readonly method: "nag"; readonly scale: number; readonly tau: number; readonly alpha: number; readonly sigmaEnd?: number };
