// The guidance scale as an input of latent consistency models (arXiv 2310.04378):
// a sinusoidal embedding that networks with `time_cond_proj_dim` add to the time embedding.

/** The scale that latent consistency models are given, which is the default of their published pipeline. */
export const CONSISTENCY_GUIDANCE = 8.5;

/**
 * @param scale classifier-free guidance scale that the student imitates; 8 in the published demos
 * @param dimension even; the network's `time_cond_proj_dim`
 * @returns [dimension] of `[sin | cos]((scale - 1) * 1000 * exp(-ln(10^4) i / (half - 1)))`
 */
export function guidanceEmbedding(scale: number, dimension: number): Float32Array<ArrayBuffer> {
  const half = dimension / 2;
  const w = (scale - 1) * 1000;
  const embedding = new Float32Array(dimension);
  for (let i = 0; i < half; i++) {
    // Rounded as in the float32 reference, because at w = 7000 the sine is sensitive to it.
    const frequency = Math.fround(Math.exp(Math.fround(i * Math.fround(-Math.log(10000) / (half - 1)))));
    const angle = Math.fround(Math.fround(w) * frequency);
    embedding[i] = Math.sin(angle);
    embedding[half + i] = Math.cos(angle);
  }
  return embedding;
}
