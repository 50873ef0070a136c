// The vault's folder in memory, where the browser gives no storage. What is written becomes blobs, which a browser may put on its disk.
import { OnestrokeError } from "../common/errors";
import { storing, type ReadableFile, type VaultFolder, type WritableFile } from "./folder";

/** Pieces by where they begin; between them are zeros. */
interface Contents {
  byteLength: number;
  readonly pieces: Map<number, Blob>;
}

export function memoryFolder(): VaultFolder {
  const files = new Map<string, Contents>();
  return {
    names: async () => [...files.keys()],
    size: async (name) => files.get(name)?.byteLength,
    blob: async (name) => {
      const contents = files.get(name);
      return contents && blobOf(contents);
    },
    read: async (name) => {
      const contents = files.get(name);
      return contents && reader(name, contents);
    },
    write: async (name) => {
      const contents = files.get(name) ?? { byteLength: 0, pieces: new Map() };
      files.set(name, contents);
      return writer(name, contents);
    },
    move: async (from, to) => {
      const contents = files.get(from);
      if (contents === undefined) throw new OnestrokeError("storage-cleared", `${from} is gone`);
      files.set(to, contents);
      files.delete(from);
    },
    remove: async (name) => void files.delete(name),
  };
}

function writer(name: string, contents: Contents): WritableFile {
  return {
    get byteLength() {
      return contents.byteLength;
    },
    read: (at, into) => reader(name, contents).read(at, into),
    truncate: async (byteLength) => {
      contents.byteLength = byteLength;
      for (const [begin, blob] of contents.pieces) {
        if (begin >= byteLength) contents.pieces.delete(begin);
        else if (begin + blob.size > byteLength) contents.pieces.set(begin, blob.slice(0, byteLength - begin));
      }
    },
    // Whoever writes a range again writes the same range, since chunks do not move.
    write: (at, bytes) => storing(`writing ${name}`, () => void contents.pieces.set(at, new Blob([bytes]))),
    flush: async () => undefined,
    close: async () => undefined,
  };
}

function reader(name: string, contents: Contents): ReadableFile {
  const blob = blobOf(contents);
  return {
    byteLength: contents.byteLength,
    read: (at, into) =>
      storing(`reading ${name}`, async () => {
        const bytes = new Uint8Array(await blob.slice(at, at + into.byteLength).arrayBuffer());
        if (bytes.byteLength !== into.byteLength) throw new OnestrokeError("storage-cleared", `${name} is too short`, { file: name });
        into.set(bytes);
      }),
    close: async () => undefined,
  };
}

function blobOf({ byteLength, pieces }: Contents): Blob {
  const parts: Blob[] = [];
  let end = 0;
  for (const [begin, blob] of [...pieces].toSorted(([left], [right]) => left - right)) {
    if (begin > end) parts.push(new Blob([new Uint8Array(begin - end)]));
    parts.push(blob);
    end = begin + blob.size;
  }
  if (end < byteLength) parts.push(new Blob([new Uint8Array(byteLength - end)]));
  return new Blob(parts);
}
