// Sinusoidal features of a scalar (timesteps, image sizes, guidance), by which every network
// here learns the time. They are computed on the host; the network's first linear layer follows.

export interface SinusoidOptions {
  /** Order of the halves: `[cos | sin]` if true, `[sin | cos]` if not. Default true. */
  readonly cosineFirst?: boolean;
  /** Frequencies are `10^4 ^ (-i / (half - shift))`. Default 0. */
  readonly frequencyShift?: number;
}

/**
 * Float32 rounding follows the reference: at t = 999 an angle in float64 differs from
 * the reference's by 6e-5, more than the error of everything else that is computed from it.
 * @param values one or more scalars
 * @param dimension number of features for each scalar; an odd number ends in a zero
 * @returns [values * dimension]
 */
export function sinusoid(values: readonly number[], dimension: number, options: SinusoidOptions = {}): Float32Array<ArrayBuffer> {
  const { cosineFirst = true, frequencyShift = 0 } = options;
  const half = dimension >> 1;
  const features = new Float32Array(values.length * dimension);
  values.forEach((value, index) => {
    for (let i = 0; i < half; i++) {
      const exponent = Math.fround(Math.fround(-Math.log(10_000) * i) / (half - frequencyShift));
      const frequency = Math.fround(Math.exp(exponent));
      const angle = Math.fround(Math.fround(value) * frequency);
      const [cosine, sine] = cosineFirst ? [0, half] : [half, 0];
      features[index * dimension + cosine + i] = Math.cos(angle);
      features[index * dimension + sine + i] = Math.sin(angle);
    }
  });
  return features;
}

/** The same features for every element of a batch. */
export function repeated(features: Float32Array, batch: number): Float32Array<ArrayBuffer> {
  const all = new Float32Array(features.length * batch);
  for (let i = 0; i < batch; i++) all.set(features, i * features.length);
  return all;
}
