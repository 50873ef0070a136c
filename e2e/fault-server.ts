// A file server on loopback that fails as the test says: it cuts, stalls, lies about ranges, compresses, flips bits, redirects, refuses.
// Without a fault it does what the model hub does: ranges, and headers for pages of other origins.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";

export interface Fault {
  /** How many requests it spoils; all, if it is absent. */
  readonly times?: number;
  /** Ends the connection after so many bytes of the body. */
  readonly cutAt?: number;
  /** Sends nothing more after so many bytes of the body. */
  readonly stallAt?: number;
  /** Ends the body properly after so many bytes, without having said how long it is. */
  readonly endAt?: number;
  readonly bytesPerSecond?: number;
  readonly noRanges?: boolean;
  readonly contentRange?: string;
  readonly status?: number;
  readonly retryAfter?: string;
  /** A web page in place of the file. */
  readonly html?: boolean;
  readonly gzip?: boolean;
  /** Place in the file of a byte with a flipped bit. */
  readonly flipAt?: number;
  readonly noCors?: boolean;
  /** Where the file is really: an address that ends in a slash. */
  readonly redirectTo?: string;
}

export interface FaultServer {
  /** `http://127.0.0.1:port/` */
  readonly url: string;
  readonly files: Map<string, Buffer>;
  /** What every request that came was for. */
  readonly requests: { readonly path: string; readonly range: string | undefined; readonly authorization: string | undefined }[];
  /** Bytes of bodies that were sent, before compression. */
  sentBytes: number;
  /** Spoils the answers for files whose path ends so, in place of what did before. */
  spoil(ending: string, fault: Fault | undefined): void;
  /** Ends every connection that is open now. */
  cut(): void;
  close(): Promise<void>;
}

const PIECE_BYTES = 64 * 2 ** 10;

export async function faultServer(files: ReadonlyMap<string, Buffer> = new Map()): Promise<FaultServer> {
  const faults = new Map<string, { readonly fault: Fault; left: number }>();
  const http = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const server: FaultServer = {
    url: `http://127.0.0.1:${port}/`,
    files: new Map(files),
    requests: [],
    sentBytes: 0,
    spoil: (ending, fault) => {
      if (fault === undefined) faults.delete(ending);
      else faults.set(ending, { fault, left: fault.times ?? Infinity });
    },
    cut: () => http.closeAllConnections(),
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;

  function faultFor(path: string): Fault {
    for (const [ending, planned] of faults) if (path.endsWith(ending) && planned.left-- > 0) return planned.fault;
    return {};
  }

  async function answer({ url = "/", method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(url, server.url).pathname.slice(1));
    const range = headers.range;
    const { authorization } = headers;
    const fault = method === "OPTIONS" ? {} : faultFor(path);
    if (!fault.noCors) {
      response.setHeader("access-control-allow-origin", "*");
      response.setHeader("access-control-allow-headers", "authorization, range");
      response.setHeader("access-control-expose-headers", "content-range, content-length, etag, retry-after");
    }
    if (method === "OPTIONS") return void response.writeHead(204).end();
    server.requests.push({ path, range, authorization });
    if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
    if (fault.status !== undefined) return void response.writeHead(fault.status).end("refused");
    if (fault.redirectTo !== undefined) return void response.writeHead(302, { location: fault.redirectTo + path }).end();
    if (fault.html === true) return void response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><p>Log in</p>");
    const file = server.files.get(path);
    if (file === undefined) return void response.writeHead(404).end("not here");
    await send(response, flipped(file, fault.flipAt), range, fault);
  }

  async function send(response: ServerResponse, file: Buffer, range: string | undefined, fault: Fault): Promise<void> {
    const match = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
    let body = file;
    let status = 200;
    if (match !== null && fault.noRanges !== true && fault.gzip !== true) {
      const [begin, end] = [Number(match[1]), Number(match[2]) + 1];
      body = file.subarray(begin, end);
      status = 206;
      response.setHeader("content-range", fault.contentRange ?? `bytes ${begin}-${end - 1}/${file.byteLength}`);
    }
    response.setHeader("content-type", "application/octet-stream");
    if (fault.gzip === true) {
      server.sentBytes += body.byteLength;
      const packed = gzipSync(body, { level: 1 });
      return void response.writeHead(200, { "content-encoding": "gzip", "content-length": packed.byteLength }).end(packed);
    }
    if (fault.endAt === undefined) response.setHeader("content-length", body.byteLength);
    response.writeHead(status);
    response.flushHeaders();
    const last = Math.min(fault.cutAt ?? Infinity, fault.stallAt ?? Infinity, fault.endAt ?? Infinity, body.byteLength);
    const step = fault.bytesPerSecond === undefined ? PIECE_BYTES : Math.min(PIECE_BYTES, Math.ceil(fault.bytesPerSecond / 20));
    for (let at = 0; at < last; at += step) {
      const piece = body.subarray(at, Math.min(at + step, last));
      if (!response.write(piece)) await drained(response);
      if (response.destroyed) return;
      server.sentBytes += piece.byteLength;
      if (fault.bytesPerSecond !== undefined) await sleep((piece.byteLength / fault.bytesPerSecond) * 1_000);
    }
    if (last === body.byteLength || last === fault.endAt) return void response.end();
    // What was written is let out before the end of the connection.
    if (last === fault.cutAt) await sleep(20).then(() => response.destroy());
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off("drain", end).off("close", end);
      resolve();
    };
    response.on("drain", end).on("close", end);
  });
}

function flipped(file: Buffer, at: number | undefined): Buffer {
  if (at === undefined) return file;
  const copy = Buffer.from(file);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
