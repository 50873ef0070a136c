// The vault of this browser: kept where the browser gives a private file system, a database and locks, and in memory where it denies one of
// them, as in private windows and in frames of other sites.
import { fileVault } from "./file-vault";
import { Journal } from "./journal";
import { memoryLocks, webLocks } from "./locks";
import { memoryFolder } from "./memory-folder";
import { broadcastNews, memoryNews } from "./news";
import { opfsFolder } from "./opfs-folder";
import { indexedRows, memoryRows, type Rows } from "./rows";
import { settle } from "./settle";
import { sweep } from "./sweep";
import { CHUNK_BYTES, type VaultTools } from "./tools";
import { createTransfer, type Transfer } from "./transfer/transfer";
import type { Vault } from "./vault";

/** All tabs of the site share what has this name. */
const NAME = "onestroke-vault";

/** A browser whose database does not open by then gives none. */
const PROBE_MS = 10_000;

export interface BrowserVaultOptions {
  readonly transfer?: Partial<Transfer>;
  /** Whether leftovers are swept and fresh files read again, in the background. One worker of a page does that. */
  readonly tidies?: boolean;
  /** Length of a chunk. */
  readonly chunkBytes?: number;
}

/** Only in dedicated workers, which alone have synchronous file handles. */
export async function createBrowserVault(options: BrowserVaultOptions = {}): Promise<Vault> {
  const { chunkBytes = CHUNK_BYTES } = options;
  const transfer = createTransfer(options.transfer);
  const rows = indexedRows(NAME);
  if (!(await givesStorage(rows))) return createMemoryVault(options);
  const folder = opfsFolder(NAME);
  const tools: VaultTools = {
    folder,
    journal: new Journal(rows),
    locks: webLocks(navigator.locks, `${NAME}:`),
    news: broadcastNews(NAME),
    transfer,
    chunkBytes,
  };
  // Nobody waits for it, and whatever it fails of fails again where somebody does.
  if (options.tidies === true)
    void sweep(tools)
      .then(() => settle(tools))
      .catch(() => undefined);
  return fileVault(tools, true, navigator.storage);
}

/** Nothing of it outlives the worker. */
export function createMemoryVault({ transfer, chunkBytes = CHUNK_BYTES }: Omit<BrowserVaultOptions, "tidies"> = {}): Vault {
  const storage = globalThis.navigator?.storage;
  return fileVault(
    {
      folder: memoryFolder(),
      journal: new Journal(memoryRows()),
      locks: memoryLocks(),
      news: memoryNews(),
      transfer: createTransfer(transfer),
      chunkBytes,
    },
    false,
    storage,
  );
}

/** Tries everything that is needed, because each of it can be denied by itself, and says so only when it is used. */
async function givesStorage(rows: Rows): Promise<boolean> {
  const trial = async (): Promise<boolean> => {
    if (!("move" in FileSystemFileHandle.prototype && "createSyncAccessHandle" in FileSystemFileHandle.prototype)) return false;
    await navigator.storage.getDirectory();
    await navigator.locks.request(`${NAME}:trial`, async () => undefined);
    await rows.entries();
    return true;
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_MS);
  });
  try {
    return await Promise.race([trial(), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
