// Files on a web server, read by range. If a server ignores Range and answers 200, reads are served
// from one buffered copy; if it answers with a web page, the file counts as missing.
// There are no retries and no storage here: that is the vault's work.
import { OnestrokeError, throwIfCancelled } from "../common/errors";
import type { ByteSource, ByteStore, OnBytes } from "./byte-source";
import { checkRange, memorySource } from "./memory-source";

/** How much the first request asks for, so that a small file costs one request. */
const HEAD_BYTES = 64 * 2 ** 10;

/** The most that a server without Range can make us hold in memory. */
const MAX_BUFFERED_BYTES = 512 * 2 ** 20;

/**
 * @param baseUrl absolute address of the folder; its query, if any, is sent with every request and never shown
 */
export function httpStore(baseUrl: string, fetcher: typeof fetch = fetch): ByteStore {
  const base = new URL(baseUrl);
  const opened = new Map<string, Promise<ByteSource>>();
  const open = (path: string, signal?: AbortSignal): Promise<ByteSource> => {
    const known = opened.get(path);
    if (known !== undefined) return known;
    const opening = openHttpSource(fileUrl(base, path), fetcher, signal);
    opened.set(path, opening);
    // A failure is not remembered: the next attempt may succeed.
    opening.catch(() => opened.delete(path));
    return opening;
  };
  return {
    name: shownName(base),
    open,
    exists: async (path, signal) => {
      try {
        await open(path, signal);
        return true;
      } catch (thrown) {
        if (thrown instanceof OnestrokeError && thrown.code === "model-missing") return false;
        throw thrown;
      }
    },
  };
}

function fileUrl(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, "")}/${path.split("/").map(encodeURIComponent).join("/")}`;
  return url;
}

/** The address without its query, because the query of a signed address carries secrets. */
function shownName(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** @throws OnestrokeError `model-missing`, `download-failed`, `offline`, `cancelled` */
export async function openHttpSource(url: URL, fetcher: typeof fetch = fetch, signal?: AbortSignal): Promise<ByteSource> {
  const name = shownName(url);
  const response = await request(url, 0, HEAD_BYTES, fetcher, signal);
  if (response.status === 416) return memorySource(name, new Uint8Array(0));
  if (response.status === 200) {
    const size = announcedLength(response);
    if (size === undefined || size <= HEAD_BYTES) return memorySource(name, await bufferAll(response, name, signal));
    await response.body?.cancel();
    return wholeSource(url, name, size, fetcher);
  }
  const range = contentRange(response);
  const size = range?.size ?? (await sizeByHead(url, fetcher, signal));
  if (size === undefined) {
    await response.body?.cancel();
    throw failed(name, "did not say how long the file is");
  }
  const head = new Uint8Array(Math.min(HEAD_BYTES, size));
  await readBody(response, head, name, signal);
  return {
    name,
    size,
    read: async (begin, into, readSignal, onBytes) => {
      checkRange(name, begin, into.byteLength, size);
      const end = begin + into.byteLength;
      if (end <= head.byteLength) {
        into.set(head.subarray(begin, end));
        onBytes?.(into.byteLength);
        return;
      }
      const part = await request(url, begin, end, fetcher, readSignal);
      const answered = contentRange(part);
      if (part.status !== 206 || (answered !== undefined && (answered.begin !== begin || answered.size !== size))) {
        await part.body?.cancel();
        throw new OnestrokeError("model-corrupt", `${name} changed on the server while it was read`, { file: name });
      }
      await readBody(part, into, name, readSignal, onBytes);
    },
  };
}

async function request(url: URL, begin: number, end: number, fetcher: typeof fetch, signal?: AbortSignal): Promise<Response> {
  const name = shownName(url);
  const response = await fetching(
    () => fetcher(url, { headers: { Range: `bytes=${begin}-${end - 1}` }, signal: signal ?? null }),
    name,
    signal,
  );
  const { status } = response;
  if (status === 416 && begin === 0) return response;
  const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
  if ((status === 200 || status === 206) && !isPage) return response;
  await response.body?.cancel();
  if (status === 401 || status === 403 || status === 404 || status === 410 || (isPage && response.ok)) {
    const problem = isPage && response.ok ? "answered with a web page" : `answered ${status}`;
    throw new OnestrokeError("model-missing", `${name} ${problem}`, { file: name, status });
  }
  throw failed(name, `answered ${status}`, { status });
}

/** Asks only for the length: for servers whose Content-Range has no total, or is hidden from other origins. */
async function sizeByHead(url: URL, fetcher: typeof fetch, signal?: AbortSignal): Promise<number | undefined> {
  const response = await fetching(() => fetcher(url, { method: "HEAD", signal: signal ?? null }), shownName(url), signal);
  return response.ok ? announcedLength(response) : undefined;
}

function contentRange(response: Response): { readonly begin: number; readonly size: number } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return match === null ? undefined : { begin: Number(match[1]), size: Number(match[2]) };
}

/** Fills `into` exactly: a body that is shorter or longer is not what was asked for. */
async function readBody(response: Response, into: Uint8Array, name: string, signal?: AbortSignal, onBytes?: OnBytes): Promise<void> {
  let filled = 0;
  for await (const chunk of chunks(response, name, signal)) {
    if (filled + chunk.byteLength > into.byteLength) throw failed(name, `sent more than the ${into.byteLength} bytes asked for`);
    into.set(chunk, filled);
    filled += chunk.byteLength;
    onBytes?.(chunk.byteLength);
  }
  if (filled < into.byteLength) throw failed(name, `sent ${filled} of ${into.byteLength} bytes`);
}

/**
 * A file of a server that ignores Range. It is fetched whole when it is first read, and not when it is opened, so that whoever
 * waits for it hears how far it is.
 */
function wholeSource(url: URL, name: string, size: number, fetcher: typeof fetch): ByteSource {
  let whole: Promise<Uint8Array> | undefined;
  const fetchWhole = async (signal: AbortSignal | undefined, onBytes: OnBytes): Promise<Uint8Array> => {
    const bytes = await bufferAll(await request(url, 0, size, fetcher, signal), name, signal, onBytes);
    if (bytes.byteLength !== size) throw failed(name, `sent ${bytes.byteLength} of ${size} bytes`);
    return bytes;
  };
  return {
    name,
    size,
    read: async (begin, into, signal, onBytes) => {
      checkRange(name, begin, into.byteLength, size);
      const isHere = whole !== undefined;
      // Of the whole file's bytes this read counts its share.
      whole ??= fetchWhole(signal, (byteLength) => onBytes?.((byteLength * into.byteLength) / size)).catch((error: unknown) => {
        whole = undefined;
        throw error;
      });
      into.set((await whole).subarray(begin, begin + into.byteLength));
      if (isHere) onBytes?.(into.byteLength);
    },
  };
}

/** What the server says a whole file is long; undefined where it does not say, or compresses. */
function announcedLength({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length === null || headers.has("content-encoding") ? undefined : Number(length);
}

async function bufferAll(response: Response, name: string, signal?: AbortSignal, onBytes?: OnBytes): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks(response, name, signal)) {
    size += chunk.byteLength;
    if (size > MAX_BUFFERED_BYTES) throw failed(name, "is too large for a server that cannot send byte ranges");
    parts.push(chunk);
    onBytes?.(chunk.byteLength);
  }
  const announced = announcedLength(response);
  if (announced !== undefined && announced !== size) throw failed(name, `sent ${size} of ${announced} bytes`);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

async function* chunks(response: Response, name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await fetching(() => reader.read(), name, signal);
      if (done) return;
      yield value;
    }
  } finally {
    // This ends the transfer if the consumer stopped early; after a normal end it does nothing.
    await reader.cancel().catch(() => undefined);
  }
}

/** Runs a network call and gives its failures their codes. */
async function fetching<T>(call: () => Promise<T>, name: string, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throwIfCancelled(signal);
    // A fetcher that knows its server says more than can be said here.
    if (cause instanceof OnestrokeError) throw cause;
    const offline = typeof navigator === "object" && navigator.onLine === false;
    if (offline) throw new OnestrokeError("offline", `${name} cannot be reached: there is no network`, { file: name }, cause);
    throw failed(name, "could not be read", {}, cause);
  }
}

function failed(name: string, problem: string, detail: Readonly<Record<string, number>> = {}, cause?: unknown): OnestrokeError {
  return new OnestrokeError("download-failed", `${name} ${problem}`, { file: name, ...detail }, cause);
}
