// RMSNorm in float64 on logical arrays: each run of `scale.length` elements is one group.
export function rmsNormReference(x: ArrayLike<number>, scale: ArrayLike<number>, epsilon: number): Float64Array {
  const size = scale.length;
  const y = new Float64Array(x.length);
  for (let begin = 0; begin < x.length; begin += size) {
    let squares = 0;
    for (let i = 0; i < size; i++) squares += (x[begin + i] ?? Number.NaN) ** 2;
    const inverse = 1 / Math.sqrt(squares / size + epsilon);
    for (let i = 0; i < size; i++) y[begin + i] = (x[begin + i] ?? Number.NaN) * inverse * (scale[i] ?? Number.NaN);
  }
  return y;
}
