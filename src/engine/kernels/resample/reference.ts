// Nearest resize and 2x2 mean in float64 on logical `[batch, height, width, channels]` arrays.
export interface Resampling {
  readonly batch: number;
  readonly channels: number;
  readonly from: readonly [height: number, width: number];
  readonly to: readonly [height: number, width: number];
}

function resample(
  { batch, channels, from, to }: Resampling,
  of: (pixel: (i: number, j: number) => number, i: number, j: number) => number,
  x: ArrayLike<number>,
): Float64Array {
  return Float64Array.from({ length: batch * to[0] * to[1] * channels }, (_, index) => {
    const channel = index % channels;
    const j = Math.floor(index / channels) % to[1];
    const i = Math.floor(index / channels / to[1]) % to[0];
    const item = Math.floor(index / channels / to[1] / to[0]);
    return of((line, column) => x[((item * from[0] + line) * from[1] + column) * channels + channel] ?? Number.NaN, i, j);
  });
}

export function resizeNearestReference(x: ArrayLike<number>, p: Resampling): Float64Array {
  return resample(p, (pixel, i, j) => pixel(Math.floor((i * p.from[0]) / p.to[0]), Math.floor((j * p.from[1]) / p.to[1])), x);
}

export function averagePoolReference(x: ArrayLike<number>, p: Resampling): Float64Array {
  return resample(
    p,
    (pixel, i, j) => (pixel(2 * i, 2 * j) + pixel(2 * i, 2 * j + 1) + pixel(2 * i + 1, 2 * j) + pixel(2 * i + 1, 2 * j + 1)) / 4,
    x,
  );
}
