// Hashes. A chunk is hashed by the browser's own code, which is the fastest; a whole file by a library that takes it piece by piece and
// can save its state, so that a download which goes on the next day need not be read from its beginning.
import { createSHA1, createSHA256, type IHasher } from "hash-wasm";
import type { ByteSource } from "../checkpoints/byte-source";
import { freeMemory } from "../common/free-memory";
import { letMessagesIn } from "../common/let-messages-in";

const DIGITS = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (value) => DIGITS[value]).join("");
}

/** SHA-256 in lower-case hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Pages that are served over plain HTTP from another machine have no `crypto.subtle`.
  const subtle: SubtleCrypto | undefined = crypto.subtle;
  if (subtle === undefined) return (await createSHA256()).init().update(bytes).digest();
  return hex(new Uint8Array(await subtle.digest("SHA-256", bytes)));
}

/** The SHA-256 of a file that arrives in order. */
export class StreamingHash {
  readonly #hasher: IHasher;

  private constructor(hasher: IHasher) {
    this.#hasher = hasher;
  }

  static async begin(): Promise<StreamingHash> {
    return new StreamingHash((await createSHA256()).init());
  }

  /** @param state saved by an earlier one; undefined where this version of the library cannot read it */
  static async goOn(state: Uint8Array): Promise<StreamingHash | undefined> {
    const hasher = await createSHA256();
    try {
      return new StreamingHash(hasher.load(state));
    } catch {
      return undefined;
    }
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
  }

  save(): Uint8Array {
    // A copy: the library's own is part of its memory.
    return this.#hasher.save().slice();
  }

  /** Lower-case hexadecimal. It can be updated no more. */
  end(): string {
    return this.#hasher.digest();
  }
}

const PIECE_BYTES = 4 * 2 ** 20;

/** The SHA-256 of a file that is read for that, in lower-case hexadecimal. @throws OnestrokeError as `ByteSource.read` */
export async function hashOf(source: ByteSource, signal?: AbortSignal): Promise<string> {
  const hash = await StreamingHash.begin();
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, source.size));
  try {
    for (let begin = 0; begin < source.size; begin += PIECE_BYTES) {
      const piece = buffer.subarray(0, Math.min(PIECE_BYTES, source.size - begin));
      await letMessagesIn();
      await source.read(begin, piece, signal);
      hash.update(piece);
    }
    return hash.end();
  } finally {
    freeMemory(buffer);
  }
}

/** Git's name for a file's bytes: the SHA-1 of a header and the bytes. @param pieces the bytes in order */
export async function gitBlob(byteLength: number, pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hasher = (await createSHA1()).init().update(`blob ${byteLength}\0`);
  for await (const piece of pieces) hasher.update(piece);
  return hasher.digest();
}
