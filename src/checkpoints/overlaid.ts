// A store with some small JSON files of our own in place of its own, where a checkpoint's settings are known better than its files state.
import type { JsonObject } from "../common/json";
import type { ByteStore } from "./byte-source";
import { memorySource } from "./memory-source";

/** @param files by their path relative to the store's root */
export function overlaid(store: ByteStore, files: ReadonlyMap<string, JsonObject>): ByteStore {
  return {
    name: store.name,
    exists: async (path, signal) => files.has(path) || store.exists(path, signal),
    open: async (path, signal) => {
      const file = files.get(path);
      if (file === undefined) return store.open(path, signal);
      return memorySource(`${store.name}/${path}`, new TextEncoder().encode(JSON.stringify(file)));
    },
  };
}
