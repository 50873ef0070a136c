// The few operations that the vault needs of a file system. One folder holds every file, and names are plain. The browser's private file
// system is behind it where there is one, else memory; tests put a disk behind it that fails and dies as they please.
import { OnestrokeError } from "../common/errors";

export interface ReadableFile {
  readonly byteLength: number;
  /** Fills `into` from byte `at` on. @throws OnestrokeError `storage-cleared` where fewer bytes come */
  read(at: number, into: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

/** Only one can be open of a file, and no reader beside it. */
export interface WritableFile extends ReadableFile {
  /** Sets the length, and so reserves the room. @throws OnestrokeError `storage-full` */
  truncate(byteLength: number): Promise<void>;
  /** @throws OnestrokeError `storage-full`, `storage-cleared` where not all bytes are taken */
  write(at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Afterwards what was written outlives a crash of the machine. */
  flush(): Promise<void>;
}

/** @throws all methods: OnestrokeError `storage-full`, `storage-cleared`, `busy-elsewhere` */
export interface VaultFolder {
  names(): Promise<readonly string[]>;
  /** In bytes; undefined where there is no such file. */
  size(name: string): Promise<number | undefined>;
  /** Opens a file for reading; undefined where there is no such file. */
  read(name: string): Promise<ReadableFile | undefined>;
  /** Opens a file for writing, and creates it if it is not there. */
  write(name: string): Promise<WritableFile>;
  /** Replaces the target in one step. */
  move(from: string, to: string): Promise<void>;
  /** Does nothing where there is no such file. */
  remove(name: string): Promise<void>;
  /** The file as a `Blob`, which another worker can read; undefined where there is no such file. */
  blob(name: string): Promise<Blob | undefined>;
}

const CODES: Readonly<Record<string, "storage-full" | "busy-elsewhere">> = {
  QuotaExceededError: "storage-full",
  NoModificationAllowedError: "busy-elsewhere",
};

/** What a storage API threw, by name. Whatever is not about room or about others is taken for storage that is gone. */
export function storageError(thrown: unknown, doing: string): OnestrokeError {
  if (thrown instanceof OnestrokeError) return thrown;
  const name = thrown instanceof Error ? thrown.name : "";
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new OnestrokeError(CODES[name] ?? "storage-cleared", `${doing} failed: ${text}`, {}, thrown);
}

export async function storing<T>(doing: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw storageError(thrown, doing);
  }
}
