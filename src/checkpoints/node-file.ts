// Files on disk, for the command line and tests. Browser code must not import this.
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../common/errors";
import type { ByteSource, ByteStore } from "./byte-source";
import { checkRange, missingFile } from "./memory-source";

/** @param folder absolute or relative to the working directory */
export function nodeStore(folder: string): ByteStore {
  return {
    name: folder,
    exists: async (path) => (await sizeOf(join(folder, path))) !== undefined,
    open: async (path) => {
      const file = join(folder, path);
      const size = await sizeOf(file);
      if (size === undefined) throw missingFile(folder, path);
      return nodeSource(file, size);
    },
  };
}

function nodeSource(file: string, size: number): ByteSource {
  return {
    name: file,
    size,
    // The file is opened for each read, so nothing has to close it later; reads are megabytes, so this is cheap.
    read: async (begin, into, signal, onBytes) => {
      throwIfCancelled(signal);
      checkRange(file, begin, into.byteLength, size);
      const handle = await open(file);
      try {
        for (let done = 0; done < into.byteLength;) {
          const { bytesRead } = await handle.read(into, done, into.byteLength - done, begin + done);
          if (bytesRead === 0) checkRange(file, begin, into.byteLength, begin + done);
          done += bytesRead;
          onBytes?.(bytesRead);
        }
      } finally {
        await handle.close();
      }
      throwIfCancelled(signal);
    },
  };
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined;
  }
}
