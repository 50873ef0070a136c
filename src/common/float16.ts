// float16 as bits in a Uint16Array, for engines without Float16Array (Node 20, older
// browsers). Rounds to nearest, ties to even; values above 65519 become infinity.

const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** The float16 bits nearest to `number`. */
export function toFloat16(number: number): number {
  value[0] = number;
  return float32BitsToFloat16(bits[0] ?? 0);
}

/** The float16 bits nearest to the float32 whose bits are given. */
export function float32BitsToFloat16(x: number): number {
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  if (magnitude < 0x33000000) return sign;
  // Subnormal: shift the mantissa with its hidden bit, and keep the bits that fall off for rounding.
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const half = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
}

/** The float32 of every float16, by its bits. */
const DECODED = Float32Array.from({ length: 65_536 }, (_, half) => {
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
});

/** The value of float16 bits. */
export function fromFloat16(half: number): number {
  return DECODED[half & 0xffff] ?? Number.NaN;
}
