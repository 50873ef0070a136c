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
  expect(first.revision, "of all its files").toMatch(/^[0-9a-f]{12}$/);
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
  const UNET = "unet/diffusion_pytorch_model.safetensors";
  const ENCODER = "text_encoder/model.safetensors";

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
  const commit = "b261bac6fd2c".padEnd(40, "0");
  const plan = { ...planOf(SAMPLES), repositories: planOf(SAMPLES).repositories.map((repository) => ({ ...repository, commit })) };
  const handed = { plan, files: new Map(SAMPLES.map(({ path, bytes }) => [`owner/name@main/${path}`, new Blob([bytes])])) };
  const files = await openFiles("owner/name", vault, ROOT, handed, {});
  expect(files.revision).toBe("b261bac6fd2c");
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

describe("one file that somebody dropped on the page", () => {
  const folder = "test/fixtures/clip-tokenizer-tiny";
  /** A hub that has a tokenizer in every repository, and nothing else. */
  const asked: string[] = [];
  const server: typeof fetch = async (address) => {
    const url = address instanceof Request ? address.url : String(address);
    asked.push(url);
    const [name] = /(?:vocab\.json|merges\.txt)$/.exec(url) ?? [];
    return name === undefined ? new Response("", { status: 404 }) : new Response(new Uint8Array(readFileSync(`${folder}/${name}`)));
  };

  async function opened(name: string, bytes: Uint8Array<ArrayBuffer>, hub?: string) {
    const { original, model } = { original: globalThis.fetch, model: "mine" };
    const repository = { repository: model, revision: "", commit: "", addresses: [], files: [{ path: name, byteLength: bytes.length }] };
    const handed: HandedModel = {
      plan: { model, title: model, license: undefined, repositories: [repository] },
      files: new Map([[`${model}/${name}`, new Blob([bytes])]]),
      isOneFile: true,
      ...(hub === undefined ? {} : { hub }),
    };
    globalThis.fetch = server;
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

  test.each([undefined, "https://mirror.test/hub"])(
    "what it lacks comes from the hub that the page has, and from nowhere else: %s",
    async (hub) => {
      asked.length = 0;
      await opened("mine.safetensors", fileOfShapes(WHOLE.sd15), hub);
      expect(asked).not.toEqual([]);
      expect(asked.filter((url) => !url.startsWith(`${hub ?? "https://huggingface.co"}/SimianLuo/`))).toEqual([]);
    },
  );

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
