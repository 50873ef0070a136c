// Where kept pictures lie: one table of entries and files that all tabs of the page share. Every change looks at all entries and is made
// in one transaction, so that two tabs never undo each other's, and a picture is there whole or not at all.
import { createStore, promisifyRequest, type UseStore } from "idb-keyval";
import { BUDGETS, USUAL_BUDGET } from "./budget";
import { newestFirst, parseEntry, type GalleryEntry, type KeptPicture } from "./entry";

export interface Contents {
  /** The newest comes first. */
  readonly entries: readonly GalleryEntry[];
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
  /**
   * @param decide sees what is there and says what changes; it must not wait for anything
   * @returns what is there afterwards
   * @throws DOMException `QuotaExceededError` where the disk is full, and then nothing has changed
   */
  change(decide: (contents: Contents) => Change): Promise<Contents>;
}

const ENTRY = "entry/";
const FILE = "file/";
const BUDGET = "budget";
/** All keys that begin with it. */
const ENTRIES = (): IDBKeyRange => IDBKeyRange.bound(ENTRY, `${ENTRY}\uffff`);

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
    const rows = promisifyRequest<unknown[]>(store.getAll(ENTRIES()));
    const budget = promisifyRequest<unknown>(store.get(BUDGET));
    return { entries: entriesOf(await rows), budget: budgetOf(await budget) };
  }

  return {
    read: () => withStore("readonly", contentsOf),
    file: (id) =>
      withStore("readonly", async (store) => {
        const file = await promisifyRequest<unknown>(store.get(FILE + id));
        return file instanceof Blob ? file : undefined;
      }),
    change: (decide) =>
      withStore("readwrite", async (store) => {
        // It is asked for at once: a transaction that has ended tells nobody how.
        const done = promisifyRequest<unknown>(store.transaction);
        done.catch(() => undefined);
        const before = await contentsOf(store);
        const change = decide(before);
        for (const { entry, file } of change.put ?? []) {
          store.put(entry, ENTRY + entry.id);
          store.put(file, FILE + entry.id);
        }
        for (const entry of change.update ?? []) store.put(entry, ENTRY + entry.id);
        for (const id of change.remove ?? []) {
          store.delete(ENTRY + id);
          store.delete(FILE + id);
        }
        if (change.budget !== undefined) store.put(change.budget, BUDGET);
        await done;
        return after(before, change);
      }),
  };
}

/** For tests, and for browsers that let the page keep nothing: it lasts until the page is closed. */
export function memoryShelf(): Shelf {
  let contents: Contents = { entries: [], budget: USUAL_BUDGET };
  const files = new Map<string, Blob>();
  return {
    read: async () => contents,
    file: async (id) => files.get(id),
    async change(decide) {
      const change = decide(contents);
      for (const { entry, file } of change.put ?? []) files.set(entry.id, file);
      for (const id of change.remove ?? []) files.delete(id);
      contents = after(contents, change);
      return contents;
    },
  };
}

function after({ entries, budget }: Contents, change: Change): Contents {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  for (const { entry } of change.put ?? []) byId.set(entry.id, entry);
  for (const entry of change.update ?? []) byId.set(entry.id, entry);
  for (const id of change.remove ?? []) byId.delete(id);
  return { entries: [...byId.values()].toSorted(newestFirst), budget: change.budget ?? budget };
}

/** Rows that cannot be read are left where they are: a newer version of the page may have written them. */
function entriesOf(rows: readonly unknown[]): readonly GalleryEntry[] {
  return rows
    .map(parseEntry)
    .filter((entry) => entry !== undefined)
    .toSorted(newestFirst);
}

function budgetOf(value: unknown): number {
  return BUDGETS.find((budget) => budget === value) ?? USUAL_BUDGET;
}
