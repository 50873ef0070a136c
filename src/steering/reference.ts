// NASA, NAG and VSF in float64: the first two on the merged heads of one cross-attention before its output
// projection, VSF on one query of one head, because it has one softmax over both texts. Kernels and steered ONNX graphs are
// tested against these functions; they draw nothing.
import type { Nag, Nasa, Vsf } from "../common/steering";

/** Keeps a token finite if its positive branch is all zero. */
const NORM_FLOOR = 1e-6;

/**
 * `Z = Z+ - scale * Z-` (SNOOPI, arXiv 2412.02687, eq. 9).
 * @param positive @param negative [tokens, channels], with all heads of a token side by side
 */
export function nasa(positive: Float64Array, negative: Float64Array, { scale }: Nasa): Float64Array {
  return positive.map((z, i) => z - scale * (negative[i] ?? NaN));
}

/**
 * Normalised attention guidance (arXiv 2505.21179):
 * `E = Z+ + scale (Z+ - Z-)`, shrunk per token until its L1 norm is at most `tau` times that of `Z+`,
 * then blended: `Z = alpha E + (1 - alpha) Z+`.
 */
export function nag(positive: Float64Array, negative: Float64Array, channels: number, { scale, tau, alpha }: Nag): Float64Array {
  const extended = positive.map((z, i) => z + scale * (z - (negative[i] ?? NaN)));
  const result = new Float64Array(positive.length);
  for (let begin = 0; begin < positive.length; begin += channels) {
    const end = begin + channels;
    const ratio = l1Norm(extended.subarray(begin, end)) / Math.max(l1Norm(positive.subarray(begin, end)), NORM_FLOOR);
    const shrink = ratio > tau ? tau / ratio : 1;
    for (let i = begin; i < end; i++) result[i] = alpha * shrink * (extended[i] ?? NaN) + (1 - alpha) * (positive[i] ?? NaN);
  }
  return result;
}

/** What one query of one head sees of a token. */
export interface Seen {
  /** The product of query and key, scaled. */
  readonly score: number;
  /** [channels] */
  readonly value: readonly number[];
  /** -1 for words that a prompt gives a negative weight; default 1. */
  readonly sign?: number;
}

/**
 * Value sign flip (arXiv 2508.10931): `Z = softmax([s+, s- - offset]) [V+; -scale V-]`.
 * Without negative words it is plain attention.
 * @returns [channels]
 */
export function vsf(positive: readonly Seen[], negative: readonly Seen[], { scale, offset }: Vsf): Float64Array {
  const all = [
    ...positive.map(({ score, value, sign = 1 }) => ({ score, value, factor: sign })),
    ...negative.map(({ score, value, sign = 1 }) => ({ score: score - offset, value, factor: -scale * sign })),
  ];
  const largest = Math.max(...all.map(({ score }) => score));
  const weights = all.map(({ score }) => Math.exp(score - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Float64Array.from(all[0]?.value ?? [], (_, channel) =>
    all.reduce((sum, { value, factor }, i) => sum + ((weights[i] ?? NaN) / total) * factor * (value[channel] ?? NaN), 0),
  );
}

function l1Norm(values: Float64Array): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0);
}
