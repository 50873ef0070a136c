// What lines and servers do to a download. In the end the model is here byte for byte, or the fault has a name, and what came is kept.
import { faultServer, type Fault } from "../fault-server";
import { CHUNK_BYTES, expect, test, WEIGHTS } from "./vault-page";

test("D1 offline before the first download: said so, and it goes on when the network is back", async ({ vault, context }) => {
  // The worker's script is the page's own, and comes with the page where that is installed.
  await vault.isListedComplete();
  await context.setOffline(true);
  const outcome = await vault.fetch();
  expect(outcome).toMatchObject({ code: "offline", remedy: "Connect to the network and try again." });
  await context.setOffline(false);
  await vault.expectRecovery();
});

test("D2 offline after the download: every file is read without the network", async ({ vault, context }) => {
  await vault.fetch();
  await vault.expectWhole();
  await vault.server.close();
  await context.setOffline(true);
  await vault.expectWhole();
  expect(await vault.fetch()).toMatchObject({ code: "complete" });
});

/** Faults that a download outlasts, and at most how many bytes more than the model's own it may take. */
const PASSING: readonly (readonly [row: string, fault: Fault, moreBytes: number])[] = [
  ["D3 cut in the middle of a chunk, again and again", { cutAt: 100_000 }, 0],
  ["D4 stalled", { stallAt: 100_000, times: 3 }, 0],
  ["D6 ended early, as if that were the end", { endAt: 100_000, times: 3 }, 0],
  // The whole that answers the first range is refused, and counts as far as it was sent.
  ["D7 a server without ranges", { noRanges: true }, 13 * CHUNK_BYTES],
  ["D8 another range than the one asked for", { contentRange: "bytes 5-9/*", times: 2 }, 0],
  ["D8 416", { status: 416, times: 1 }, 4 * CHUNK_BYTES],
  ["D10 429 with Retry-After", { status: 429, retryAfter: "1", times: 2 }, 0],
  ["D10 503", { status: 503, times: 2 }, 0],
  // A compressed answer to a range is refused unread, and counts as sent all the same.
  ["D11 compressed on the way", { gzip: true }, Infinity],
  ["D12 a bit flipped once", { flipAt: 3 * CHUNK_BYTES + 5, times: 4 }, 13 * CHUNK_BYTES],
];

for (const [row, fault, moreBytes] of PASSING) {
  test(`${row}: the model arrives whole`, async ({ vault }) => {
    vault.server.spoil(WEIGHTS, fault);
    expect(await vault.fetch()).toEqual({ code: "complete", message: "", remedy: "" });
    await vault.expectWhole();
    // Bytes that were written to the socket before a cut may not have reached the page.
    expect(vault.server.sentBytes).toBeLessThanOrEqual(vault.totalBytes + moreBytes + 4 * CHUNK_BYTES);
    const said = await vault.page.evaluate(() => globalThis.vaultPage.said);
    expect(Math.max(...said.map(({ hereBytes }) => hereBytes))).toBe(vault.totalBytes);
  });
}

test("D5 a slow line: progress is steady, and it is not taken for a stalled one", async ({ vault }) => {
  vault.server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 18 });
  await vault.begin();
  await vault.reached(vault.totalBytes / 2);
  vault.server.spoil(WEIGHTS, undefined);
  expect(await vault.outcome()).toMatchObject({ code: "complete" });
  const said = await vault.page.evaluate(() => globalThis.vaultPage.said);
  expect(said.filter(({ waiting }) => waiting !== undefined)).toEqual([]);
  const here = said.map(({ hereBytes }) => hereBytes);
  expect(here).toEqual(here.toSorted((left, right) => left - right));
  // Between two chunks it is told several times.
  expect(here.length).toBeGreaterThan(13);
});

/** Faults that last, with the error's code and a part of its message. */
const LASTING: readonly (readonly [row: string, fault: Fault, code: string, words: string])[] = [
  ["D4 stalled for ever", { stallAt: 0 }, "download-stalled", "sent nothing for"],
  ["D8 a file of another length", { contentRange: "bytes 0-262143/77" }, "model-corrupt", "is 77 bytes long"],
  ["D9 a web page", { html: true }, "model-missing", "answered with a web page"],
  ["D10 401", { status: 401 }, "download-gated", "401"],
  ["D10 403", { status: 403 }, "download-gated", "403"],
  ["D10 404", { status: 404 }, "model-missing", "404"],
  ["D10 410", { status: 410 }, "model-missing", "410"],
  ["D10 500 for ever", { status: 500 }, "download-failed", "500"],
  ["D12 a bit flipped always", { flipAt: 3 * CHUNK_BYTES + 5 }, "model-corrupt", "another hash than the published one"],
  ["D13 no CORS", { noCors: true }, "download-failed", "lets no other site read its files"],
];

for (const [row, fault, code, words] of LASTING) {
  test(`${row}: it is named, nothing wrong is offered, and what came is kept`, async ({ vault }) => {
    vault.server.spoil(WEIGHTS, fault);
    const outcome = await vault.fetch();
    expect(outcome.code).toBe(code);
    expect(outcome.message).toContain(words);
    expect(outcome.message).toContain(WEIGHTS);
    await vault.expectNotOffered();
    const before = vault.server.requests.length;
    await vault.expectRecovery();
    expect(vault.server.requests.slice(before).map(({ path }) => path)).not.toContain("model_index.json");
  });
}

test("D13 a redirect to another origin is followed, and the token stays behind", async ({ vault }) => {
  const storage = await faultServer(vault.server.files);
  try {
    vault.server.spoil(WEIGHTS, { redirectTo: storage.url });
    await vault.page.evaluate(() => globalThis.vaultPage.store.useToken("secret"));
    expect(await vault.fetch()).toMatchObject({ code: "complete" });
    await vault.expectWhole();
    expect(vault.server.requests.every(({ authorization }) => authorization === "Bearer secret")).toBe(true);
    expect(storage.requests.length).toBeGreaterThan(0);
    expect(storage.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  } finally {
    await storage.close();
  }
});

test("D13 a redirect to an origin without CORS names what was asked", async ({ vault }) => {
  const storage = await faultServer(vault.server.files);
  try {
    storage.spoil(WEIGHTS, { noCors: true });
    vault.server.spoil(WEIGHTS, { redirectTo: storage.url });
    const outcome = await vault.fetch();
    expect([outcome.code, outcome.message.includes(new URL(vault.server.url).host)]).toEqual(["download-failed", true]);
  } finally {
    await storage.close();
  }
});

test("D14 cancelled, and resumed by a new page: only what is missing comes", async ({ vault }) => {
  vault.server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 19 });
  await vault.begin();
  await vault.reached(vault.totalBytes / 2);
  await vault.page.evaluate(() => globalThis.vaultPage.cancel());
  expect(await vault.outcome()).toMatchObject({ code: "cancelled" });
  vault.server.spoil(WEIGHTS, undefined);
  await vault.page.reload();
  await vault.open();
  const [left] = await vault.page.evaluate(() => globalThis.vaultPage.store.list());
  expect(left?.isComplete).toBe(false);
  expect(left?.hereBytes).toBeGreaterThan(vault.totalBytes / 4);
  vault.server.sentBytes = 0;
  expect(await vault.fetch()).toMatchObject({ code: "complete" });
  expect(vault.server.sentBytes).toBe(vault.totalBytes - (left?.hereBytes ?? 0));
  await vault.expectWhole();
});
