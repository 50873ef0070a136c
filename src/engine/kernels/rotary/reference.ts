// Rotary position embedding in float64: pairs (2i, 2i + 1) of each head turn by position * theta^(-2i / headSize).

/** x and the result: `[batch, tokens, heads * headSize]`. */
export function rotaryReference(
  x: ArrayLike<number>,
  shape: { readonly batch: number; readonly tokens: number; readonly heads: number; readonly headSize: number; readonly theta: number },
): Float64Array {
  const { batch, tokens, heads, headSize, theta } = shape;
  const y = new Float64Array(batch * tokens * heads * headSize);
  for (let row = 0; row < batch * tokens; row++) {
    for (let head = 0; head < heads; head++) {
      for (let pair = 0; pair < headSize / 2; pair++) {
        const at = (row * heads + head) * headSize + 2 * pair;
        const angle = (row % tokens) * theta ** ((-2 * pair) / headSize);
        const [a, b] = [x[at] ?? Number.NaN, x[at + 1] ?? Number.NaN];
        y[at] = a * Math.cos(angle) - b * Math.sin(angle);
        y[at + 1] = a * Math.sin(angle) + b * Math.cos(angle);
      }
    }
  }
  return y;
}
