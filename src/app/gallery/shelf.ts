// Where kept pictures lie: one table of entries and files that all tabs of the page share. Every change looks at all entries and is made
// in one transaction, so that two tabs never undo each other's, and a picture is there whole or not at all. A picture that others were drawn
// over lies there once, and leaves with the last of them.
import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import { BUDGETS, USUAL_BUDGET, type StartBytes } from "./budget";
import { newestFirst, parseEntry, type GalleryEntry, type KeptPicture } from "./entry";

export interface Contents {
  /** The newest comes first. */
  readonly entries: readonly GalleryEntry[];
  readonly starts: StartBytes;
  /** Bytes that the person lets the gallery take. */
  readonly budget: number;
}

export interface Change {
  readonly put?: readonly KeptPicture[];
  /** Entries whose files stay as they are. */
  readonly update?: readonly GalleryEntry[];
  readonly remove?: readonly string[];
  readonly budget?: number;
}

export interface Shelf {
  read(): Promise<Contents>;
  /** The PNG of an entry; undefined where it is not there any more. */
  file(id: string): Promise<Blob | undefined>;
  /** The PNG of a picture that entries were drawn over, by its name. */
  start(name: string): Promise<Blob | undefined>;
  /**
   * @param decide sees what is there and says what changes; it must not wait for anything
   * @returns what is there afterwards
   * @throws DOMException `QuotaExceededError` where the disk is full, and then nothing has changed
   */
  change(decide: (contents: Contents) => Change): Promise<Contents>;
}

const ENTRY = "entry/";
const FILE = "file/";
const START = "start/";
const BUDGET = "budget";
/** All keys that begin so. */
const under = (prefix: string): IDBKeyRange => IDBKeyRange.bound(prefix, `${prefix}\uffff`);

/** @param name of the database */
export function indexedShelf(name: string): Shelf {
  let opened: UseStore | undefined;

  /** A database that was cleared under the page is closed for ever, so it is opened anew, once. */
  async function withStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
    try {
      return await (opened ??= createStore(name, "pictures"))(mode, work);
    } catch (thrown) {
      if (!(thrown instanceof DOMException) || thrown.name !== "InvalidStateError") throw thrown;
      opened = createStore(name, "pictures");
      return opened(mode, work);
    }
  }

  async function contentsOf(store: IDBObjectStore): Promise<Contents> {
    const rows = promisifyRequest<unknown[]>(store.getAll(under(ENTRY)));
    const names = promisifyRequest(store.getAllKeys(under(START)));
    const starts = promisifyRequest<unknown[]>(store.getAll(under(START)));
    const budget = promisifyRequest<unknown>(store.get(BUDGET));
    return { entries: entriesOf(await rows), starts: startsOf(await names, await starts), budget: budgetOf(await budget) };
  }

  const blobAt = (key: string): Promise<Blob | undefined> =>
    withStore("readonly", async (store) => {
      const file = await promisifyRequest<unknown>(store.get(key));
      return file instanceof Blob ? file : undefined;
    });

  return {
    read: () => withStore("readonly", contentsOf),
    file: (id) => blobAt(FILE + id),
    start: (name) => blobAt(START + name),
    change: (decide) =>
      withStore("readwrite", async (store) => {
        // It is asked for at once: a transaction that has ended tells nobody how.
        const done = promisifyRequest<unknown>(store.transaction);
        done.catch(() => undefined);
        const before = await contentsOf(store);
        const change = decide(before);
        const afterwards = after(before, change);
        for (const { entry, file, start } of change.put ?? []) {
          store.put(entry, ENTRY + entry.id);
          store.put(file, FILE + entry.id);
          if (start !== undefined && !before.starts.has(start.name)) store.put(start.file, START + start.name);
        }
        for (const entry of change.update ?? []) store.put(entry, ENTRY + entry.id);
        for (const id of change.remove ?? []) {
          store.delete(ENTRY + id);
          store.delete(FILE + id);
        }
        for (const name of before.starts.keys()) if (!afterwards.starts.has(name)) store.delete(START + name);
        if (change.budget !== undefined) store.put(change.budget, BUDGET);
        await done;
        return afterwards;
      }),
  };
}

/** For tests, and for browsers that let the page keep nothing: it lasts until the page is closed. */
export function memoryShelf(): Shelf {
  let contents: Contents = { entries: [], starts: new Map(), budget: USUAL_BUDGET };
  const files = new Map<string, Blob>();
  const starts = new Map<string, Blob>();
  return {
    read: async () => contents,
    file: async (id) => files.get(id),
    start: async (name) => starts.get(name),
    async change(decide) {
      const change = decide(contents);
      contents = after(contents, change);
      for (const { entry, file, start } of change.put ?? []) {
        files.set(entry.id, file);
        if (start !== undefined) starts.set(start.name, start.file);
      }
      for (const id of change.remove ?? []) files.delete(id);
      for (const name of starts.keys()) if (!contents.starts.has(name)) starts.delete(name);
      return contents;
    },
  };
}

function after({ entries, starts, budget }: Contents, change: Change): Contents {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  for (const { entry } of change.put ?? []) byId.set(entry.id, entry);
  for (const entry of change.update ?? []) byId.set(entry.id, entry);
  for (const id of change.remove ?? []) byId.delete(id);
  const left = [...byId.values()].toSorted(newestFirst);
  return { entries: left, starts: startsAfter(entries, left, starts, change.put ?? []), budget: change.budget ?? budget };
}

/** One that only rows of a newer version name was never named by `entries`, and stays like them. */
function startsAfter(
  entries: readonly GalleryEntry[],
  left: readonly GalleryEntry[],
  starts: StartBytes,
  put: readonly KeptPicture[],
): StartBytes {
  const all = new Map(starts);
  for (const { start } of put) if (start !== undefined && !all.has(start.name)) all.set(start.name, start.file.size);
  const named = new Set(left.map(({ recipe }) => recipe.start?.picture));
  for (const { recipe } of entries) if (recipe.start !== undefined && !named.has(recipe.start.picture)) all.delete(recipe.start.picture);
  return all;
}

/** Rows that cannot be read are left where they are: a newer version of the page may have written them. */
function entriesOf(rows: readonly unknown[]): readonly GalleryEntry[] {
  return rows
    .map(parseEntry)
    .filter((entry) => entry !== undefined)
    .toSorted(newestFirst);
}

function startsOf(keys: readonly unknown[], files: readonly unknown[]): StartBytes {
  return new Map(
    keys.map((key, at) => {
      const file = files[at];
      return [String(key).slice(START.length), file instanceof Blob ? file.size : 0];
    }),
  );
}

function budgetOf(value: unknown): number {
  return BUDGETS.find((budget) => budget === value) ?? USUAL_BUDGET;
}
