// A repository as a store: what exists and how large it is, the listing knows; only reading goes to the server. And a store that
// remembers what was opened, which is how a plan learns which files a model is read from.
import type { ByteSource, ByteStore } from "../checkpoints/byte-source";
import { missingFile } from "../checkpoints/memory-source";
import { OnestrokeError } from "../common/errors";
import type { Listing } from "./listing";

/**
 * @param name as messages show it
 * @param remote the same files on the server
 */
export function listedStore(name: string, listing: Listing, remote: ByteStore): ByteStore {
  return {
    name,
    exists: async (path) => listing.has(path),
    open: async (path) => {
      const file = listing.get(path);
      if (file === undefined) throw missingFile(name, path);
      return lazySource(`${name}/${path}`, file.byteLength, (signal) => remote.open(path, signal));
    },
  };
}

/** A source whose length is known before anything is asked of the server. */
function lazySource(name: string, size: number, open: (signal?: AbortSignal) => Promise<ByteSource>): ByteSource {
  return {
    name,
    size,
    read: async (begin, into, signal, onBytes) => {
      const source = await open(signal);
      if (source.size !== size) {
        throw new OnestrokeError("model-corrupt", `${name} has ${source.size} bytes, and the hub lists it with ${size}`, { file: name });
      }
      await source.read(begin, into, signal, onBytes);
    },
  };
}

/** @param opened hears the path and the length of every file that is opened */
export function recordingStore(store: ByteStore, opened: Map<string, number>): ByteStore {
  return {
    name: store.name,
    exists: (path, signal) => store.exists(path, signal),
    open: async (path, signal) => {
      const source = await store.open(path, signal);
      opened.set(path, source.size);
      return source;
    },
  };
}
