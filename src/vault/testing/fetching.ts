// A file that is fetched from a server that may spoil it, in the test's own time, and what came of it.
import { expect, vi } from "vitest";
import { OnestrokeError } from "../../common/errors";
import { fetchChunks } from "../transfer/fetch-chunks";
import { createTransfer, type Transfer } from "../transfer/transfer";
import { fakeServer, type FakeServer, type Spoil } from "./fake-server";
import { sampleBytes } from "./plans";

export const URL_ = "https://hub.test/file";
export const MIRROR = "https://mirror.test/file";
export const CHUNK = 64;
export const BYTES = sampleBytes(CHUNK * 6 + 17, 1);
export const SMALL = sampleBytes(CHUNK - 1, 2);

interface Outcome {
  readonly error: OnestrokeError | undefined;
  readonly bytes: Uint8Array;
  readonly chunks: readonly number[];
  /** Sum of all that `onBytes` said. */
  readonly counted: number;
  readonly waits: readonly string[];
}

interface Setting {
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly urls?: readonly string[];
  readonly missing?: readonly number[];
  readonly signal?: AbortSignal;
  readonly transfer?: Partial<Transfer>;
}

export async function fetched(
  server: FakeServer,
  { bytes = BYTES, urls = [URL_], missing, signal, transfer }: Setting = {},
): Promise<Outcome> {
  const got = new Uint8Array(bytes.byteLength);
  const chunks: number[] = [];
  const waits: string[] = [];
  let counted = 0;
  const all = Array.from({ length: Math.ceil(bytes.byteLength / CHUNK) }, (_, index) => index);
  const work = fetchChunks(
    { urls, byteLength: bytes.byteLength, chunkBytes: CHUNK },
    missing ?? all,
    {
      signal,
      onBytes: (count) => (counted += count),
      onWait: (reason) => waits.push(reason),
      onChunk: async (index, chunk) => {
        chunks.push(index);
        got.set(chunk, index * CHUNK);
      },
    },
    createTransfer({ fetcher: server.fetcher, ...transfer }),
  );
  const settled = work.then(
    () => undefined,
    (thrown: unknown) => OnestrokeError.from(thrown, "worker-died"),
  );
  let isOver = false;
  void settled.then(() => (isOver = true));
  while (!isOver) await vi.advanceTimersByTimeAsync(500);
  return { error: await settled, bytes: got, chunks, counted, waits };
}

export function serverWith(spoil: Spoil = () => undefined, bytes = BYTES): FakeServer {
  const server = fakeServer(
    new Map([
      [URL_, bytes],
      [MIRROR, bytes],
    ]),
  );
  server.spoil = spoil;
  return server;
}

/** The same fault for the first requests. */
export const first = (count: number, answer: (request: Parameters<Spoil>[0], right: () => Response) => Response): Spoil => {
  return (request, right) => (request.index < count ? answer(request, right) : undefined);
};

export function expectWhole({ error, bytes, chunks, counted }: Outcome, right = BYTES): void {
  expect(error).toBeUndefined();
  expect(bytes).toEqual(right);
  expect(chunks.toSorted((a, b) => a - b)).toEqual(Array.from({ length: Math.ceil(right.byteLength / CHUNK) }, (_, index) => index));
  expect(counted).toBe(right.byteLength);
}
