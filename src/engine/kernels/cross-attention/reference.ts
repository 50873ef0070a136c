// Steered cross-attention in float64: both branches by plain attention, then combined
// (NASA) or side by side, for NAG.
import { attentionReference, type AttentionShape, type Packed } from "../attention/reference";

export interface Branch {
  readonly k: Packed;
  readonly v: Packed;
  readonly keys: number;
}

/** Z+ and Z-, `[batch, tokens, heads * headSize]` each; without negative keys Z- is Z+. */
export function branchesReference(
  q: Packed,
  positive: Branch,
  negative: Branch,
  shape: AttentionShape,
): readonly [Float64Array, Float64Array] {
  const attend = ({ k, v, keys }: Branch) => attentionReference(q, k, v, { ...shape, keys });
  const plain = attend(positive);
  return [plain, negative.keys === 0 ? plain : attend(negative)];
}

/** NASA: Z+ - scale * Z-; plain attention without negative keys. */
export function nasaReference(
  q: Packed,
  positive: Branch,
  negative: Branch,
  shape: AttentionShape & { readonly nasaScale: number },
): Float64Array {
  const [plain, other] = branchesReference(q, positive, negative, shape);
  const scale = negative.keys === 0 ? 0 : shape.nasaScale;
  return plain.map((value, i) => value - scale * (other[i] ?? Number.NaN));
}
