// Bytes that are already in memory: small files, tests, files dropped into the window.
import { OnestrokeError, throwIfCancelled } from "../common/errors";
import type { ByteSource, ByteStore } from "./byte-source";

export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.byteLength,
    read: async (begin, into, signal, onBytes) => {
      throwIfCancelled(signal);
      checkRange(name, begin, into.byteLength, bytes.byteLength);
      into.set(bytes.subarray(begin, begin + into.byteLength));
      onBytes?.(into.byteLength);
    },
  };
}

/** A `File` or `Blob`, read slice by slice. */
export function blobSource(name: string, blob: Blob): ByteSource {
  return {
    name,
    size: blob.size,
    read: async (begin, into, signal, onBytes) => {
      throwIfCancelled(signal);
      checkRange(name, begin, into.byteLength, blob.size);
      into.set(new Uint8Array(await blob.slice(begin, begin + into.byteLength).arrayBuffer()));
      throwIfCancelled(signal);
      onBytes?.(into.byteLength);
    },
  };
}

/** @param files by their path relative to the store's root */
export function memoryStore(name: string, files: ReadonlyMap<string, Uint8Array | Blob>): ByteStore {
  return {
    name,
    exists: async (path) => files.has(path),
    open: async (path) => {
      const file = files.get(path);
      if (file === undefined) throw missingFile(name, path);
      return file instanceof Blob ? blobSource(`${name}/${path}`, file) : memorySource(`${name}/${path}`, file);
    },
  };
}

export function missingFile(store: string, path: string, cause?: unknown): OnestrokeError {
  return new OnestrokeError("model-missing", `${store} has no file ${path}`, { file: path }, cause);
}

/** @throws OnestrokeError `model-corrupt` when the file is too short for the range that is asked for */
export function checkRange(name: string, begin: number, byteLength: number, size: number): void {
  if (begin >= 0 && begin + byteLength <= size) return;
  throw new OnestrokeError("model-corrupt", `${name} is ${size} bytes long, but bytes up to ${begin + byteLength} were asked for`, {
    file: name,
    size,
  });
}
