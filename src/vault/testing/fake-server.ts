// A server in memory, whose answers a test can spoil one by one. It knows ranges, and sends bodies in small pieces.

export interface FakeRequest {
  readonly url: string;
  readonly range: readonly [begin: number, end: number] | undefined;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  /** How many requests came before this one. */
  readonly index: number;
}

/** Gives an answer in place of the right one, or undefined for the right one. */
export type Spoil = (request: FakeRequest, right: () => Response) => Response | Promise<Response> | undefined;

export interface FakeServer {
  readonly fetcher: typeof fetch;
  readonly requests: FakeRequest[];
  spoil: Spoil;
}

const PIECE_BYTES = 24;

/** @param files by their whole address, without a query */
export function fakeServer(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>): FakeServer {
  const server: FakeServer = { fetcher, requests: [], spoil: () => undefined };
  return server;

  async function fetcher(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
    const url = input instanceof Request ? input.url : String(input);
    const headers = new Headers(init.headers);
    const match = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "");
    const signal = init.signal ?? new AbortController().signal;
    const range = match === null ? undefined : ([Number(match[1]), Number(match[2]) + 1] as const);
    const request: FakeRequest = { url, range, headers, signal, index: server.requests.length };
    server.requests.push(request);
    signal.throwIfAborted();
    return (await server.spoil(request, () => right(request))) ?? right(request);
  }

  function right({ url, range, signal }: FakeRequest): Response {
    const { origin, pathname } = new URL(url);
    const bytes = files.get(origin + pathname);
    if (bytes === undefined) return new Response("not here", { status: 404 });
    if (range === undefined) return new Response(pieces(bytes, signal));
    const [begin, end] = range;
    if (end > bytes.byteLength) return new Response(null, { status: 416 });
    const headers = { "content-range": `bytes ${begin}-${end - 1}/${bytes.byteLength}` };
    return new Response(pieces(bytes.subarray(begin, end), signal), { status: 206, headers });
  }
}

/** A body that comes piece by piece. @param then what follows the last byte */
export function pieces(
  bytes: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
  then: "end" | "break" | "silence" = "end",
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    start: (controller) => signal.addEventListener("abort", () => controller.error(signal.reason)),
    pull: async (controller) => {
      if (at < bytes.byteLength) {
        // A copy, because a stream's consumer may do with it what it likes.
        controller.enqueue(bytes.slice(at, at + PIECE_BYTES));
        at += PIECE_BYTES;
      } else if (then === "end") controller.close();
      else if (then === "break") controller.error(new TypeError("network error"));
      else await new Promise(() => undefined);
    },
  });
}
