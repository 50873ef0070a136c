// Where the image worker takes a model from: the vault, the page's own folder by way of the vault, or another worker's hands.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { VIGNETTE } from "../catalogue/entries";
import type { Progress } from "../common/progress";
import { fileVault } from "../vault/file-vault";
import { FakeDisk, toolsOn } from "../vault/testing/fake-disk";
import { fakeServer } from "../vault/testing/fake-server";
import { filesAt, planOf, sampleBytes, type Sample } from "../vault/testing/plans";
import { openFiles } from "./open-files";

const ROOT = "https://app.test/models/";
const SHIPPED = new Map(
  (VIGNETTE.files ?? []).map(({ path }) => [`${ROOT}vignette/${path}`, new Uint8Array(readFileSync(`models/vignette/${path}`))]),
);
const SAMPLES: readonly Sample[] = [{ path: "model_index.json", bytes: sampleBytes(70, 1), kind: "sha256" }];

function setting(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>) {
  const server = fakeServer(files);
  const disk = new FakeDisk();
  const vault = fileVault(toolsOn(disk, { fetcher: server.fetcher }, undefined, 2 ** 23), true);
  return { server, disk, vault };
}

test("what ships with the page comes through the vault, with progress, and the next time without the network", async () => {
  const { server, vault } = setting(SHIPPED);
  const said: Progress[] = [];
  const first = await openFiles("vignette", vault, ROOT, undefined, { onProgress: (progress) => said.push(progress) });
  expect(first.entry).toBe(VIGNETTE);
  expect(await first.base?.exists("unet/config.json")).toBe(true);
  expect(said.at(-1)).toMatchObject({ stage: "load", component: "files" });
  await first.release();
  const before = server.requests.length;
  await (await openFiles("vignette", vault, ROOT, undefined, {})).release();
  expect(server.requests).toHaveLength(before);
});

test("a flipped byte in what ships with the page is refused", async () => {
  const weights = `${ROOT}vignette/vae/diffusion_pytorch_model.fp16.safetensors`;
  const flipped = SHIPPED.get(weights)?.slice() ?? new Uint8Array();
  flipped[1_000] = 255 - (flipped[1_000] ?? 0);
  const { vault } = setting(new Map([...SHIPPED, [weights, flipped]]));
  await expect(openFiles("vignette", vault, ROOT, undefined, {})).rejects.toMatchObject({ code: "model-corrupt" });
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
  globalThis.fetch = fakeServer(SHIPPED).fetcher;
  try {
    const files = await openFiles("vignette", vault, ROOT, undefined, {});
    expect(await files.base?.exists("unet/config.json")).toBe(true);
  } finally {
    globalThis.fetch = original;
  }
});
