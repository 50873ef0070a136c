// float16 as bits in a Uint16Array, for engines without Float16Array (Node 20, older
// browsers). Round to nearest even; overflow becomes infinity.

const scratch = new DataView(new ArrayBuffer(4));

/** The float16 bits nearest to `value`. */
export function toFloat16(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa ? 0x200 : 0);
  const unbiased = exponent - 112;
  if (unbiased >= 31) return sign | 0x7c00;
  if (unbiased <= 0) {
    if (unbiased < -10) return sign;
    return sign | roundShift(mantissa | 0x800000, 14 - unbiased);
  }
  // A carry out of the mantissa rightly raises the exponent, up to infinity.
  return sign | (roundShift((unbiased << 23) | mantissa, 13) & 0x7fff);
}

function roundShift(value: number, shift: number): number {
  const half = 1 << (shift - 1);
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

const DECODED = new Float32Array(65_536);
for (let bits = 0; bits < 65_536; bits++) {
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 1023;
  const magnitude =
    exponent === 31 ? (mantissa ? Number.NaN : Number.POSITIVE_INFINITY)
    : exponent === 0 ? mantissa * 2 ** -24
    : (1 + mantissa / 1024) * 2 ** (exponent - 15);
  DECODED[bits] = bits & 0x8000 ? -magnitude : magnitude;
}

/** The value of float16 `bits`. */
export function fromFloat16(bits: number): number {
  return DECODED[bits & 0xffff] ?? 0;
}
