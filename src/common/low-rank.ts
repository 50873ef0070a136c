// A product of two thin matrices that is added to a weight, as LoRAs are. Checkpoints read it, and the engine adds it.

export interface LowRank {
  /** [outputs, rank] */
  readonly up: Float32Array<ArrayBuffer>;
  /** [rank, inputs], where inputs are all axes of the weight but the first. */
  readonly down: Float32Array<ArrayBuffer>;
  readonly rank: number;
  readonly scale: number;
}

/** values += scale * up * down, row by row. It is what the GPU's kernel is tested against. */
export function addLowRank(values: Float32Array, { up, down, rank, scale }: LowRank): void {
  const inputs = down.length / rank;
  for (let output = 0; output * inputs < values.length; output++) {
    const row = values.subarray(output * inputs, (output + 1) * inputs);
    for (let r = 0; r < rank; r++) {
      const factor = scale * (up[output * rank + r] ?? 0);
      const from = r * inputs;
      for (let i = 0; i < inputs; i++) row[i] = (row[i] ?? 0) + factor * (down[from + i] ?? 0);
    }
  }
}
