// LayerNorm in float64 on logical `[rows, channels]` arrays, two passes.
export interface LayerNormReference {
  readonly x: ArrayLike<number>;
  readonly channels: number;
  readonly epsilon: number;
  readonly scale?: ArrayLike<number>;
  readonly shift?: ArrayLike<number>;
  /** values: `[rows / rowsPerItem, chunks * channels]` */
  readonly modulation?: {
    readonly values: ArrayLike<number>;
    readonly rowsPerItem: number;
    readonly chunks: number;
    readonly shiftChunk: number;
    readonly scaleChunk: number;
  };
}

export function layerNormReference({ x, channels, epsilon, scale, shift, modulation }: LayerNormReference): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length / channels; row++) {
    const values = Array.from({ length: channels }, (_, channel) => x[row * channels + channel] ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / channels;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / channels;
    values.forEach((value, channel) => {
      let normal = (value - mean) / Math.sqrt(variance + epsilon);
      normal = normal * (scale?.[channel] ?? 1) + (shift?.[channel] ?? 0);
      if (modulation) {
        const item = Math.floor(row / modulation.rowsPerItem) * modulation.chunks;
        const factor = modulation.values[(item + modulation.scaleChunk) * channels + channel] ?? Number.NaN;
        const addend = modulation.values[(item + modulation.shiftChunk) * channels + channel] ?? Number.NaN;
        normal = normal * (1 + factor) + addend;
      }
      y[row * channels + channel] = normal;
    });
  }
  return y;
}
