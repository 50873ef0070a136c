// Reads of many tensors: neighbours in one read, because each small one may cost a whole request, and the next read on its way while the
// last one is made use of. Two buffers are filled over and over, so that a file of gigabytes leaves no garbage of its own length behind it.
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
  readonly pieces: Piece[];
}

/** Large enough that a distant server's delay is small beside the transfer, small enough that a slow server sends it in seconds. */
const READ_BYTES = 4 * 2 ** 20;

/** So many bytes between two tensors are read along with them: archives have a header before each tensor. */
const GAP_BYTES = 256;

/** Cuts tensors into pieces of whole blocks that fit one read, and joins neighbouring pieces into reads. All pieces of a tensor follow each other. */
export function readsOf(tensors: readonly StoredTensor[]): readonly Read[] {
  const reads: Read[] = [];
  for (const { tensor, part } of tensors.flatMap((one) => partsOf(one).map((range) => ({ tensor: one, part: range })))) {
    const { source } = part;
    const { bytes } = blockOf(part.dtype);
    const most = Math.floor(READ_BYTES / bytes) * bytes;
    for (let begin = part.begin; begin < part.end; begin += most) {
      const end = Math.min(begin + most, part.end);
      const read = reads.at(-1);
      if (read?.source === source && isNear(begin - read.end) && end - read.begin <= READ_BYTES) {
        read.pieces.push({ tensor, part, begin, end });
        read.end = end;
      } else {
        reads.push({ source, begin, end, pieces: [{ tensor, part, begin, end }] });
      }
    }
  }
  return reads;
}

function isNear(gap: number): boolean {
  return gap >= 0 && gap <= GAP_BYTES;
}

/**
 * The bytes of each read in its turn, valid until the next ones are asked for.
 * @param onBytes called as bytes arrive, of the read that is on its way too
 */
export async function* readAhead(
  reads: readonly Read[],
  signal?: AbortSignal,
  onBytes?: OnBytes,
): AsyncGenerator<readonly [Read, Uint8Array<ArrayBuffer>]> {
  let [free, used] = [new Uint8Array(0), new Uint8Array(0)];
  const start = ({ source, begin, end }: Read): Promise<Uint8Array<ArrayBuffer>> => {
    if (free.byteLength < end - begin) free = new Uint8Array(end - begin);
    const bytes = free.subarray(0, end - begin);
    const arriving = source.read(begin, bytes, signal, onBytes).then(() => bytes);
    // It is thrown when its turn comes, and by nobody if that never does.
    arriving.catch(() => undefined);
    return arriving;
  };
  let arriving = reads[0] && start(reads[0]);
  for (const [index, read] of reads.entries()) {
    const bytes = await arriving;
    if (bytes === undefined) return;
    [free, used] = [used, free];
    const next = reads[index + 1];
    arriving = next && start(next);
    yield [read, bytes];
  }
}
