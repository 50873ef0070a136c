// Reading what is kept, chunk by chunk, and comparing it with what the journal says of it.
import { throwIfCancelled } from "../common/errors";
import { freeMemory } from "../common/free-memory";
import { letMessagesIn } from "../common/let-messages-in";
import { sha256 } from "./digest";
import type { ReadableFile } from "./folder";
import type { FileRow } from "./journal-rows";

interface CheckHooks {
  readonly signal?: AbortSignal | undefined;
  /** Called for each chunk that was read, with its length and whether it is as it should be. */
  readonly onChunk?: (byteLength: number, isRight: boolean) => void;
}

export function chunkLength({ byteLength, chunkBytes }: FileRow, index: number): number {
  return Math.min(chunkBytes, byteLength - index * chunkBytes);
}

export async function readChunk(
  file: ReadableFile,
  row: FileRow,
  index: number,
  into = new Uint8Array(chunkLength(row, index)),
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = into.subarray(0, chunkLength(row, index));
  // Whoever hashes a file from its beginning reads hundreds of them.
  await letMessagesIn();
  await file.read(index * row.chunkBytes, bytes);
  return bytes;
}

/**
 * The row's digests without those of chunks whose bytes are others now.
 * @throws OnestrokeError `storage-cleared`, `cancelled`
 */
export async function provedDigests(row: FileRow, file: ReadableFile, hooks: CheckHooks = {}): Promise<FileRow["digests"]> {
  const buffer = new Uint8Array(Math.min(row.chunkBytes, row.byteLength));
  const digests: (string | undefined)[] = [];
  try {
    for (const [index, digest] of row.digests.entries()) {
      throwIfCancelled(hooks.signal);
      const isRight = digest !== undefined && (await sha256(await readChunk(file, row, index, buffer))) === digest;
      digests.push(isRight ? digest : undefined);
      if (digest !== undefined) hooks.onChunk?.(chunkLength(row, index), isRight);
    }
  } finally {
    freeMemory(buffer);
  }
  return digests;
}

/** The bytes of a file that are not proved, neighbouring chunks together. */
export function missingRanges(row: FileRow): readonly { readonly begin: number; readonly end: number }[] {
  const ranges: { begin: number; end: number }[] = [];
  for (const [index, digest] of row.digests.entries()) {
    if (digest !== undefined) continue;
    const begin = index * row.chunkBytes;
    const last = ranges.at(-1);
    const end = begin + chunkLength(row, index);
    if (last?.end === begin) last.end = end;
    else ranges.push({ begin, end });
  }
  return ranges;
}

/** How many bytes of a file are here and proved. */
export function provedBytes(row: FileRow): number {
  return row.digests.reduce((sum, digest, index) => sum + (digest === undefined ? 0 : chunkLength(row, index)), 0);
}
