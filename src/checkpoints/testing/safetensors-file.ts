// Safetensors files for tests: valid ones made from tensors, broken ones from any header text.
import type { Dtype } from "../dtype";

export interface TestTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** The header of tensors that are laid out in the given order. */
export function headerOf(tensors: ReadonlyMap<string, TestTensor>): Record<string, unknown> {
  let at = 0;
  return Object.fromEntries(
    [...tensors].map(([name, { dtype, shape, data }]) => {
      const begin = at;
      at += data.byteLength;
      return [name, { dtype, shape, data_offsets: [begin, at] }];
    }),
  );
}

/** A file: the length, the header text as given, then the data. */
export function fileOf(header: string | Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.byteLength + data.byteLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.byteLength), true);
  file.set(text, 8);
  file.set(data, 8 + text.byteLength);
  return file;
}

export function safetensorsFile(tensors: ReadonlyMap<string, TestTensor>): Uint8Array<ArrayBuffer> {
  const parts = [...tensors.values()].map((tensor) => tensor.data);
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.byteLength;
  }
  return fileOf(JSON.stringify(headerOf(tensors)), data);
}

export function float32Tensor(values: readonly number[], shape: readonly number[] = [values.length]): TestTensor {
  return { dtype: "F32", shape, data: new Uint8Array(new Float32Array(values).buffer) };
}

export function float16Tensor(bits: readonly number[], shape: readonly number[] = [bits.length]): TestTensor {
  return { dtype: "F16", shape, data: new Uint8Array(new Uint16Array(bits).buffer) };
}
