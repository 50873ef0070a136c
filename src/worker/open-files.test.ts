// Where the image worker takes a model from: the vault, the page's own folder by way of the vault, or another worker's hands.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { VIGNETTE } from "../catalogue/entries";
import { fileOfShapes, prefixed, unetShapes, WHOLE, type ShapeList } from "../checkpoints/formats/testing/original-file";
import { tensor, torchFile } from "../checkpoints/formats/testing/torch-file";
import { manifestOf } from "../checkpoints/places";
import { float32Tensor, safetensorsFile } from "../checkpoints/testing/safetensors-file";
import type { HandedModel } from "../common/download";
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

describe("one file that somebody dropped on the page", () => {
  const folder = "test/fixtures/clip-tokenizer-tiny";
  /** A hub that has a tokenizer in every repository, and nothing else. */
  const hub: typeof fetch = async (address) => {
    const [name] = /(?:vocab\.json|merges\.txt)$/.exec(address instanceof Request ? address.url : String(address)) ?? [];
    return name === undefined ? new Response("", { status: 404 }) : new Response(new Uint8Array(readFileSync(`${folder}/${name}`)));
  };

  async function opened(name: string, bytes: Uint8Array<ArrayBuffer>) {
    const { original, model } = { original: globalThis.fetch, model: "mine" };
    const repository = { repository: model, revision: "", commit: "", addresses: [], files: [{ path: name, byteLength: bytes.length }] };
    const handed: HandedModel = {
      plan: { model, title: model, license: undefined, repositories: [repository] },
      files: new Map([[`${model}/${name}`, new Blob([bytes])]]),
      isOneFile: true,
    };
    globalThis.fetch = hub;
    try {
      return await manifestOf(await openFiles(model, setting(new Map()).vault, ROOT, handed, {}));
    } finally {
      globalThis.fetch = original;
    }
  }

  const saved = (shapes: ShapeList): Uint8Array<ArrayBuffer> => {
    const strides = (shape: readonly number[]) => shape.map((_, i) => shape.slice(i + 1).reduce((size, axis) => size * axis, 1));
    const state = new Map(Object.entries(shapes).map(([name, shape]) => [name, tensor("Half", "0", shape, strides(shape))]));
    return torchFile(new Map([["state_dict", state]]), { 0: new Uint8Array(2 ** 18) });
  };
  const text = (words: string) => new Uint8Array(new TextEncoder().encode(words));
  const named = (...names: readonly string[]) => safetensorsFile(new Map(names.map((name) => [name, float32Tensor([0])])));

  test.each([
    ["mine.safetensors", fileOfShapes(WHOLE.sd15)],
    ["mine.safetensors", fileOfShapes(WHOLE.sdxl)],
    ["mine.ckpt", saved(WHOLE.sd15)],
  ])("opens as a model: %s, number %#", async (name, bytes) => {
    const { components } = await opened(name, bytes);
    expect(Object.keys(components)).toEqual(expect.arrayContaining(["unet", "text_encoder", "tokenizer", "vae"]));
  });

  test.each([
    ["inpainting", "a.safetensors", fileOfShapes(prefixed("model.diffusion_model.", unetShapes({ inputs: 9 }))), /inpainting/],
    ["the same as a .ckpt", "a.ckpt", saved(prefixed("model.diffusion_model.", unetShapes({ inputs: 9 }))), /inpainting/],
    ["Flux", "a.safetensors", named("model.diffusion_model.double_blocks.0.img_attn.qkv.weight"), /Flux/],
    ["Stable Diffusion 3", "a.safetensors", named("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"), /Stable Diffusion 3/],
    ["a ControlNet", "a.safetensors", named("control_model.input_blocks.0.0.weight"), /ControlNet/],
    ["float8 with scales", "a.safetensors", named("model.diffusion_model.scaled_fp8"), /float8 weights with scales/],
    ["an LFS pointer", "a.safetensors", text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"), /Git LFS pointer/],
    ["a page", "a.ckpt", text("<!DOCTYPE html><html></html>"), /web page/],
    ["a pickle of before PyTorch 1.6", "a.ckpt", Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9), /before PyTorch 1\.6/],
    ["half a file", "a.safetensors", fileOfShapes(WHOLE.sd15).subarray(0, 5000), /header|ends/],
    ["nothing", "a.gguf", new Uint8Array(0), /empty|bytes|ends/],
  ])("explains itself: %s", async (_, name, bytes, message) => {
    await expect(opened(name, bytes)).rejects.toMatchObject({ name: "OnestrokeError", message: expect.stringMatching(message) });
  });
});
