// The way between two samples of noise. Long samples of unit noise lie close to a sphere, and a mean of two would lie inside it, where no
// network was trained: so the way goes along the sphere (Shoemake, "Animating rotation with quaternion curves", 1985).

/** Below this sine of the angle the two point the same way, or opposite ways, and the straight line is as good. */
const SMALLEST_SINE = 1e-6;

/**
 * Computed in float64 and rounded once.
 * @param strength 0 gives `from` and 1 gives `to`, bit for bit
 */
export function slerp(from: Float32Array<ArrayBuffer>, to: Float32Array<ArrayBuffer>, strength: number): Float32Array<ArrayBuffer> {
  if (strength === 0) return from;
  if (strength === 1) return to;
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(from, to) / Math.sqrt(dot(from, from) * dot(to, to)))));
  const sine = Math.sin(angle);
  const isStraight = !(sine > SMALLEST_SINE);
  const left = isStraight ? 1 - strength : Math.sin((1 - strength) * angle) / sine;
  const right = isStraight ? strength : Math.sin(strength * angle) / sine;
  return from.map((value, i) => left * value + right * (to[i] ?? Number.NaN));
}

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, i) => sum + value * (right[i] ?? Number.NaN), 0);
}
