// The rearranging operations on logical arrays, as nothing but index arithmetic.
type Values = ArrayLike<number>;

function fill(length: number, of: (index: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, index) => of(index));
}

/** `[rows, c1]` and `[rows, c2]` to `[rows, c1 + c2]`. Tokens: rows are batch items, channels whole `[tokens, c]` blocks. */
export function concatReference(x: Values, c1: number, b: Values, c2: number, rows: number): Float64Array {
  return fill(rows * (c1 + c2), (i) => {
    const [row, channel] = [Math.floor(i / (c1 + c2)), i % (c1 + c2)];
    return (channel < c1 ? x[row * c1 + channel] : b[row * c2 + channel - c1]) ?? Number.NaN;
  });
}

/** Elements `[begin, begin + length)` of each row of `channels`; tokens as for concat. */
export function sliceReference(x: Values, channels: number, begin: number, length: number): Float64Array {
  return fill((x.length / channels) * length, (i) => x[Math.floor(i / length) * channels + begin + (i % length)] ?? Number.NaN);
}

/** x: `[batch, tokens, channels]` */
export function gatherRowReference(x: Values, index: Values, tokens: number, channels: number): Float64Array {
  return fill(index.length * channels, (i) => {
    const item = Math.floor(i / channels);
    const token = Math.min(index[item] ?? 0, tokens - 1);
    return x[(item * tokens + token) * channels + (i % channels)] ?? Number.NaN;
  });
}

/** x: `[batch, (height / p) (width / p), p p channels]` to `[batch, height, width, channels]`. */
export function unpatchifyReference(
  x: Values,
  batch: number,
  height: number,
  width: number,
  channels: number,
  patch: number,
): Float64Array {
  const [down, across] = [height / patch, width / patch];
  return fill(batch * height * width * channels, (index) => {
    const channel = index % channels;
    const j = Math.floor(index / channels) % width;
    const i = Math.floor(index / channels / width) % height;
    const item = Math.floor(index / channels / width / height);
    const token = (item * down + Math.floor(i / patch)) * across + Math.floor(j / patch);
    return x[token * patch * patch * channels + ((i % patch) * patch + (j % patch)) * channels + channel] ?? Number.NaN;
  });
}
