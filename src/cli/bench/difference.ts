// How much two engines' results differ.

/** RMS(left - right) / RMS(right); infinite if the lengths differ or a value is not a number. */
export function relativeDifference(left: Float32Array, right: Float32Array): number {
  if (left.length !== right.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let scale = 0;
  for (let index = 0; index < right.length; index++) {
    const expected = right[index] ?? Number.NaN;
    error += ((left[index] ?? Number.NaN) - expected) ** 2;
    scale += expected ** 2;
  }
  const difference = Math.sqrt(error / scale);
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
}
