// Normalised Attention Guidance in float64 (arXiv 2505.21179): extrapolate, bound the L1 norm's growth, blend.

export interface NagScalars {
  readonly phi: number;
  readonly tau: number;
  readonly alpha: number;
}

/** Both norms are kept above this, so that a token of zeros gives zeros. */
export const NORM_EPSILON = 1e-6;

/** positive, negative and the result: `[rows, channels]`. */
export function nagReference(
  positive: ArrayLike<number>,
  negative: ArrayLike<number>,
  channels: number,
  { phi, tau, alpha }: NagScalars,
): { readonly y: Float64Array; readonly ratios: readonly number[] } {
  const y = new Float64Array(positive.length);
  const ratios: number[] = [];
  for (let row = 0; row < positive.length; row += channels) {
    const plus = Array.from({ length: channels }, (_, c) => positive[row + c] ?? Number.NaN);
    const guided = plus.map((z, c) => z + phi * (z - (negative[row + c] ?? Number.NaN)));
    const ratio = norm(guided) / norm(plus);
    const factor = Math.min(ratio, tau) / ratio;
    plus.forEach((z, c) => (y[row + c] = alpha * factor * (guided[c] ?? Number.NaN) + (1 - alpha) * z));
    ratios.push(ratio);
  }
  return { y, ratios };
}

function norm(values: readonly number[]): number {
  return Math.max(
    values.reduce((sum, value) => sum + Math.abs(value), 0),
    NORM_EPSILON,
  );
}
