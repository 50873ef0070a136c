// Brings one file into the cache, byte after byte into `HASH.incomplete`, as the hub's own tools do: whatever stops it, the next attempt
// goes on from there. It gets its name only when all of it is there and has the published hash.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PlannedFile } from "../../common/download";
import { OnestrokeError, throwIfCancelled } from "../../common/errors";
import { fetchChunks, type ChunkHooks } from "../../vault/transfer/fetch-chunks";
import type { Transfer } from "../../vault/transfer/transfer";
import { storing } from "./storing";

/** What a break costs at most. */
const CHUNK_BYTES = 8 * 2 ** 20;

export interface FileToFetch {
  readonly file: PlannedFile;
  /** For messages. */
  readonly name: string;
  /** Mirrors, preferred first. */
  readonly urls: readonly string[];
  /** Folder of the repository's blobs. */
  readonly blobs: string;
  /** Names the unfinished file where no hash is published. */
  readonly key: string;
}

export type FetchHooks = Pick<ChunkHooks, "signal" | "onBytes" | "onWait">;

/**
 * @returns the blob's path
 * @throws OnestrokeError as `fetchChunks`; `storage-full`, `model-corrupt` where it came twice with another hash
 */
export async function fetchFile(wanted: FileToFetch, hooks: FetchHooks, transfer: Transfer): Promise<string> {
  const { file, blobs, name } = wanted;
  const blob = file.hash && join(blobs, file.hash.hex);
  if (blob !== undefined && (await lengthOf(blob)) === file.byteLength) return blob;
  const part = partOf(wanted);
  await storing(part, () => mkdir(dirname(part), { recursive: true }));
  for (let attempt = 1; ; attempt++) {
    await complete(part, wanted, hooks, transfer);
    const hex = await hashOf(part, file, hooks.signal);
    if (file.hash === undefined || file.hash.hex === hex) {
      const done = join(blobs, hex);
      await storing(done, async () => {
        // Another process may have finished the same file in the meantime.
        const isDone = (await lengthOf(part)) === undefined && (await lengthOf(done)) === file.byteLength;
        if (!isDone) await rename(part, done);
      });
      return done;
    }
    await rm(part, { force: true });
    hooks.onBytes(-file.byteLength);
    if (attempt === 2)
      throw new OnestrokeError("model-corrupt", `${name} came twice with another hash than the published one`, { file: name });
  }
}

/** Bytes of a file that are here already, and will not be asked for. */
export async function hereBytes(wanted: FileToFetch): Promise<number> {
  const { file, blobs } = wanted;
  if (file.hash !== undefined && (await lengthOf(join(blobs, file.hash.hex))) === file.byteLength) return file.byteLength;
  return usable((await lengthOf(partOf(wanted))) ?? 0, file.byteLength);
}

function partOf({ file, blobs, key }: FileToFetch): string {
  return join(blobs, `${file.hash?.hex ?? key}.incomplete`);
}

/** How much of an unfinished file of some length is kept: whole chunks, and none of one that is too long. */
function usable(length: number, byteLength: number): number {
  if (length > byteLength) return 0;
  return length === byteLength ? byteLength : length - (length % CHUNK_BYTES);
}

/** Fetches what is not there yet. Chunks are written in order, so the file is always a beginning of the whole. */
async function complete(part: string, { file, urls }: FileToFetch, hooks: FetchHooks, transfer: Transfer): Promise<void> {
  const { byteLength } = file;
  if (((await lengthOf(part)) ?? 0) > byteLength) await rm(part);
  // It is never cut: another process may be writing the same bytes.
  const handle = await storing(part, () =>
    open(part, "a+")
      .then((created) => created.close())
      .then(() => open(part, "r+")),
  );
  try {
    const kept = usable((await handle.stat()).size, byteLength);
    const [first, end] = [kept / CHUNK_BYTES, Math.ceil(byteLength / CHUNK_BYTES)];
    const missing = kept === byteLength ? [] : Array.from({ length: end - first }, (_, i) => first + i);
    const onChunk = async (index: number, bytes: Uint8Array): Promise<void> => {
      await storing(part, () => handle.write(bytes, 0, bytes.byteLength, index * CHUNK_BYTES));
    };
    await fetchChunks({ urls, byteLength, chunkBytes: CHUNK_BYTES }, missing, { ...hooks, onChunk }, { ...transfer, lanes: 1 });
  } finally {
    await handle.close();
  }
}

/** The hash of a file on disk, of the kind that is published; SHA-256 where none is. @throws OnestrokeError `cancelled` */
export async function hashOf(
  path: string,
  { hash, byteLength }: Pick<PlannedFile, "hash" | "byteLength">,
  signal?: AbortSignal,
): Promise<string> {
  const hasher = hash?.algorithm === "git-blob" ? createHash("sha1").update(`blob ${byteLength}\0`) : createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    throwIfCancelled(signal);
    if (piece instanceof Uint8Array) hasher.update(piece);
  }
  return hasher.digest("hex");
}

async function lengthOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
