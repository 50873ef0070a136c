// One request and its body, with the watchdog that fetch itself lacks: a line on which no byte comes for some time is given up.
import { throwIfCancelled } from "../../common/errors";
import { faultOf, LastingFault, networkFault, NoRanges, PassingFault, transferError } from "./faults";
import type { Transfer } from "./transfer";

/** Bytes from `begin` to just before `end`. */
export interface ByteRange {
  readonly begin: number;
  readonly end: number;
  /** What the whole file is expected to be long. */
  readonly byteLength: number;
}

/**
 * The pieces of a file or of one range of it, as they come. Each is valid until the next one is asked for.
 * @param range undefined asks for the whole
 * @throws PassingFault, LastingFault, NoRanges; OnestrokeError `cancelled`
 */
export async function* request(
  url: string,
  range: ByteRange | undefined,
  transfer: Transfer,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const attempt = new AbortController();
  const { stallMs, mostRetryAfterMs } = transfer.times;
  let isStalled = false;
  /** Waits for the network, but not for ever. */
  const watched = async <T>(work: () => Promise<T>): Promise<T> => {
    const watchdog = setTimeout(() => {
      isStalled = true;
      attempt.abort();
    }, stallMs);
    try {
      return await work();
    } catch (thrown) {
      throwIfCancelled(signal);
      if (!isStalled) throw networkFault(url, thrown, transfer.isOffline());
      throw new PassingFault(transferError("download-stalled", url, `sent nothing for ${stallMs / 1_000} s`, {}, thrown));
    } finally {
      clearTimeout(watchdog);
    }
  };
  try {
    const response = await watched(() =>
      transfer.fetcher(url, {
        headers: { ...transfer.headersFor(url), ...(range === undefined ? {} : { Range: `bytes=${range.begin}-${range.end - 1}` }) },
        signal: signal === undefined ? attempt.signal : AbortSignal.any([attempt.signal, signal]),
        // The vault keeps the bytes; a second copy in the browser's cache would cost the same room again.
        cache: "no-store",
      }),
    );
    if (range !== undefined && response.status === 416) throw new NoRanges();
    const fault = faultOf(url, response, mostRetryAfterMs) ?? (range === undefined ? undefined : rangeFault(url, response, range));
    if (fault !== undefined) throw fault;
    const read = readerOf(response);
    for (;;) {
      const piece = await watched(read);
      if (piece === undefined) return;
      yield piece;
    }
  } finally {
    // Ends the transfer if somebody stopped early; after a normal end it does nothing.
    attempt.abort();
  }
}

const PIECE_BYTES = 256 * 2 ** 10;

/**
 * Reads a body piece by piece into one buffer, over and over. Otherwise a large file leaves its whole length in small buffers behind it,
 * faster than they are collected.
 */
function readerOf({ body }: Response): () => Promise<Uint8Array | undefined> {
  if (body === null) return async () => undefined;
  const reader = bufferReader(body);
  if (reader === undefined) {
    const plain = body.getReader();
    return async () => (await plain.read()).value;
  }
  let buffer = new ArrayBuffer(PIECE_BYTES);
  return async () => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done || value === undefined) return undefined;
    // The buffer went away with the call and comes back with its answer.
    ({ buffer } = value);
    return value;
  };
}

/** Undefined where the browser's bodies cannot be read into a buffer of ours. */
function bufferReader(body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

/** Whether an answer to a range is that range. The header that says so may be hidden from pages of other origins. */
function rangeFault(url: string, { status, headers }: Response, { begin, end, byteLength }: ByteRange): Error | undefined {
  // A compressed range would be a range of other bytes.
  if (status === 200 || headers.has("content-encoding")) return new NoRanges();
  const header = headers.get("content-range");
  if (header === null) return undefined;
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header);
  const [, first, last, total] = match ?? [];
  if (total !== undefined && total !== "*" && Number(total) !== byteLength) return wrongLength(url, Number(total), byteLength);
  if (Number(first) === begin && Number(last) === end - 1) return undefined;
  return new PassingFault(transferError("download-failed", url, `sent "${header}" when bytes ${begin}-${end - 1} were asked for`));
}

export function wrongLength(url: string, found: number, expected: number): LastingFault {
  return new LastingFault(
    transferError("model-corrupt", url, `is ${found} bytes long, not ${expected}: it is another file than was planned`),
  );
}
