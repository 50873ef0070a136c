// A file that is not complete yet: its bytes on the disk, its row in the journal, and the hash of its beginning. The order of a chunk is
// digest, write, flush, journal. So the journal never promises what the disk might not have.
import { freeMemory } from "../common/free-memory";
import { SerialQueue } from "../common/queue";
import { provedDigests, readChunk } from "./chunks";
import { gitBlob, sha256, StreamingHash } from "./digest";
import type { WritableFile } from "./folder";
import type { FileRow } from "./journal-rows";
import type { VaultTools } from "./tools";
import { partName, type WantedFile } from "./wanted-file";

export class Part {
  readonly #wanted: WantedFile;
  readonly #tools: VaultTools;
  readonly #file: WritableFile;
  readonly #queue = new SerialQueue();
  #row: FileRow;
  #hash: StreamingHash;
  /** How many chunks are in the hash. */
  #hashed: number;
  /** For reading chunks back, one at a time. */
  #buffer: Uint8Array<ArrayBuffer> | undefined;

  private constructor(wanted: WantedFile, tools: VaultTools, file: WritableFile, row: FileRow, hash: StreamingHash) {
    this.#wanted = wanted;
    this.#tools = tools;
    this.#file = file;
    this.#row = row;
    this.#hash = hash;
    this.#hashed = row.hashed?.chunks ?? 0;
  }

  /**
   * Goes on with what an earlier attempt proved, after reading it back, or begins anew.
   * @throws OnestrokeError `storage-full`, `storage-cleared`
   */
  static async open(wanted: WantedFile, known: FileRow | undefined, tools: VaultTools): Promise<Part> {
    const { folder, journal } = tools;
    const { id, planned } = wanted;
    const name = partName(id);
    let row = known?.byteLength === planned.byteLength ? known : emptyRow(planned.byteLength, tools.chunkBytes);
    // A complete file that turned out to be damaged, or one that was cut off while it was given its last name.
    if (row.sha256 !== undefined && (await folder.size(name)) === undefined && (await folder.size(row.sha256)) === planned.byteLength) {
      await journal.putFile(id, { ...row, isComplete: false });
      await folder.move(row.sha256, name);
    }
    if ((await folder.size(name)) !== planned.byteLength)
      row = { ...emptyRow(row.byteLength, row.chunkBytes), isSecondTry: row.isSecondTry };
    const { sha256: _, ...unnamed } = row;
    row = { ...unnamed, isComplete: false, isSettled: false };
    await journal.putFile(id, row);
    const file = await folder.write(name);
    try {
      if (file.byteLength !== planned.byteLength) await file.truncate(planned.byteLength);
      row = await proved(row, file);
      const hash = row.hashed && (await StreamingHash.goOn(row.hashed.state));
      if (hash !== undefined) return new Part(wanted, tools, file, row, hash);
      const { hashed: _unreadable, ...unhashed } = row;
      return new Part(wanted, tools, file, unhashed, await StreamingHash.begin());
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  get missing(): readonly number[] {
    return this.#row.digests.flatMap((digest, index) => (digest === undefined ? [index] : []));
  }

  get row(): FileRow {
    return this.#row;
  }

  /** Keeps one chunk. Chunks may come in any order and at once. */
  async keep(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const digest = await sha256(bytes);
    await this.#queue.run(async () => {
      await this.#file.write(index * this.#row.chunkBytes, bytes);
      await this.#file.flush();
      this.#row = { ...this.#row, digests: this.#row.digests.with(index, digest) };
      await this.#hashOn(index, bytes);
      await this.#tools.journal.putFile(this.#wanted.id, this.#row);
    });
  }

  /**
   * Hashes to the end, and enters the file's name in its row if the hash is the published one. Only once nothing is missing.
   * @returns whether it is
   * @throws OnestrokeError `storage-cleared`
   */
  async end(): Promise<boolean> {
    await this.#hashOn();
    const whole = this.#hash.end();
    const { hash } = this.#wanted.planned;
    if (hash !== undefined) {
      const found = hash.algorithm === "sha256" ? whole : await gitBlob(this.#row.byteLength, this.#pieces());
      if (found !== hash.hex) return false;
    }
    this.#row = { ...this.#row, sha256: whole };
    await this.#tools.journal.putFile(this.#wanted.id, this.#row);
    return true;
  }

  /** Forgets every chunk, for a file whose hash is not the published one. */
  async startOver(): Promise<void> {
    this.#row = { ...emptyRow(this.#row.byteLength, this.#row.chunkBytes), isSecondTry: true };
    this.#hash = await StreamingHash.begin();
    this.#hashed = 0;
    await this.#tools.journal.putFile(this.#wanted.id, this.#row);
  }

  close(): Promise<void> {
    return this.#queue.run(async () => {
      if (this.#buffer !== undefined) freeMemory(this.#buffer);
      await this.#file.close();
    });
  }

  /** Takes into the hash whatever follows what it has: the chunk that is in memory, and others that came before their turn. */
  async #hashOn(index?: number, bytes?: Uint8Array): Promise<void> {
    const before = this.#hashed;
    while (this.#row.digests[this.#hashed] !== undefined) {
      this.#hash.update(this.#hashed === index && bytes !== undefined ? bytes : await this.#read(this.#hashed));
      this.#hashed++;
    }
    if (this.#hashed > before) this.#row = { ...this.#row, hashed: { chunks: this.#hashed, state: this.#hash.save() } };
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < this.#row.digests.length; index++) yield this.#read(index);
  }

  async #read(index: number): Promise<Uint8Array> {
    this.#buffer ??= new Uint8Array(Math.min(this.#row.chunkBytes, this.#row.byteLength));
    return readChunk(this.#file, this.#row, index, this.#buffer);
  }
}

export function emptyRow(byteLength: number, chunkBytes: number): FileRow {
  const digests: undefined[] = Array.from({ length: Math.ceil(byteLength / chunkBytes) }, () => undefined);
  return { byteLength, chunkBytes, digests, isComplete: false, isSettled: false, isSecondTry: false };
}

/** The row without the chunks that are not on the disk as it says. */
async function proved(row: FileRow, file: WritableFile): Promise<FileRow> {
  const { hashed, ...rest } = row;
  const digests = await provedDigests(row, file);
  const begun = hashed !== undefined && digests.slice(0, hashed.chunks).every((digest) => digest !== undefined);
  return { ...rest, digests, ...(begun ? { hashed } : {}) };
}
