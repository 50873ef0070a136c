// Number formats of stored tensors, and their conversion to float16 bits and float32.
// Hosts are little-endian, as every WebGPU platform is. No Float16Array: Node 20 lacks it.

/** Bytes of one element. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

/** The formats weights are read from; the others are stored but never weights. */
export type FloatDtype = "F32" | "F16" | "BF16";

export function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(DTYPE_BYTES, value);
}

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return dtype === "F32" || dtype === "F16" || dtype === "BF16";
}

const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** Round to nearest, ties to even; above 65519 becomes infinity. */
export function float32ToFloat16Bits(number: number): number {
  value[0] = number;
  return float16OfBits(bits[0] ?? 0);
}

function float16OfBits(x: number): number {
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  if (magnitude < 0x33000000) return sign;
  // Subnormal: shift the mantissa with its hidden bit, keeping what falls off for rounding.
  const shift = 126 - (magnitude >>> 23);
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const half = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0));
}

/** The float32 of every float16, by its bits. */
let float16Table: Float32Array | undefined;

function float16Values(): Float32Array {
  if (float16Table !== undefined) return float16Table;
  const table = new Float32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    const sign = half & 0x8000 ? -1 : 1;
    if (exponent === 31) table[half] = mantissa === 0 ? sign * Infinity : NaN;
    else if (exponent === 0) table[half] = sign * mantissa * 2 ** -24;
    else table[half] = sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  }
  float16Table = table;
  return table;
}

export function float16BitsToFloat32(half: number): number {
  return float16Values()[half & 0xffff] ?? NaN;
}

/** Converts stored bytes to float16 bits; `from` is aligned to its element, lengths agree. */
export function toFloat16(from: Uint8Array<ArrayBuffer>, dtype: FloatDtype, into: Uint16Array): void {
  switch (dtype) {
    case "F16":
      into.set(new Uint16Array(from.buffer, from.byteOffset, into.length));
      return;
    case "F32": {
      const source = new Uint32Array(from.buffer, from.byteOffset, into.length);
      for (let i = 0; i < into.length; i++) into[i] = float16OfBits(source[i] ?? 0);
      return;
    }
    case "BF16": {
      const source = new Uint16Array(from.buffer, from.byteOffset, into.length);
      for (let i = 0; i < into.length; i++) into[i] = float16OfBits((source[i] ?? 0) << 16);
      return;
    }
    default:
      dtype satisfies never;
  }
}

/** Converts stored bytes to float32; `from` is aligned to its element, lengths agree. */
export function toFloat32(from: Uint8Array<ArrayBuffer>, dtype: FloatDtype, into: Float32Array): void {
  switch (dtype) {
    case "F32":
      into.set(new Float32Array(from.buffer, from.byteOffset, into.length));
      return;
    case "F16": {
      const table = float16Values();
      const source = new Uint16Array(from.buffer, from.byteOffset, into.length);
      for (let i = 0; i < into.length; i++) into[i] = table[source[i] ?? 0] ?? NaN;
      return;
    }
    case "BF16": {
      const source = new Uint16Array(from.buffer, from.byteOffset, into.length);
      const out = new Uint32Array(into.buffer, into.byteOffset, into.length);
      for (let i = 0; i < out.length; i++) out[i] = (source[i] ?? 0) << 16;
      return;
    }
    default:
      dtype satisfies never;
  }
}
