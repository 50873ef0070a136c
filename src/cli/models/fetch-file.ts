// Brings one file into the cache, byte after byte into `HASH.incomplete`, as the hub's own tools do: whatever stops it, the next attempt
// goes on from there. It gets its name only when all of it is there and has the published hash.
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PlannedFile, PublishedHash } from "../../common/download";
import { OnestrokeError, throwIfCancelled } from "../../common/errors";
import { gitBlob, StreamingHash } from "../../vault/digest";
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
  const { file, blobs, key, name } = wanted;
  const blob = file.hash && join(blobs, file.hash.hex);
  if (blob !== undefined && (await lengthOf(blob)) === file.byteLength) {
    hooks.onBytes(file.byteLength);
    return blob;
  }
  const part = join(blobs, `${file.hash?.hex ?? key}.incomplete`);
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
    const whole = Math.floor((await handle.stat()).size / CHUNK_BYTES);
    const chunks = Math.ceil(byteLength / CHUNK_BYTES);
    const isDone = (await handle.stat()).size === byteLength;
    hooks.onBytes(isDone ? byteLength : whole * CHUNK_BYTES);
    const missing = isDone ? [] : Array.from({ length: chunks - whole }, (_, i) => whole + i);
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
  const algorithm: PublishedHash["algorithm"] = hash?.algorithm ?? "sha256";
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      throwIfCancelled(signal);
      if (piece instanceof Uint8Array) yield piece;
    }
  };
  if (algorithm === "git-blob") return gitBlob(byteLength, pieces());
  const hasher = await StreamingHash.begin();
  for await (const piece of pieces()) hasher.update(piece);
  return hasher.end();
}

async function lengthOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
