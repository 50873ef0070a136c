// Torch stores each channel of a picture as a whole, one after another; our kernels store the channels of each pixel together.

/** `[channels, pixels]` to `[pixels, channels]`. */
export function channelsLast(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  return transposed(values, channels);
}

/** `[pixels, channels]` to `[channels, pixels]`. */
export function channelsFirst(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  return transposed(values, values.length / channels);
}

/** `[rows, columns]` to `[columns, rows]`. */
function transposed(values: Float32Array, rows: number): Float32Array<ArrayBuffer> {
  const columns = values.length / rows;
  const moved = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) moved[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return moved;
}
