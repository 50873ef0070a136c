// Number formats of stored tensors, and their conversion to float16 bits and float32.
// Hosts are little-endian, as every WebGPU platform is.
import { float32BitsToFloat16, fromFloat16 } from "../common/float16";

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

/** The formats that weights are read from; tensors in the others may be stored but are never weights. */
export type FloatDtype = "F32" | "F16" | "BF16";

export function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(DTYPE_BYTES, value);
}

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return dtype === "F32" || dtype === "F16" || dtype === "BF16";
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
    default:
      dtype satisfies never;
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
    default:
      dtype satisfies never;
  }
}
