// What a server, a line or somebody between can do to a file, and what comes of it. The rows' ids are those of the list of faults.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { pieces, type Spoil } from "../testing/fake-server";
import { BYTES, CHUNK, expectWhole, fetched, first, MIRROR, serverWith, SMALL, URL_ } from "../testing/fetching";
import { sampleBytes } from "../testing/plans";
import { createTransfer } from "./transfer";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a good server", () => {
  test("is asked for ranges, several at once, each once", async () => {
    let open = 0;
    let most = 0;
    const server = serverWith(async (_, right) => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 100));
      open--;
      return right();
    });
    expectWhole(await fetched(server));
    expect(most).toBe(4);
    expect(server.requests).toHaveLength(7);
  });

  test("is asked only for what is missing", async () => {
    const server = serverWith();
    const { chunks, counted } = await fetched(server, { missing: [2, 6] });
    expect(chunks.toSorted((a, b) => a - b)).toEqual([2, 6]);
    expect(counted).toBe(CHUNK + 17);
    expect(server.requests.map(({ range }) => range?.[0])).toEqual([2 * CHUNK, 6 * CHUNK]);
  });

  test("gives a file of one chunk in one plain request", async () => {
    const server = serverWith(undefined, SMALL);
    expectWhole(await fetched(server, { bytes: SMALL }), SMALL);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined]);
  });

  test("gets the headers that are meant for its origin, and no other does", async () => {
    const server = serverWith((request) => (request.url.startsWith("https://hub.test") ? new Response(null, { status: 404 }) : undefined));
    const headersFor = (url: string): Record<string, string> =>
      url.startsWith("https://hub.test/") ? { authorization: "Bearer secret" } : {};
    expectWhole(await fetched(server, { urls: [URL_, MIRROR], transfer: { headersFor } }));
    for (const { url, headers } of server.requests) expect(headers.has("authorization")).toBe(url === URL_);
  });
});

describe("faults that pass are waited out", () => {
  test.each<[string, Spoil]>([
    ["D3 the line breaks after a few bytes", first(3, ({ range, signal }) => broken(range, signal, "break"))],
    ["D4 the line falls silent", first(3, ({ range, signal }) => broken(range, signal, "silence"))],
    ["D6 the body ends early, as if that were its end", first(3, ({ range, signal }) => broken(range, signal, "end"))],
    [
      "D8 another range than the one asked for",
      first(2, () => new Response(BYTES.slice(0, 9), { status: 206, headers: { "content-range": "bytes 0-8/401" } })),
    ],
    ["more bytes than were asked for", first(2, () => new Response(BYTES, { status: 206 }))],
    ["D10 429", first(2, () => new Response(null, { status: 429, headers: { "retry-after": "7" } }))],
    ["D10 500", first(2, () => new Response(null, { status: 500 }))],
    [
      "D10 503 until a date",
      first(2, () => new Response(null, { status: 503, headers: { "retry-after": new Date(Date.now() + 9_000).toUTCString() } })),
    ],
    [
      "the connection is refused",
      first(2, () => {
        throw new TypeError("Failed to fetch");
      }),
    ],
  ])("%s", async (_, spoil) => {
    const outcome = await fetched(serverWith(spoil));
    expectWhole(outcome);
    expect(outcome.waits).toContain("retry");
  });

  test("D3 a line that breaks again and again brings the file, because each time it brings some of it", async () => {
    const server = serverWith(({ range, signal }) => broken(range, signal, "break"));
    expectWhole(await fetched(server, { transfer: { lanes: 1 } }));
    const asked = server.requests.reduce((sum, { range }) => sum + (range === undefined ? 0 : Math.min(24, range[1] - range[0])), 0);
    expect(asked).toBe(BYTES.byteLength);
  });

  test.each([
    ["seconds", "30", 30_000],
    ["an absurd time", "86400", 300_000],
    ["nonsense", "soon", 0],
  ])("Retry-After of %s is kept to, within reason", async (_, value, waitMs) => {
    const times: number[] = [];
    const server = serverWith(() => {
      times.push(Date.now());
      return times.length === 1 ? new Response(null, { status: 503, headers: { "retry-after": value } }) : undefined;
    }, SMALL);
    expectWhole(await fetched(server, { bytes: SMALL }), SMALL);
    const waited = (times[1] ?? 0) - (times[0] ?? 0);
    expect(waited).toBeGreaterThanOrEqual(Math.max(waitMs, 750));
    expect(waited).toBeLessThanOrEqual(Math.max(waitMs, 1_250));
  });

  test("the network's return ends a pause", async () => {
    const listeners = new Set<() => void>();
    let isOffline = true;
    const server = serverWith(() => {
      if (isOffline) throw new TypeError("Failed to fetch");
      return undefined;
    }, SMALL);
    const backoffMs = [3_600_000];
    setTimeout(() => {
      isOffline = false;
      for (const listener of listeners) listener();
    }, 2_000);
    const began = Date.now();
    const outcome = await fetched(server, {
      bytes: SMALL,
      transfer: {
        times: { ...createTransfer().times, backoffMs },
        isOffline: () => isOffline,
        onOnline: (listener) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      },
    });
    expectWhole(outcome, SMALL);
    expect(outcome.waits).toEqual(["offline"]);
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(listeners.size).toBe(0);
  });
});

/** At most one piece of the right range, and then something. */
function broken(range: readonly [number, number] | undefined, signal: AbortSignal, then: "end" | "break" | "silence"): Response {
  const [begin, end] = range ?? [0, BYTES.byteLength];
  const body = pieces(BYTES.slice(begin, Math.min(begin + 24, end)), signal, begin + 24 < end ? then : "end");
  return new Response(body, { status: range === undefined ? 200 : 206 });
}

describe("servers without ranges", () => {
  const whole: Spoil = ({ signal }) => new Response(pieces(BYTES, signal));

  test("D7 send the file once, from its beginning", async () => {
    const server = serverWith(whole);
    expectWhole(await fetched(server));
    // One question for a range, and one for the whole.
    expect(server.requests.map(({ range }) => range)).toEqual([[0, CHUNK], undefined]);
  });

  test("D7 what is here already is passed over", async () => {
    const { error, chunks, counted } = await fetched(serverWith(whole), { missing: [1, 3] });
    expect([error, chunks, counted]).toEqual([undefined, [1, 3], 2 * CHUNK]);
  });

  test("D7 a break costs what was not yet a whole chunk", async () => {
    let breaks = 0;
    const server = serverWith(({ signal }) => {
      const arrives = BYTES.slice(0, 24 + 72 * ++breaks);
      return new Response(pieces(arrives, signal, arrives.byteLength < BYTES.byteLength ? "break" : "end"));
    });
    const outcome = await fetched(server);
    expectWhole(outcome);
    expect(breaks).toBeGreaterThan(3);
  });

  test("D8 416 and D11 a compressed range are answered by asking for the whole", async () => {
    const unsatisfiable: Spoil = ({ range }) => (range === undefined ? undefined : new Response(null, { status: 416 }));
    expectWhole(await fetched(serverWith(unsatisfiable)));
    const compressed: Spoil = ({ range }) =>
      range === undefined ? undefined : new Response(new Uint8Array(9), { status: 206, headers: { "content-encoding": "gzip" } });
    expectWhole(await fetched(serverWith(compressed)));
  });

  test("D11 a range that a browser cannot unpack looks like a broken line, and then the whole is asked for", async () => {
    const spoil: Spoil = ({ range }) => {
      if (range === undefined) return undefined;
      throw new TypeError("Failed to fetch");
    };
    expectWhole(await fetched(serverWith(spoil)));
  });

  test("D11 a compressed file's length is that of its bytes, not of the packets", async () => {
    const server = serverWith(
      ({ signal }) => new Response(pieces(BYTES, signal), { headers: { "content-encoding": "gzip", "content-length": "9" } }),
    );
    expectWhole(await fetched(server));
  });
});

describe("faults that last are named", () => {
  const patient = createTransfer().times.backoffMs.length + 1;
  test.each<[string, Spoil, string, string, number]>([
    [
      "D9 a web page",
      () => new Response("<!doctype html>", { headers: { "content-type": "text/html; charset=utf-8" } }),
      "model-missing",
      "web page",
      1,
    ],
    ["D10 401", () => new Response(null, { status: 401 }), "download-gated", "401", 1],
    ["D10 403", () => new Response(null, { status: 403 }), "download-gated", "403", 1],
    ["D10 404", () => new Response(null, { status: 404 }), "model-missing", "404", 1],
    ["D10 410", () => new Response(null, { status: 410 }), "model-missing", "410", 1],
    ["400", () => new Response(null, { status: 400 }), "download-failed", "400", 1],
    ["416 for a whole file", () => new Response(null, { status: 416 }), "download-failed", "416", 1],
    ["D10 503 for ever", () => new Response(null, { status: 503 }), "download-failed", "503", patient],
    [
      "D13 no CORS, which looks like a broken line",
      () => {
        throw new TypeError("Failed to fetch");
      },
      "download-failed",
      "hub.test lets no other site",
      patient,
    ],
    [
      "D4 silence for ever",
      ({ signal }) => new Response(pieces(new Uint8Array(), signal, "silence")),
      "download-stalled",
      "nothing for 20 s",
      patient,
    ],
    ["a file that is longer", () => new Response(sampleBytes(CHUNK + 1, 2)), "model-corrupt", `not ${CHUNK - 1}`, 1],
    ["a file that ends early for ever", () => new Response(new Uint8Array(9)), "download-failed", `9 of ${CHUNK - 1}`, patient],
  ])("%s", async (_, spoil, code, words, requests) => {
    const server = serverWith(spoil);
    const { error, counted, chunks } = await fetched(server, { bytes: SMALL, urls: [`${URL_}?token=secret`] });
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(words);
    expect(error?.message).toContain("hub.test/file");
    expect(JSON.stringify(error?.toWire())).not.toContain("secret");
    expect(server.requests).toHaveLength(requests);
    expect([counted, chunks]).toEqual([0, []]);
  });

  test("D1 offline", async () => {
    const spoil: Spoil = () => {
      throw new TypeError("Failed to fetch");
    };
    expect((await fetched(serverWith(spoil), { transfer: { isOffline: () => true } })).error?.code).toBe("offline");
  });

  test("D8 a file that has another length now", async () => {
    const spoil: Spoil = () => new Response(new Uint8Array(CHUNK), { status: 206, headers: { "content-range": `bytes 0-63/99` } });
    const { error, counted } = await fetched(serverWith(spoil));
    expect(error?.message).toContain(`is 99 bytes long, not ${BYTES.byteLength}`);
    expect(counted).toBe(0);
  });

  test("D14 a cancel stops every request at once, and says so", async () => {
    const abort = new AbortController();
    const server = serverWith(({ signal }) => new Response(pieces(BYTES.slice(0, 24), signal, "silence"), { status: 206 }));
    setTimeout(() => abort.abort(), 3_000);
    const began = Date.now();
    const { error } = await fetched(server, { signal: abort.signal });
    expect(error?.code).toBe("cancelled");
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(server.requests.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

describe("mirrors", () => {
  const refuse =
    (status: number): Spoil =>
    ({ url }) =>
      url === URL_ ? new Response(null, { status }) : undefined;

  test.each([401, 404, 503])("the next one is asked after a lasting %i", async (status) => {
    expectWhole(await fetched(serverWith(refuse(status)), { urls: [URL_, MIRROR] }));
  });

  test("if none has it, the preferred one's reason is given", async () => {
    const server = serverWith(({ url }) => new Response(null, { status: url === URL_ ? 403 : 404 }));
    expect((await fetched(server, { urls: [URL_, MIRROR] })).error?.code).toBe("download-gated");
  });
});
