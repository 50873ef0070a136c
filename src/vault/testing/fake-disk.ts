// A disk and a database that die as the test says. A kill stops everything at one await; a power cut also loses what was written but not
// flushed, and the last rows that the database had not brought to the disk. After it a new vault can be opened on what is left.
import { OnestrokeError } from "../../common/errors";
import type { ReadableFile, VaultFolder, WritableFile } from "../folder";
import { Journal } from "../journal";
import { memoryLocks } from "../locks";
import { memoryNews } from "../news";
import type { Rows } from "../rows";
import type { VaultTools } from "../tools";
import { createTransfer, type Transfer } from "../transfer/transfer";

interface DiskFile {
  now: Uint8Array<ArrayBuffer>;
  /** What was flushed. */
  safe: Uint8Array<ArrayBuffer>;
}

/** What outlives a crash. */
export class FakeDisk {
  readonly files = new Map<string, DiskFile>();
  readonly rows = new Map<string, unknown>();
  /** Bytes that all files together may have. */
  room = Infinity;
  /** What undoes each row's change, the last one at the end. */
  readonly #undo: (() => void)[] = [];

  put(name: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.files.set(name, { now: bytes.slice(), safe: bytes.slice() });
  }

  bytes(name: string): Uint8Array<ArrayBuffer> | undefined {
    return this.files.get(name)?.now;
  }

  change(key: string, value: unknown): void {
    const before = this.rows.get(key);
    const wasThere = this.rows.has(key);
    this.#undo.push(() => void (wasThere ? this.rows.set(key, before) : this.rows.delete(key)));
    if (value === undefined) this.rows.delete(key);
    else this.rows.set(key, structuredClone(value));
  }

  /** @param lostRows how many of the last changes to rows are lost */
  cutPower(lostRows: number): void {
    for (const file of this.files.values()) file.now = file.safe.slice();
    for (let lost = 0; lost < lostRows; lost++) this.#undo.pop()?.();
  }
}

/** One life of a vault: counts its awaits, and stops at one of them for ever. */
export class Life {
  #diesAt: number;
  #steps = 0;
  #die: () => void = () => undefined;
  readonly death = new Promise<void>((resolve) => {
    this.#die = resolve;
  });

  constructor(diesAt = Infinity) {
    this.#diesAt = diesAt;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Stops it at its next await. */
  end(): void {
    this.#diesAt = 0;
  }

  async step(): Promise<void> {
    if (++this.#steps < this.#diesAt) return;
    this.#die();
    await new Promise(() => undefined);
  }

  /** Does something, and may die before it or after it. */
  async do<T>(effect: () => T): Promise<T> {
    await this.step();
    const result = effect();
    await this.step();
    return result;
  }
}

/** The tools of a vault with small chunks and no pauses. Locks are its own: a dead tab's are free. */
export function toolsOn(disk: FakeDisk, transfer: Partial<Transfer>, life = new Life(), chunkBytes = 64): VaultTools {
  const times = { stallMs: 60_000, backoffMs: [0, 0, 0], mostRetryAfterMs: 0, probeMs: 60_000 };
  return {
    folder: folderOn(disk, life),
    journal: new Journal(rowsOn(disk, life)),
    locks: memoryLocks(),
    news: memoryNews(),
    transfer: createTransfer({ times, ...transfer }),
    chunkBytes,
  };
}

function rowsOn(disk: FakeDisk, life: Life): Rows {
  return {
    get: (key) => life.do(() => structuredClone(disk.rows.get(key))),
    put: (key, value) => life.do(() => disk.change(key, value)),
    delete: (key) => life.do(() => disk.change(key, undefined)),
    entries: () => life.do(() => [...structuredClone(disk.rows)]),
  };
}

function folderOn(disk: FakeDisk, life: Life): VaultFolder {
  const open = (name: string, file: DiskFile): ReadableFile => ({
    get byteLength() {
      return file.now.byteLength;
    },
    read: (at, into) =>
      life.do(() => {
        if (at + into.byteLength > file.now.byteLength) throw new OnestrokeError("storage-cleared", `${name} is too short`);
        into.set(file.now.subarray(at, at + into.byteLength));
      }),
    close: async () => undefined,
  });
  const used = (): number => [...disk.files.values()].reduce((sum, { now }) => sum + now.byteLength, 0);
  return {
    names: () => life.do(() => [...disk.files.keys()]),
    size: (name) => life.do(() => disk.files.get(name)?.now.byteLength),
    blob: (name) => life.do(() => new Blob([disk.files.get(name)?.now ?? new Uint8Array()])),
    read: (name) =>
      life.do(() => {
        const file = disk.files.get(name);
        return file && open(name, file);
      }),
    write: (name) =>
      life.do((): WritableFile => {
        const file = disk.files.get(name) ?? { now: new Uint8Array(), safe: new Uint8Array() };
        disk.files.set(name, file);
        return {
          ...open(name, file),
          get byteLength() {
            return file.now.byteLength;
          },
          truncate: (byteLength) =>
            life.do(() => {
              if (used() - file.now.byteLength + byteLength > disk.room) throw new OnestrokeError("storage-full", "no room");
              // A length is safe at once, and what was not flushed is zeros after a power cut: that is the case to be afraid of.
              file.now = resized(file.now, byteLength);
              file.safe = resized(file.safe, byteLength);
            }),
          write: (at, bytes) => life.do(() => file.now.set(bytes, at)),
          flush: () =>
            life.do(() => {
              file.safe = file.now.slice();
            }),
        };
      }),
    move: (from, to) =>
      life.do(() => {
        const file = disk.files.get(from);
        if (file === undefined) throw new OnestrokeError("storage-cleared", `${from} is gone`);
        disk.files.set(to, file);
        disk.files.delete(from);
      }),
    remove: (name) => life.do(() => void disk.files.delete(name)),
  };
}

function resized(bytes: Uint8Array<ArrayBuffer>, byteLength: number): Uint8Array<ArrayBuffer> {
  const other = new Uint8Array(byteLength);
  other.set(bytes.subarray(0, byteLength));
  return other;
}
