// Reads a file that is still being fetched: the chunks that the journal names, though nobody knows yet whether the whole will have its
// published hash. Each chunk is hashed as it is read, and the hash is kept, so that in the end it can be told whether what was read is what
// has come.
import { freeMemory } from "../common/free-memory";
import { SerialQueue } from "../common/queue";
import { chunkLength } from "./chunks";
import { sha256 } from "./digest";
import type { FileRow } from "./journal-rows";
import { LOCKS, type VaultTools } from "./tools";
import { partName, type WantedFile } from "./wanted-file";

interface Chunk {
  readonly index: number;
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export class EarlyFile {
  readonly #wanted: WantedFile;
  readonly #tools: Pick<VaultTools, "folder" | "journal" | "locks">;
  readonly #queue = new SerialQueue();
  /** What was read, with the digests that it had. */
  readonly #read: { readonly index: number; readonly chunkBytes: number; readonly digest: string }[] = [];
  /** The row as it was when a chunk was last looked for. */
  #row: FileRow | undefined;
  /** Files are read in order, and a chunk is longer than a read. */
  #held: Chunk | undefined;
  #hasEnded = false;

  constructor(wanted: WantedFile, tools: Pick<VaultTools, "folder" | "journal" | "locks">) {
    this.#wanted = wanted;
    this.#tools = tools;
  }

  /**
   * Fills `into` from byte `at` on.
   * @returns false where some of these bytes are not here, or not as the journal says; `into` is then filled in part
   * @throws OnestrokeError `storage-full`, `storage-cleared` where the journal cannot be read
   */
  read(at: number, into: Uint8Array<ArrayBuffer>): Promise<boolean> {
    return this.#queue.run(async () => {
      for (let filled = 0; filled < into.byteLength;) {
        const chunk = this.#hasEnded ? undefined : await this.#chunkAt(at + filled);
        if (chunk === undefined) return false;
        const begin = at + filled - chunk.index * (this.#row?.chunkBytes ?? 0);
        const piece = chunk.bytes.subarray(begin, begin + into.byteLength - filled);
        into.set(piece, filled);
        filled += piece.byteLength;
      }
      return true;
    });
  }

  /**
   * Nothing is read of it any more.
   * @param whole the row of the file that has come
   * @returns whether all that was read is part of it
   */
  end(whole?: FileRow): Promise<boolean> {
    return this.#queue.run(async () => {
      this.#hasEnded = true;
      this.#hold(undefined);
      return this.#read.every(({ index, chunkBytes, digest }) => whole?.chunkBytes === chunkBytes && whole.digests[index] === digest);
    });
  }

  async #chunkAt(at: number): Promise<Chunk | undefined> {
    const isKnown = (row: FileRow | undefined): row is FileRow => row?.digests[Math.floor(at / row.chunkBytes)] !== undefined;
    if (!isKnown(this.#row)) this.#row = await this.#tools.journal.file(this.#wanted.id);
    const row = this.#row;
    // A file of one chunk is whole as soon as that has come.
    if (!isKnown(row) || row.byteLength !== this.#wanted.planned.byteLength || row.digests.length < 2) return undefined;
    const index = Math.floor(at / row.chunkBytes);
    const digest = row.digests[index];
    if (this.#held?.index === index && this.#held.digest === digest) return this.#held;
    const bytes = await this.#bytes(index * row.chunkBytes, chunkLength(row, index));
    if (digest === undefined || bytes === undefined || (await sha256(bytes)) !== digest) {
      // It was begun anew since, or is whole and elsewhere.
      this.#row = undefined;
      return undefined;
    }
    this.#read.push({ index, chunkBytes: row.chunkBytes, digest });
    return this.#hold({ index, digest, bytes });
  }

  /** Whoever fetches the file holds it open for writing, which keeps nobody from looking at it as it is now. */
  async #bytes(begin: number, byteLength: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { id } = this.#wanted;
    const { folder, locks } = this.#tools;
    try {
      return await locks.hold(LOCKS.part(id), "shared", async () => {
        const blob = await folder.blob(partName(id));
        return blob && new Uint8Array(await blob.slice(begin, begin + byteLength).arrayBuffer());
      });
    } catch {
      // It was written to at that moment, or is gone. Later more of it is there, or all.
      return undefined;
    }
  }

  #hold(chunk: Chunk | undefined): Chunk | undefined {
    if (this.#held !== undefined) freeMemory(this.#held.bytes);
    this.#held = chunk;
    return chunk;
  }
}
