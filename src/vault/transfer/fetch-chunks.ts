// Brings the missing chunks of one file: ranges, several in flight, from the first mirror that gives them. A connection that breaks costs
// only the bytes that had not come yet. From a server that knows no ranges the file comes whole, and what is here already is passed over.
import { OnestrokeError, throwIfCancelled } from "../../common/errors";
import { freeMemory } from "../../common/free-memory";
import { LastingFault, NoRanges, PassingFault, transferError } from "./faults";
import { request, wrongLength } from "./request";
import { retrying } from "./retry";
import type { Transfer } from "./transfer";

export interface RemoteFile {
  /** Mirrors, in the order in which they are asked. */
  readonly urls: readonly string[];
  readonly byteLength: number;
  readonly chunkBytes: number;
}

export interface ChunkHooks {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of missing chunks, as they come; negative where they have to be fetched again. */
  readonly onBytes: (byteLength: number) => void;
  readonly onWait: (reason: "retry" | "offline") => void;
  /** Each chunk once, in any order. The bytes are overwritten once this resolves; until then nothing more is fetched into them. */
  readonly onChunk: (index: number, bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
}

/** @throws OnestrokeError `download-failed`, `download-stalled`, `download-gated`, `offline`, `model-missing`, `model-corrupt`, `cancelled` */
export async function fetchChunks(file: RemoteFile, missing: readonly number[], hooks: ChunkHooks, transfer: Transfer): Promise<void> {
  const left = new Set(missing);
  let refused: OnestrokeError | undefined;
  for (const url of file.urls) {
    if (left.size === 0) return;
    try {
      return await new MirrorTransfer(file, url, left, hooks, transfer).run();
    } catch (thrown) {
      const error = thrown instanceof LastingFault ? thrown.error : thrown;
      if (!(error instanceof OnestrokeError && IS_ABOUT_THE_MIRROR.has(error.code))) throw error;
      // Of several mirrors the preferred one's reason is shown.
      refused ??= error;
    }
  }
  throw refused ?? new OnestrokeError("model-missing", "the plan has no address for the file");
}

const IS_ABOUT_THE_MIRROR: ReadonlySet<string> = new Set([
  "download-failed",
  "download-stalled",
  "download-gated",
  "offline",
  "model-missing",
  "model-corrupt",
]);

class MirrorTransfer {
  readonly #file: RemoteFile;
  readonly #url: string;
  /** Chunks that nobody has brought yet. */
  readonly #left: Set<number>;
  readonly #hooks: ChunkHooks;
  readonly #transfer: Transfer;
  /** Whether a byte ever came that was asked for by its range. */
  #gaveRanges = false;

  constructor(file: RemoteFile, url: string, left: Set<number>, hooks: ChunkHooks, transfer: Transfer) {
    this.#file = file;
    this.#url = url;
    this.#left = left;
    this.#hooks = hooks;
    this.#transfer = transfer;
  }

  async run(): Promise<void> {
    // A file of one chunk needs no ranges.
    if (this.#file.byteLength <= this.#file.chunkBytes) return this.#whole();
    try {
      await this.#inLanes();
    } catch (thrown) {
      if (thrown instanceof NoRanges) await this.#whole();
      else if (this.#mayKnowNoRanges(thrown)) await this.#wholeInstead(thrown);
      else throw thrown;
    }
  }

  /**
   * Browsers ask for ranges without compression, and take a compressed answer for a broken line. From such a server no byte of a range
   * ever comes.
   */
  #mayKnowNoRanges(thrown: unknown): thrown is OnestrokeError {
    const isBroken = thrown instanceof OnestrokeError && thrown.code === "download-failed" && thrown.detail["status"] === undefined;
    return isBroken && !this.#gaveRanges;
  }

  async #wholeInstead(refused: OnestrokeError): Promise<void> {
    const before = this.#left.size;
    try {
      await this.#wholeOnce();
    } catch (thrown) {
      throwIfCancelled(this.#hooks.signal);
      if (!(thrown instanceof PassingFault)) throw thrown;
      if (this.#left.size === before) throw refused;
      await this.#whole();
    }
  }

  /** The first range goes alone, to learn whether the server knows ranges; then the others go beside it. */
  async #inLanes(): Promise<void> {
    const stop = new AbortController();
    const signal = this.#hooks.signal === undefined ? stop.signal : AbortSignal.any([this.#hooks.signal, stop.signal]);
    const queue = [...this.#left];
    const lanes: Promise<void>[] = [];
    let failure: { readonly thrown: unknown } | undefined;
    const lane = async (onStart?: () => void): Promise<void> => {
      const buffer = new Uint8Array(this.#file.chunkBytes);
      try {
        for (let index = queue.shift(); index !== undefined && failure === undefined; index = queue.shift()) {
          await this.#chunk(index, buffer, signal, onStart);
        }
      } catch (thrown) {
        failure ??= { thrown };
        stop.abort();
      } finally {
        freeMemory(buffer);
      }
    };
    await new Promise<void>((resolve) => {
      const first = lane(resolve);
      lanes.push(first);
      void first.then(resolve);
    });
    while (lanes.length < Math.min(this.#transfer.lanes, this.#left.size) && failure === undefined) lanes.push(lane());
    await Promise.all(lanes);
    if (failure !== undefined) throw failure.thrown;
  }

  async #chunk(index: number, buffer: Uint8Array<ArrayBuffer>, signal: AbortSignal, onStart?: () => void): Promise<void> {
    const { byteLength, chunkBytes } = this.#file;
    const begin = index * chunkBytes;
    const bytes = buffer.subarray(0, Math.min(chunkBytes, byteLength - begin));
    let filled = 0;
    let filledBefore = 0;
    const attempt = async (): Promise<void> => {
      filledBefore = filled;
      const range = { begin: begin + filled, end: begin + bytes.byteLength, byteLength };
      for await (const piece of request(this.#url, range, this.#transfer, signal)) {
        onStart?.();
        this.#gaveRanges = true;
        if (filled + piece.byteLength > bytes.byteLength) {
          this.#hooks.onBytes(-filled);
          filled = 0;
          throw this.#passing(`sent more than the bytes ${range.begin}-${range.end - 1} that were asked for`);
        }
        bytes.set(piece, filled);
        filled += piece.byteLength;
        this.#hooks.onBytes(piece.byteLength);
      }
      if (filled < bytes.byteLength) throw this.#passing(`sent ${begin + filled - range.begin} of ${range.end - range.begin} bytes`);
    };
    try {
      await retrying(attempt, this.#transfer, { ...this.#hooks, signal, hasAdvanced: () => filled > filledBefore });
    } catch (thrown) {
      this.#hooks.onBytes(-filled);
      throw thrown;
    }
    await this.#bring(index, bytes);
  }

  /** The whole file in one answer, as often as it takes. */
  async #whole(): Promise<void> {
    let leftBefore = this.#left.size;
    const attempt = async (): Promise<void> => {
      leftBefore = this.#left.size;
      await this.#wholeOnce();
    };
    await retrying(attempt, this.#transfer, { ...this.#hooks, hasAdvanced: () => this.#left.size < leftBefore });
  }

  async #wholeOnce(): Promise<void> {
    const { chunkBytes, byteLength } = this.#file;
    const buffer = new Uint8Array(Math.min(chunkBytes, byteLength));
    let at = 0;
    /** Bytes of the chunk that is arriving, as far as it is missing. */
    let counted = 0;
    try {
      for await (const piece of request(this.#url, undefined, this.#transfer, this.#hooks.signal)) {
        for (let taken = 0; taken < piece.byteLength;) {
          if (at === byteLength) throw wrongLength(this.#url, at + piece.byteLength - taken, byteLength);
          const index = Math.floor(at / chunkBytes);
          const end = Math.min((index + 1) * chunkBytes, byteLength);
          const part = piece.subarray(taken, taken + end - at);
          buffer.set(part, at - index * chunkBytes);
          at += part.byteLength;
          taken += part.byteLength;
          if (!this.#left.has(index)) continue;
          counted += part.byteLength;
          this.#hooks.onBytes(part.byteLength);
          // The last one waits for the end of the body, since a longer file would be another one.
          if (at < end || end === byteLength) continue;
          await this.#bring(index, buffer);
          counted = 0;
        }
      }
      // It may also be the beginning of the right file: without a length, a cut connection can look like a proper end.
      if (at < byteLength) throw this.#passing(`sent ${at} of ${byteLength} bytes`);
      const last = Math.ceil(byteLength / chunkBytes) - 1;
      if (this.#left.has(last)) await this.#bring(last, buffer.subarray(0, byteLength - last * chunkBytes));
    } catch (thrown) {
      this.#hooks.onBytes(-counted);
      throw thrown;
    }
  }

  async #bring(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#hooks.onChunk(index, bytes);
    this.#left.delete(index);
  }

  #passing(problem: string): PassingFault {
    return new PassingFault(transferError("download-failed", this.#url, problem));
  }
}
