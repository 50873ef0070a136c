// Where the image worker takes a model from: the vault, the page's own folder by way of the vault, or another worker's hands.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { VIGNETTE } from "../catalogue/entries";
import type { Progress } from "../common/progress";
import { fileVault } from "../vault/file-vault";
import { FakeDisk, toolsOn } from "../vault/testing/fake-disk";
import { fakeServer, type FakeRequest } from "../vault/testing/fake-server";
import type { OpenModel } from "../vault/vault";
import { filesAt, planOf, sampleBytes, type Sample } from "../vault/testing/plans";
import { openFiles } from "./open-files";

const ROOT = "https://app.test/models/";
const SHIPPED = new Map(
  (VIGNETTE.files ?? []).map(({ path }) => [`${ROOT}vignette/${path}`, new Uint8Array(readFileSync(`models/vignette/${path}`))]),
);
const SAMPLES: readonly Sample[] = [{ path: "model_index.json", bytes: sampleBytes(70, 1), kind: "sha256" }];

function setting(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) {
  const server = fakeServer(files);
  server.spoil = (request) => inOnePiece(files, request);
  const disk = new FakeDisk();
  const vault = fileVault(toolsOn(disk, { fetcher: server.fetcher }, undefined, 2 ** 23), true);
  return { server, disk, vault };
}

/** The fake server's own small pieces would be a million. */
function inOnePiece(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, { url, range }: FakeRequest): Response | undefined {
  const bytes = files.get(url);
  if (bytes === undefined || range === undefined) return undefined;
  const headers = { "content-range": `bytes ${range[0]}-${range[1] - 1}/${bytes.byteLength}` };
  return new Response(bytes.slice(...range), { status: 206, headers });
}

/** Whether a file of the model is what ships, byte for byte. Arrays of millions are too much for `toEqual`. */
async function isAsShipped(files: OpenModel, path: string): Promise<boolean> {
  const source = await files.base?.open(path);
  const bytes = Buffer.alloc(source?.size ?? 0);
  await source?.read(0, bytes);
  return bytes.equals(SHIPPED.get(`${ROOT}vignette/${path}`) ?? new Uint8Array());
}

test("what ships with the page comes through the vault, with progress, and the next time without the network", async () => {
  const { server, vault } = setting(SHIPPED);
  const said: Progress[] = [];
  const first = await openFiles("vignette", vault, ROOT, undefined, { onProgress: (progress) => said.push(progress) });
  await first.arrived();
  expect(first.entry).toBe(VIGNETTE);
  expect(await first.base?.exists("unet/config.json")).toBe(true);
  expect(said.at(-1)).toMatchObject({ stage: "load", component: "files" });
  await first.release();
  const before = server.requests.length;
  const second = await openFiles("vignette", vault, ROOT, undefined, {});
  await second.arrived();
  await second.release();
  expect(server.requests).toHaveLength(before);
});

test("a flipped byte in what ships with the page is refused", async () => {
  const weights = `${ROOT}vignette/vae/diffusion_pytorch_model.fp16.safetensors`;
  const flipped = SHIPPED.get(weights)?.slice() ?? new Uint8Array();
  flipped[1_000] = 255 - (flipped[1_000] ?? 0);
  const { vault } = setting(new Map([...SHIPPED, [weights, flipped]]));
  const files = await openFiles("vignette", vault, ROOT, undefined, {});
  await expect(files.arrived()).rejects.toMatchObject({ code: "model-corrupt" });
  await expect(isAsShipped(files, "vae/diffusion_pytorch_model.fp16.safetensors")).rejects.toMatchObject({ code: "model-corrupt" });
  await files.release();
});

describe("what ships with the page is read while it is fetched", () => {
  const UNET = "unet/diffusion_pytorch_model.fp16.safetensors";
  const ENCODER = "text_encoder/model.fp16.safetensors";

  /** A server that holds the largest file back until it is told to go on. */
  function held() {
    const made = setting(SHIPPED);
    let goOn: (answer?: Response) => void = () => undefined;
    const waiting = new Promise<Response | undefined>((resolve) => (goOn = resolve));
    made.server.spoil = (request, right) => {
      const { url, signal } = request;
      const answer = (): Response => inOnePiece(SHIPPED, request) ?? right();
      if (!url.endsWith(UNET)) return answer();
      const stopped = new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return Promise.race([waiting.then((other) => other?.clone() ?? answer()), stopped]);
    };
    return { ...made, goOn };
  }

  test("a file that is whole at once, one that is on its way when it has come; all lengths are known before", async () => {
    const { vault, goOn } = held();
    const files = await openFiles("vignette", vault, ROOT, undefined, {});
    expect((await files.base?.open(UNET))?.size).toBe(SHIPPED.get(`${ROOT}vignette/${UNET}`)?.byteLength);
    expect(await isAsShipped(files, ENCODER)).toBe(true);
    const reading = isAsShipped(files, UNET);
    let isRead = false;
    void reading.then(() => (isRead = true));
    expect(await isAsShipped(files, "vae/config.json")).toBe(true);
    expect(isRead).toBe(false);
    goOn();
    expect(await reading).toBe(true);
    await files.arrived();
    await files.release();
  });

  test("a download that fails is what every read of what is missing fails of", async () => {
    const { vault, goOn } = held();
    const files = await openFiles("vignette", vault, ROOT, undefined, {});
    const reading = isAsShipped(files, UNET);
    goOn(new Response("gone", { status: 404 }));
    await expect(reading).rejects.toMatchObject({ code: "model-missing" });
    await expect(files.arrived()).rejects.toMatchObject({ code: "model-missing" });
    expect(await isAsShipped(files, ENCODER), "what has come can be read still").toBe(true);
    await files.release();
  });

  test.each(["cancelled by a person", "given up because something else failed"])("%s, what has come stays", async (how) => {
    const { vault, server, goOn } = held();
    const abort = new AbortController();
    const files = await openFiles("vignette", vault, ROOT, undefined, { signal: abort.signal });
    await isAsShipped(files, ENCODER);
    const reading = isAsShipped(files, UNET);
    const failed = expect(reading).rejects.toMatchObject({ code: "cancelled" });
    if (how === "cancelled by a person") abort.abort();
    await files.release();
    await failed;
    server.requests.length = 0;
    goOn();
    const again = await openFiles("vignette", vault, ROOT, undefined, {});
    await again.arrived();
    expect(new Set(server.requests.map(({ url }) => url))).toEqual(new Set([`${ROOT}vignette/${UNET}`]));
    await again.release();
  });
});

test("anything else is opened if it is here, and never fetched", async () => {
  const { server, vault } = setting(filesAt(SAMPLES));
  const open = () => openFiles("owner/name", vault, ROOT, undefined, {});
  await expect(open()).rejects.toMatchObject({ code: "model-missing", detail: { notHere: true } });
  expect(server.requests).toEqual([]);
  await vault.fetch(planOf(SAMPLES));
  expect(await (await open()).base?.exists("model_index.json")).toBe(true);
});

test("a model that was handed over is read from memory", async () => {
  const { vault, server } = setting(new Map());
  const plan = planOf(SAMPLES);
  const handed = { plan, files: new Map(SAMPLES.map(({ path, bytes }) => [`owner/name@main/${path}`, new Blob([bytes])])) };
  const files = await openFiles("owner/name", vault, ROOT, handed, {});
  const source = await files.base?.open("model_index.json");
  const bytes = new Uint8Array(70);
  await source?.read(0, bytes);
  expect(bytes).toEqual(SAMPLES[0]?.bytes);
  expect(server.requests).toEqual([]);
});

test("without room on the disk, what ships with the page is drawn with from memory", async () => {
  const { disk, vault } = setting(SHIPPED);
  disk.room = 1_000;
  const { fetch: original } = globalThis;
  globalThis.fetch = setting(SHIPPED).server.fetcher;
  try {
    const files = await openFiles("vignette", vault, ROOT, undefined, {});
    await files.arrived();
    expect(await isAsShipped(files, "unet/config.json")).toBe(true);
    await files.release();
  } finally {
    globalThis.fetch = original;
  }
});
