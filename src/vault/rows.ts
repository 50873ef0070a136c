// Where the journal's rows are: a table of plain values by key. IndexedDB keeps them in a browser; tests and vaults in memory have a map.
import { createStore, del, entries, get, set, type UseStore } from "idb-keyval";
import { storing } from "./folder";

/** @throws all methods: OnestrokeError `storage-full`, `storage-cleared` */
export interface Rows {
  get(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** All rows as they were at one moment. */
  entries(): Promise<readonly (readonly [key: string, value: unknown])[]>;
}

/** @param name of the database */
export function indexedRows(name: string): Rows {
  let opened: UseStore | undefined;
  /** A database that was cleared under us is closed for ever, so a second try opens it anew. */
  async function withStore<T>(work: (store: UseStore) => Promise<T>): Promise<T> {
    try {
      return await work((opened ??= createStore(name, "rows")));
    } catch {
      const anew = createStore(name, "rows");
      opened = anew;
      return storing("keeping the journal", () => work(anew));
    }
  }
  return {
    get: (key) => withStore((store) => get(key, store)),
    put: (key, value) => withStore((store) => set(key, value, store)),
    delete: (key) => withStore((store) => del(key, store)),
    entries: () => withStore((store) => entries<string, unknown>(store)),
  };
}

export function memoryRows(): Rows {
  const rows = new Map<string, unknown>();
  return {
    get: async (key) => rows.get(key),
    put: async (key, value) => void rows.set(key, structuredClone(value)),
    delete: async (key) => void rows.delete(key),
    entries: async () => [...rows],
  };
}
