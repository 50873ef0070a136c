// Number formats of stored tensors, and their conversion to float16 bits and float32.
// Hosts are little-endian, as every WebGPU platform is.
import { float32BitsToFloat16, fromFloat16, toFloat16 as roundedToFloat16 } from "../common/float16";
import { QUANTISED_BLOCKS, dequantise, isQuantised, type QuantisedDtype } from "./quantised";

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

/** Formats with a number of bytes for each element. */
export type PlainDtype = keyof typeof DTYPE_BYTES;

export type Dtype = PlainDtype | QuantisedDtype;

/** The formats that weights are read from; tensors in the others may be stored but are never weights. */
export type FloatDtype = "F32" | "F16" | "BF16" | "F64" | "F8_E4M3" | "F8_E5M2" | QuantisedDtype;

export function isDtype(value: unknown): value is PlainDtype {
  return typeof value === "string" && Object.hasOwn(DTYPE_BYTES, value);
}

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return /^(?:B?F\d|Q)/.test(dtype);
}

/** The smallest piece of a tensor that can be read by itself: one element, or a block of quantised ones. */
export function blockOf(dtype: Dtype): { readonly bytes: number; readonly elements: number } {
  return isQuantised(dtype) ? QUANTISED_BLOCKS[dtype] : { bytes: DTYPE_BYTES[dtype], elements: 1 };
}

/** Converts stored bytes to float16 bits. `from` is aligned to its element, and the lengths agree. */
export function toFloat16(from: Uint8Array<ArrayBuffer>, dtype: FloatDtype, into: Uint16Array): void {
  switch (dtype) {
    case "F16":
      into.set(new Uint16Array(from.buffer, from.byteOffset, into.length));
      return;
    case "F32": {
      const source = new Uint32Array(from.buffer, from.byteOffset, into.length);
      for (let i = 0; i < into.length; i++) into[i] = float32BitsToFloat16(source[i] ?? 0);
      return;
    }
    case "BF16": {
      const source = new Uint16Array(from.buffer, from.byteOffset, into.length);
      for (let i = 0; i < into.length; i++) into[i] = float32BitsToFloat16((source[i] ?? 0) << 16);
      return;
    }
    case "F8_E5M2":
      // float16 without the lower half of its bits.
      for (let i = 0; i < into.length; i++) into[i] = (from[i] ?? 0) << 8;
      return;
    default: {
      const values = new Float32Array(into.length);
      toFloat32(from, dtype, values);
      roundToFloat16(values, into);
    }
  }
}

/** Converts stored bytes to float32. `from` is aligned to its element, and the lengths agree. */
export function toFloat32(from: Uint8Array<ArrayBuffer>, dtype: FloatDtype, into: Float32Array): void {
  switch (dtype) {
    case "F32":
      into.set(new Float32Array(from.buffer, from.byteOffset, into.length));
      return;
    case "F16": {
      const source = new Uint16Array(from.buffer, from.byteOffset, into.length);
      for (let i = 0; i < into.length; i++) into[i] = fromFloat16(source[i] ?? 0);
      return;
    }
    case "BF16": {
      const source = new Uint16Array(from.buffer, from.byteOffset, into.length);
      const out = new Uint32Array(into.buffer, into.byteOffset, into.length);
      for (let i = 0; i < out.length; i++) out[i] = (source[i] ?? 0) << 16;
      return;
    }
    case "F64":
      into.set(new Float64Array(from.buffer, from.byteOffset, into.length));
      return;
    case "F8_E5M2":
      for (let i = 0; i < into.length; i++) into[i] = fromFloat16((from[i] ?? 0) << 8);
      return;
    case "F8_E4M3":
      for (let i = 0; i < into.length; i++) into[i] = E4M3[from[i] ?? 0] ?? Number.NaN;
      return;
    default:
      dequantise(from, dtype, into);
  }
}

export function roundToFloat16(values: Float32Array, into: Uint16Array): void {
  for (let i = 0; i < into.length; i++) into[i] = roundedToFloat16(values[i] ?? 0);
}

/** Float8 with 4 bits of exponent: it has no infinity, and one NaN of each sign (Micikevicius et al., arXiv 2209.05433). */
const E4M3 = Float32Array.from({ length: 256 }, (_, bits) => {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 15;
  const mantissa = bits & 7;
  if (exponent === 15 && mantissa === 7) return Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -9 : (1 + mantissa / 8) * 2 ** (exponent - 7));
});
