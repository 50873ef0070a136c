// Writes weights as layout.ts describes: the header of a safetensors file, and the bytes of each weight. It knows no file system.
import { blockShape, type Blocks } from "../../../common/blocks";
import { BLOCK_INPUTS, type WeightFormat } from "../../../common/weight-format";
import { BLOCKS_KEY, BLOCKS_VERSION, MINIMA, packedPairs, PER_BYTE, SCALES } from "./layout";

export interface WrittenWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly format: WeightFormat;
}

/** @returns the file's first bytes, and where the bytes of each weight begin in it */
export function blocksHeader(weights: readonly WrittenWeight[]): {
  readonly header: Uint8Array<ArrayBuffer>;
  readonly begins: ReadonlyMap<string, number>;
} {
  const entries: Record<string, unknown> = { __metadata__: { format: "pt", [BLOCKS_KEY]: BLOCKS_VERSION } };
  const begins = new Map<string, number>();
  let at = 0;
  const add = (name: string, dtype: string, shape: readonly number[], elementBytes: number): void => {
    const end = at + shape.reduce((size, axis) => size * axis, elementBytes);
    entries[name] = { dtype, shape, data_offsets: [at, end] };
    at = end;
  };
  for (const { name, shape, format } of weights) {
    begins.set(name, at);
    if (format === "f16") {
      add(name, "F16", shape, 2);
      continue;
    }
    const [outputs = 1, inputs = 1, ...taps] = shape;
    add(name, format === "q8" ? "I8" : "U8", [outputs, inputs / PER_BYTE[format], ...taps], 1);
    for (const part of format === "q8" ? [SCALES] : [SCALES, MINIMA]) add(name + part, "F16", [outputs, inputs / BLOCK_INPUTS, ...taps], 2);
  }
  const text = new TextEncoder().encode(JSON.stringify(entries));
  // Padded with spaces, as is usual, so that the data is aligned.
  const header = new Uint8Array(8 + Math.ceil(text.byteLength / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.byteLength - 8), true);
  header.set(text, 8);
  return { header, begins: new Map([...begins].map(([name, begin]) => [name, header.byteLength + begin])) };
}

/** The bytes of a weight, in pieces that follow each other. */
export function writtenBytes(values: Uint16Array<ArrayBuffer> | Blocks, shape: readonly number[]): readonly Uint8Array[] {
  if (values instanceof Uint16Array) return [bytesOf(values)];
  if (values.format === "q8") return [bytesOf(values.values), bytesOf(values.scales)];
  return [packedPairs(values.values, blockShape(shape).taps), bytesOf(values.scales), bytesOf(values.minima)];
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
