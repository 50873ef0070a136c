// Ranges over HTTP, from servers that behave and servers that do not. The server is a function
// from request to response, which has the form of `fetch`.
import { describe, expect, it, vi } from "vitest";
import { httpStore } from "./http-source";

const DATA = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251);

type Server = (url: URL, range: readonly [number, number] | undefined, method: string) => Response;

interface Request {
  readonly url: string;
  readonly range: string | null;
}

function fetcherOf(server: Server, log: Request[] = []): typeof fetch {
  return async (input, init) => {
    init?.signal?.throwIfAborted();
    const url = new URL(input instanceof Request ? input.url : input);
    const range = new Headers(init?.headers).get("range");
    log.push({ url: url.href, range });
    const match = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
    return server(url, match === null ? undefined : [Number(match[1]), Number(match[2])], init?.method ?? "GET");
  };
}

const partial = (begin: number, last: number, headers: Record<string, string> = {}): Response => {
  const body = DATA.slice(begin, last + 1);
  return new Response(body, {
    status: 206,
    headers: { "content-range": `bytes ${begin}-${begin + body.length - 1}/${DATA.length}`, ...headers },
  });
};
const ranges: Server = (_, range) => (range === undefined ? new Response(DATA) : partial(...range));
const open = (server: Server, log?: Request[]) =>
  httpStore("https://host.test/models/x?token=secret", fetcherOf(server, log)).open("unet/a b.safetensors");

async function bytesAt(server: Server, begin: number, length: number): Promise<Uint8Array> {
  const into = new Uint8Array(length);
  await (await open(server)).read(begin, into);
  return into;
}

describe("a server with ranges", () => {
  it("gives any range and the size; the first 64 KiB cost one request", async () => {
    const log: Request[] = [];
    const source = await open(ranges, log);
    expect(source.size).toBe(DATA.length);
    const near = new Uint8Array(1000);
    await source.read(500, near);
    expect(near).toEqual(DATA.slice(500, 1500));
    expect(log.length).toBe(1);
    const far = new Uint8Array(1000);
    await source.read(150_000, far);
    expect(far).toEqual(DATA.slice(150_000, 151_000));
    expect(log.map((request) => request.range)).toEqual(["bytes=0-65535", "bytes=150000-150999"]);
  });

  it("says what came while the rest of a range is on its way, as on a slow line", async () => {
    const [begin, length] = [100_000, 3_000];
    let send: ReadableStreamDefaultController<Uint8Array> | undefined;
    const slow: Server = (url, range, method) => {
      if (range?.[0] !== begin) return ranges(url, range, method);
      const headers = { "content-range": `bytes ${begin}-${begin + length - 1}/${DATA.length}` };
      return new Response(new ReadableStream({ start: (controller) => void (send = controller) }), { status: 206, headers });
    };
    const source = await open(slow);
    const heard: number[] = [];
    const sendNext = () => {
      const from = begin + heard.reduce((sum, bytes) => sum + bytes, 0);
      if (from < begin + length) send?.enqueue(DATA.slice(from, from + 1_000));
      else send?.close();
    };
    // Each part is sent only once the one before was heard of.
    const reading = source.read(begin, new Uint8Array(length), undefined, (byteLength) => {
      heard.push(byteLength);
      sendNext();
    });
    await vi.waitFor(() => expect(send).toBeDefined());
    sendNext();
    await reading;
    expect(heard).toEqual([1_000, 1_000, 1_000]);
  });

  it("keeps the query on requests and out of names", async () => {
    const log: Request[] = [];
    const source = await open(ranges, log);
    expect(log[0]?.url).toBe("https://host.test/models/x/unet/a%20b.safetensors?token=secret");
    expect(source.name).toBe("https://host.test/models/x/unet/a%20b.safetensors");
  });

  it("asks for the length by HEAD where Content-Range is hidden or has no total", async () => {
    const hidden: Server = (_, range, method) => {
      if (method === "HEAD") return new Response(null, { headers: { "content-length": String(DATA.length) } });
      return new Response(DATA.slice(range?.[0], (range?.[1] ?? 0) + 1), { status: 206 });
    };
    expect(await bytesAt(hidden, 150_000, 10)).toEqual(DATA.slice(150_000, 150_010));
  });

  it("opens a file once, however often it is asked for", async () => {
    const log: Request[] = [];
    const store = httpStore("https://host.test/", fetcherOf(ranges, log));
    expect(await store.exists("a")).toBe(true);
    await store.open("a");
    expect(log.length).toBe(1);
  });
});

describe("a server without ranges", () => {
  it("is read from one buffered copy", async () => {
    expect(await bytesAt(() => new Response(DATA), 150_000, 1000)).toEqual(DATA.slice(150_000, 151_000));
  });

  it("is fetched once, when it is first read, and says how far it is", async () => {
    const log: Request[] = [];
    const announced = { headers: { "content-length": String(DATA.length) } };
    const source = await open(() => new Response(DATA, announced), log);
    expect(source.size).toBe(DATA.length);
    const heard = [0, 0];
    const [first, second] = [new Uint8Array(1000), new Uint8Array(500)];
    await source.read(0, first, undefined, (byteLength) => (heard[0] = (heard[0] ?? 0) + byteLength));
    await source.read(150_000, second, undefined, (byteLength) => (heard[1] = (heard[1] ?? 0) + byteLength));
    expect([first, second]).toEqual([DATA.slice(0, 1000), DATA.slice(150_000, 150_500)]);
    expect(heard[0]).toBeCloseTo(1000);
    expect(heard[1]).toBe(500);
    // One request to see what it is, one for the bytes.
    expect(log.length).toBe(2);
  });

  it("a fetch that broke off is begun anew by the next read", async () => {
    let answers = 0;
    const announced = { headers: { "content-length": String(DATA.length) } };
    const source = await open(() => new Response(answers++ === 1 ? DATA.slice(0, 70_000) : DATA, announced));
    const into = new Uint8Array(10);
    await expect(source.read(0, into)).rejects.toMatchObject({ code: "download-failed" });
    await source.read(0, into);
    expect(into).toEqual(DATA.slice(0, 10));
  });

  it("an empty file is empty", async () => {
    expect((await open(() => new Response(null, { status: 416 }))).size).toBe(0);
  });

  it("a body shorter than announced is a failed download", async () => {
    const short: Server = () => new Response(DATA.slice(0, 10), { headers: { "content-length": "20" } });
    await expect(open(short)).rejects.toMatchObject({ code: "download-failed" });
  });
});

describe("failures have their codes", () => {
  const html = { headers: { "content-type": "text/html; charset=utf-8" } };
  it.each<[string, Server, string]>([
    ["404", () => new Response("", { status: 404 }), "model-missing"],
    ["a web page instead of the file", () => new Response("<!doctype html>", html), "model-missing"],
    ["500", () => new Response("", { status: 500 }), "download-failed"],
    ["a gateway's error page", () => new Response("<html>", { status: 502, ...html }), "download-failed"],
    [
      "no connection",
      () => {
        throw new TypeError("fetch failed");
      },
      "download-failed",
    ],
  ])("%s", async (_, server, code) => {
    await expect(open(server)).rejects.toMatchObject({ name: "OnestrokeError", code });
  });

  it("a missing file does not exist; a failing server is not a missing file", async () => {
    expect(
      await httpStore(
        "https://host.test",
        fetcherOf(() => new Response("", { status: 404 })),
      ).exists("a"),
    ).toBe(false);
    await expect(
      httpStore(
        "https://host.test",
        fetcherOf(() => new Response("", { status: 500 })),
      ).exists("a"),
    ).rejects.toMatchObject({ code: "download-failed" });
  });

  it.each<[string, (begin: number, last: number) => Response, string]>([
    ["a short body", (begin) => partial(begin, begin + 3), "download-failed"],
    ["a long body", (begin, last) => partial(begin, last + 1), "download-failed"],
    ["another file length", (begin, last) => partial(begin, last, { "content-range": `bytes ${begin}-${last}/999` }), "model-corrupt"],
    ["another range", (begin, last) => partial(begin, last, { "content-range": `bytes 0-9/${DATA.length}` }), "model-corrupt"],
    ["the whole file all of a sudden", () => new Response(DATA), "model-corrupt"],
  ])("later: %s", async (_, later, code) => {
    const server: Server = (_url, range) => (range === undefined || range[0] === 0 ? partial(0, 65535) : later(...range));
    await expect(bytesAt(server, 150_000, 10)).rejects.toMatchObject({ code });
  });

  it("past the end is a file too short for what is in it", async () => {
    await expect(bytesAt(ranges, 199_990, 11)).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it("an aborted read is cancelled, and a failed opening may be tried again", async () => {
    let answers = 0;
    const store = httpStore(
      "https://host.test",
      fetcherOf((url, range, method) => (answers++ === 0 ? new Response("", { status: 500 }) : ranges(url, range, method))),
    );
    await expect(store.open("a")).rejects.toMatchObject({ code: "download-failed" });
    const source = await store.open("a");
    await expect(source.read(150_000, new Uint8Array(10), AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
  });
});
