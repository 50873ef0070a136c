// Attention in float64 on plain arrays: the definition, with the score row written out.
import type { HeadLayout } from "../../ops";

/** A packed projection `[batch, rows, channels]` and where its heads lie. */
export interface Packed {
  readonly values: ArrayLike<number>;
  readonly rows: number;
  readonly channels: number;
  readonly layout: HeadLayout;
}

export interface AttentionShape {
  readonly batch: number;
  readonly heads: number;
  readonly headSize: number;
  readonly scale: number;
  readonly causal?: boolean;
  /** Keys used, from the first; default all rows of k. */
  readonly keys?: number;
}

/** `[batch, tokens, heads * headSize]`. */
export function attentionReference(q: Packed, k: Packed, v: Packed, shape: AttentionShape): Float64Array {
  const { batch, heads, headSize, scale, causal = false, keys = k.rows } = shape;
  const y = new Float64Array(batch * q.rows * heads * headSize);
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < heads; head++) {
      for (let token = 0; token < q.rows; token++) {
        const end = causal ? Math.min(keys, token + 1) : keys;
        const scores = Array.from({ length: end }, (_, key) => {
          let sum = 0;
          for (let c = 0; c < headSize; c++) sum += at(q, b, token, head, c) * at(k, b, key, head, c);
          return sum * scale;
        });
        const maximum = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - maximum));
        const total = weights.reduce((left, right) => left + right, 0);
        const row = ((b * q.rows + token) * heads + head) * headSize;
        weights.forEach((weight, key) => {
          for (let c = 0; c < headSize; c++) y[row + c] = (y[row + c] ?? 0) + (weight / total) * at(v, b, key, head, c);
        });
      }
    }
  }
  return y;
}

function at({ values, rows, channels, layout }: Packed, batch: number, row: number, head: number, c: number): number {
  return values[(batch * rows + row) * channels + layout.offset + head * layout.headStride + c] ?? Number.NaN;
}
