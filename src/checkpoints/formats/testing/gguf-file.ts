// GGUF files for tests.
import { joined } from "./torch-file";

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
const text = (value: string): Uint8Array => joined(u64(value.length), new TextEncoder().encode(value));

export interface GgufTensor {
  readonly type: number;
  /** As this project writes shapes: the innermost axis last. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A key's value: a text, an integer, or a list of integers. */
export type GgufKey = string | number | readonly number[];

function valueOf(value: GgufKey): Uint8Array {
  if (typeof value === "string") return joined(u32(8), text(value));
  if (typeof value === "number") return joined(u32(4), u32(value));
  return joined(u32(9), u32(5), u64(value.length), ...value.map(u32));
}

export function ggufFile(
  tensors: Readonly<Record<string, GgufTensor>>,
  keys: Readonly<Record<string, GgufKey>> = {},
): Uint8Array<ArrayBuffer> {
  const infos: Uint8Array[] = [];
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { type, shape, data: bytes }] of Object.entries(tensors)) {
    infos.push(joined(text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(type), u64(offset)));
    const padding = (32 - (bytes.length % 32)) % 32;
    data.push(bytes, new Uint8Array(padding));
    offset += bytes.length + padding;
  }
  const pairs = Object.entries(keys).map(([key, value]) => joined(text(key), valueOf(value)));
  const counts = [u64(infos.length), u64(pairs.length)];
  const header = joined(new TextEncoder().encode("GGUF"), u32(3), ...counts, ...pairs, ...infos);
  return joined(header, new Uint8Array((32 - (header.length % 32)) % 32), ...data);
}
