// Reads of many tensors: neighbours in one read, because each small one may cost a whole request, and the next reads on their way while the
// last one is made use of. What goes to the GPU as it is stored is read into memory that is uploaded from; buffers for the rest are filled
// over and over, so that a file of gigabytes leaves no garbage of its own length behind it.
import type { UploadMemory } from "../common/stored-pieces";
import type { ByteSource, OnBytes } from "./byte-source";
import { blockOf } from "./dtype";
import { partsOf, type StoredTensor } from "./stored-tensor";

/** Bytes `[begin, end)` of a file that are a tensor or part of one. */
interface Piece {
  readonly tensor: StoredTensor;
  /** Which of its ranges. */
  readonly part: StoredTensor;
  readonly begin: number;
  readonly end: number;
}

/** Neighbouring pieces of one file. */
export interface Read {
  readonly source: ByteSource;
  readonly begin: number;
  end: number;
  /** Whether all of it goes to the GPU as it is stored. */
  readonly isStored: boolean;
  readonly pieces: Piece[];
}

/** Large enough that a distant server's delay is small beside the transfer, small enough that a slow server sends it in seconds. */
const READ_BYTES = 4 * 2 ** 20;

/** So many bytes between two tensors are read along with them: archives have a header before each tensor. */
const GAP_BYTES = 256;

/** How tensors are cut that go to the GPU as they are stored. */
export interface StoredCut {
  /** The most in one read. */
  readonly sliceBytes: number;
  /** Pieces of a tensor are multiples of so many bytes; undefined for tensors that are made into something else before. */
  runBytes(tensor: StoredTensor): number | undefined;
}

/** Cuts tensors into pieces of whole blocks that fit one read, and joins neighbouring pieces into reads. All pieces of a tensor follow each other. */
export function readsOf(tensors: readonly StoredTensor[], stored?: StoredCut): readonly Read[] {
  const reads: Read[] = [];
  for (const { tensor, part } of tensors.flatMap((one) => partsOf(one).map((range) => ({ tensor: one, part: range })))) {
    const { source } = part;
    const runBytes = stored?.runBytes(tensor);
    const isStored = runBytes !== undefined;
    const unit = runBytes ?? blockOf(part.dtype).bytes;
    const readBytes = isStored ? (stored?.sliceBytes ?? 0) : READ_BYTES;
    const most = Math.floor(readBytes / unit) * unit;
    for (let begin = part.begin; begin < part.end; begin += most) {
      const end = Math.min(begin + most, part.end);
      const read = reads.at(-1);
      if (read?.source === source && read.isStored === isStored && isNear(begin - read.end) && end - read.begin <= readBytes) {
        read.pieces.push({ tensor, part, begin, end });
        read.end = end;
      } else {
        reads.push({ source, begin, end, isStored, pieces: [{ tensor, part, begin, end }] });
      }
    }
  }
  return reads;
}

function isNear(gap: number): boolean {
  return gap >= 0 && gap <= GAP_BYTES;
}

export interface ReadAheadOptions {
  /** Where reads go that are stored as the GPU takes them. */
  readonly memory?: UploadMemory | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes arrive, of the reads that are on their way too. */
  readonly onBytes?: OnBytes | undefined;
}

/** The bytes of each read in its turn, valid until the next ones are asked for. When it ends, nothing is on its way any more. */
export async function* readAhead(
  reads: readonly Read[],
  { memory, signal, onBytes }: ReadAheadOptions,
): AsyncGenerator<readonly [Read, Uint8Array<ArrayBuffer>]> {
  const ahead = memory === undefined ? 1 : memory.slices - 2;
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const buffers = recycled(ahead + 1);
  const fill = async ({ source, begin, end, isStored }: Read): Promise<Uint8Array<ArrayBuffer>> => {
    const byteLength = end - begin;
    const bytes = isStored && memory !== undefined ? (await memory.slice()).subarray(0, byteLength) : buffers(byteLength);
    await source.read(begin, bytes, stopped, onBytes);
    return bytes;
  };
  const arriving: Promise<Uint8Array<ArrayBuffer>>[] = [];
  const waiting = reads.values();
  const start = (): void => {
    while (arriving.length < ahead) {
      const { value: read } = waiting.next();
      if (read === undefined) return;
      const one = fill(read);
      // It is thrown when its turn comes, and by nobody if that never does.
      one.catch(() => undefined);
      arriving.push(one);
    }
  };
  try {
    for (const read of reads) {
      start();
      const bytes = await arriving.shift();
      if (bytes === undefined) return;
      start();
      yield [read, bytes];
    }
  } finally {
    stop.abort();
    await Promise.allSettled(arriving);
  }
}

/** Buffers that take turns. */
function recycled(count: number): (byteLength: number) => Uint8Array<ArrayBuffer> {
  const buffers = Array.from({ length: count }, () => new Uint8Array(0));
  let next = 0;
  return (byteLength) => {
    const index = next++ % count;
    let buffer = buffers[index] ?? new Uint8Array(0);
    if (buffer.byteLength < byteLength) buffer = new Uint8Array(byteLength);
    buffers[index] = buffer;
    return buffer.subarray(0, byteLength);
  };
}
