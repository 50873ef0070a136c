// The linear op in float64 on unpadded rows, for tests.
import { activate } from "../../activations";
import type { Activation } from "../../ops";

export interface LinearReference {
  readonly rows: number;
  readonly columns: number;
  /** `[rows, k]`, one or two of them, read side by side. */
  readonly sources: readonly { readonly values: Float32Array; readonly channels: number }[];
  /** torch's `[columns, k]`; gated: `[2 columns, k]`, values first. */
  readonly weight: Float32Array;
  readonly bias?: Float32Array | undefined;
  readonly residual?: Float32Array | undefined;
  readonly activation: Activation;
  readonly gated: boolean;
}

/** `[rows, columns]` */
export function linearReference(p: LinearReference): Float64Array {
  const k = p.sources.reduce((sum, { channels }) => sum + channels, 0);
  const y = new Float64Array(p.rows * p.columns);
  for (let row = 0; row < p.rows; row++) {
    const x = p.sources.flatMap(({ values, channels }) => [...values.subarray(row * channels, (row + 1) * channels)]);
    const sumOf = (column: number) => {
      let sum = p.bias?.[column] ?? 0;
      for (let channel = 0; channel < k; channel++) sum += (x[channel] ?? 0) * (p.weight[column * k + channel] ?? 0);
      return sum;
    };
    for (let column = 0; column < p.columns; column++) {
      const value = p.gated ? sumOf(column) * activate(p.activation, sumOf(p.columns + column)) : activate(p.activation, sumOf(column));
      y[row * p.columns + column] = value + (p.residual?.[row * p.columns + column] ?? 0);
    }
  }
  return y;
}
