// Every kind of file that holds tensors by name, told apart by its first bytes. Whoever reads tensors asks here, and learns nothing of
// formats.
import type { ByteSource } from "./byte-source";
import { joinBlocks } from "./formats/blocks/layout";
import { readGgufFile } from "./formats/gguf";
import { readTorchFile } from "./formats/torch";
import { readSafetensorsHeader, startOf } from "./safetensors";
import type { StoredTensors } from "./stored-tensor";

export interface TensorFile {
  readonly tensors: StoredTensors;
  /** What safetensors files say of themselves; empty for other formats. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** What a format's file begins with, with a character for each byte; safetensors has no such mark. */
const FORMATS: readonly (readonly [begins: string, read: typeof readTorchFile])[] = [
  ["PK\x03\x04", readTorchFile],
  ["GGUF", readGgufFile],
];

/**
 * Names, shapes and places of a file's tensors.
 * @throws OnestrokeError `model-corrupt`, `model-unsupported`; what `source.read` throws
 */
export async function readTensorFile(source: ByteSource, signal?: AbortSignal): Promise<TensorFile> {
  const start = await startOf(source, signal);
  const text = String.fromCharCode(...start);
  const format = FORMATS.find(([begins]) => text.startsWith(begins));
  if (format !== undefined) return { tensors: await format[1](source, signal), metadata: new Map() };
  const { tensors, metadata } = await readSafetensorsHeader(source, signal, start);
  const stored = new Map([...tensors].map(([name, entry]) => [name, { ...entry, source }] as const));
  return { tensors: joinBlocks(stored, metadata), metadata };
}
