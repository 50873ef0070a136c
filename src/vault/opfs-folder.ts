// The vault's folder in the browser's private file system, through the synchronous handles that only dedicated workers have. Those do not
// throw on some failures: over a quota, or once the site's data is cleared, they return a negative error number as an unsigned one. So
// every count is compared with what was asked for.
import { OnestrokeError } from "../common/errors";
import { storageError, storing, type ReadableFile, type VaultFolder, type WritableFile } from "./folder";

/** The page's types do not know these parts, and the worker's only some. */
declare global {
  interface FileSystemFileHandle {
    createSyncAccessHandle(options?: { readonly mode?: "read-only" | "readwrite" }): Promise<SyncHandle>;
    move(name: string): Promise<void>;
  }
}

interface SyncHandle {
  getSize(): number;
  read(into: Uint8Array<ArrayBuffer>, options: { readonly at: number }): number;
  write(bytes: Uint8Array<ArrayBuffer>, options: { readonly at: number }): number;
  truncate(byteLength: number): void;
  flush(): void;
  close(): void;
}

/** What `write` returns when the quota is reached: Chromium's "no space", -8, as an unsigned number. */
const NO_SPACE = 2 ** 32 - 8;

/** A worker that was ended holds its files for a moment longer, and so does, where a file that is open cannot be renamed, a read that just ended. */
const BUSY_TRIES = 20;
const BUSY_MS = 100;

/** @param name of the folder below the root of the site's private file system; it is created when it is first needed */
export function opfsFolder(name: string): VaultFolder {
  // It is looked up each time: when the site's data is cleared, an older handle stays dead for ever.
  const folder = async (): Promise<FileSystemDirectoryHandle> => {
    const root = await navigator.storage.getDirectory();
    return root.getDirectoryHandle(name, { create: true });
  };

  const find = (file: string): Promise<FileSystemFileHandle | undefined> => unlessGone(async () => (await folder()).getFileHandle(file));

  /** What `use` makes of a file. Another tab may sweep the file away after it was found: then there is no such file either. */
  const found = <T>(file: string, use: (handle: FileSystemFileHandle) => Promise<T>): Promise<T | undefined> =>
    unlessGone(async () => {
      const handle = await find(file);
      return handle && (await use(handle));
    });

  return {
    names: () =>
      storing("listing the vault", async () => {
        const names: string[] = [];
        for await (const [file, handle] of (await folder()).entries()) if (handle.kind === "file") names.push(file);
        return names;
      }),
    size: (file) => storing(`looking at ${file}`, () => found(file, async (handle) => (await handle.getFile()).size)),
    blob: (file) => storing(`opening ${file}`, () => found(file, (handle) => handle.getFile())),
    read: (file) =>
      storing(`opening ${file}`, () =>
        found(file, async (handle) =>
          sharesHandles() ? handleFile(file, await openSync(handle, "read-only")) : snapshot(file, await handle.getFile()),
        ),
      ),
    write: (file) =>
      storing(`opening ${file}`, async () => {
        const handle = await (await folder()).getFileHandle(file, { create: true });
        return handleFile(file, await openSync(handle, "readwrite"));
      }),
    move: (from, to) =>
      storing(`moving ${from}`, async () => {
        const handle = await find(from);
        if (handle === undefined) throw new OnestrokeError("storage-cleared", `${from} is gone`);
        // Systems have several names for a file that is in use.
        await onceFree(
          () => handle.move(to),
          (thrown) => thrown instanceof DOMException && !["NotFoundError", "QuotaExceededError"].includes(thrown.name),
        );
      }),
    remove: (file) => storing(`removing ${file}`, () => unlessGone(async () => (await folder()).removeEntry(file))),
  };
}

/** @returns undefined where what was asked for is not there */
async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "NotFoundError") return undefined;
    throw thrown;
  }
}

/** Whether several readers can hold a file at once. Without that, a handle would lock out every other tab. */
function sharesHandles(): boolean {
  const type: unknown = Reflect.get(globalThis, "FileSystemSyncAccessHandle");
  return typeof type === "function" && "mode" in type.prototype;
}

function openSync(handle: FileSystemFileHandle, mode: "read-only" | "readwrite"): Promise<SyncHandle> {
  return onceFree(
    () => handle.createSyncAccessHandle({ mode }),
    (thrown) => storageError(thrown, "").code === "busy-elsewhere",
  );
}

/** Tries again for two seconds what fails of others who are at the file. */
async function onceFree<T>(work: () => Promise<T>, isBusy: (thrown: unknown) => boolean): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (thrown) {
      if (tries === BUSY_TRIES || !isBusy(thrown)) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
    }
  }
}

function handleFile(name: string, handle: SyncHandle): WritableFile {
  const write = (at: number, bytes: Uint8Array<ArrayBuffer>): void => {
    const count = handle.write(bytes, { at });
    if (count === bytes.byteLength) return;
    if (count < bytes.byteLength || count === NO_SPACE) throw new OnestrokeError("storage-full", `there is no more room for ${name}`);
    throw gone(name, `took ${count} of ${bytes.byteLength} bytes`);
  };
  return {
    get byteLength() {
      return handle.getSize();
    },
    read: (at, into) =>
      storing(`reading ${name}`, () => {
        const count = handle.read(into, { at });
        if (count !== into.byteLength) throw gone(name, `gave ${count} of ${into.byteLength} bytes`);
      }),
    write: (at, bytes) => storing(`writing ${name}`, () => write(at, bytes)),
    truncate: (byteLength) =>
      storing(`reserving ${byteLength} bytes`, () => {
        handle.truncate(byteLength);
        // In private windows a file's length is taken on trust, and only a write is refused.
        if (byteLength > 0) write(byteLength - 1, new Uint8Array(1));
      }),
    flush: () => storing(`writing ${name}`, () => handle.flush()),
    close: async () => handle.close(),
  };
}

/** For browsers whose handles cannot be shared. It reads the file as it was when it was opened. */
function snapshot(name: string, file: File): ReadableFile {
  return {
    byteLength: file.size,
    read: (at, into) =>
      storing(`reading ${name}`, async () => {
        const bytes = new Uint8Array(await file.slice(at, at + into.byteLength).arrayBuffer());
        if (bytes.byteLength !== into.byteLength) throw gone(name, `gave ${bytes.byteLength} of ${into.byteLength} bytes`);
        into.set(bytes);
      }),
    close: async () => undefined,
  };
}

function gone(name: string, problem: string): OnestrokeError {
  return new OnestrokeError("storage-cleared", `${name} ${problem}`, { file: name });
}
