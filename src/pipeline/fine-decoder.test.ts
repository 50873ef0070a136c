// A second decoder of the same latents: the size alone says which one draws, on every engine, and what the first one draws stays as it was.
// The student with a small decoder of random weights beside its own, whose reference is PyTorch's (test/fixtures/vae-fine).
import { describe, expect, test } from "vitest";
import type { ByteStore } from "../checkpoints/byte-source";
import { component } from "../checkpoints/manifest";
import { memoryStore } from "../checkpoints/memory-source";
import { nodeStore } from "../checkpoints/node-file";
import { modelFolder } from "../checkpoints/places";
import { readJson } from "../checkpoints/read-file";
import { FIXTURES, relativeError } from "../checkpoints/testing/fixtures";
import { invariant } from "../common/errors";
import type { Picture } from "../common/picture";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import { testDevice } from "../engine/testing/evaluate";
import { recordBuffers } from "../engine/testing/record-buffers";
import { nodeRuntime } from "../ort/session/load-node";
import { averaged } from "./averaged";
import { openOnnxCheckpoint } from "./ort/checkpoint";
import { OnnxDecoder } from "./ort/decoder";
import { openOnnxModel } from "./ort/model";
import { outlineModel } from "./outline";
import { SMALL, studentManifest } from "./testing/embedded-student";
import { WgslAutoencoder } from "./wgsl/autoencoder";
import { openWgslModel } from "./wgsl/model";
import { Work } from "./work";

const STUDENT = nodeStore("models/vignette");
const WEIGHTS = "diffusion_pytorch_model.fp16.safetensors";
/** More than half-way from 256 x 256 to 512 x 512, and few pixels for that. */
const LARGE: Recipe = { ...SMALL, width: 512, height: 384 };

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const source = await nodeStore(`${FIXTURES}/vae-fine`).open(path);
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  return bytes;
}

/** The student's folder with the decoder in it. @param changes of the decoder's configuration */
async function withFine(changes: object = {}): Promise<ByteStore> {
  const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const config = json({ ...(await readJson(nodeStore(`${FIXTURES}/vae-fine`), "config.json")), ...changes });
  const index = { ...(await readJson(STUDENT, "model_index.json")), vae_fine: ["diffusers", "AutoencoderTiny"] };
  const files = memoryStore(
    "fine",
    new Map([
      ["model_index.json", json(index)],
      ["vae_fine/config.json", config],
      [`vae_fine/${WEIGHTS}`, await bytesOf(WEIGHTS)],
      ["vae_decoder_fine/config.json", config],
      ["vae_decoder_fine/model.onnx", await bytesOf("decoder.onnx")],
    ]),
  );
  const holder = async (path: string) => ((await files.exists(path)) ? files : STUDENT);
  return {
    name: STUDENT.name,
    exists: async (path) => (await holder(path)).exists(path),
    open: async (path, signal) => (await holder(path)).open(path, signal),
  };
}

const manifest = await studentManifest(await withFine());

test("our engine and ONNX Runtime draw a large picture alike, of a latent half as large as the first decoder's would be", async () => {
  const device = await testDevice();
  const runtime = await nodeRuntime();
  const ours = await openWgslModel(manifest, device, {}, { format: "f32", weights: "q8" });
  const theirs = await openOnnxModel(modelFolder(await withFine()), runtime);
  const [left, right] = [await ours.measure(LARGE), await theirs.measure(LARGE)];
  expect([left.latent.length, left.pixels.length]).toEqual([12 * 32 * 24, 3 * 512 * 384]);
  // The bound of whole exports against our own engine (cli/parity/onnx.ts).
  expect(relativeError(left.pixels, right.pixels)).toBeLessThan(2e-3);
  for (const { facts } of [ours, theirs]) {
    expect(facts.trainedSizes.map(({ side }) => side)).toEqual([256, 512]);
    expect(facts.defaultSize, "software draws the small one where nobody says").toBe(256);
    expect(facts.parts.map(({ name }) => name)).toEqual(["text_encoder", "unet", "vae", "vae_fine"]);
  }
  const { picture } = await theirs.draw(LARGE);
  expect([picture.width, picture.height]).toEqual([512, 384]);
  await theirs.dispose();
  await ours.dispose();
});

test("small pictures stay as they are without it, also after a large one; nothing is left on the GPU", async () => {
  const device = await testDevice();
  const plain = await openWgslModel(await studentManifest(), device);
  const wanted = (await plain.draw(SMALL)).picture;
  await plain.dispose();
  const { left } = await recordBuffers(device, async () => {
    const model = await openWgslModel(manifest, device);
    expect((await model.draw(SMALL)).picture).toEqual(wanted);
    const large = (await model.draw(LARGE)).picture;
    expect([large.width, large.height]).toEqual([512, 384]);
    expect((await model.draw(SMALL)).picture).toEqual(wanted);
    expect((await model.draw(LARGE)).picture, "the same again").toEqual(large);
    await model.dispose();
  });
  expect(left).toBe(0);
});

test("loading fills one bar with what the first picture needs, whichever decoder that is", async () => {
  const device = await testDevice();
  const fine = component(manifest, "vae_fine").files.reduce((sum, { byteLength = 0 }) => sum + byteLength, 0);
  const loaded = async (size: { width: number; height: number }) => {
    const said: Progress[] = [];
    const model = await openWgslModel(manifest, device, { onProgress: (progress) => said.push(progress) }, { size });
    await model.dispose();
    const loads = said.filter((progress) => progress.stage === "load");
    expect(loads.at(-1)?.loadedBytes).toBe(loads.at(-1)?.totalBytes);
    return { names: new Set(loads.map(({ component: name }) => name)), without: model.facts.weightBytes - (loads.at(-1)?.totalBytes ?? 0) };
  };
  const small = await loaded(SMALL);
  expect(small.without).toBe(fine);
  expect([...small.names]).not.toContain("vae_fine");
  const large = await loaded(LARGE);
  expect([...large.names]).toContain("vae_fine");
  expect([...large.names]).not.toContain("vae");
});

test("opening the graph of the other decoder counts as loading, and not as decoding", async () => {
  const runtime = await nodeRuntime();
  const { fine } = await openOnnxCheckpoint(modelFolder(await withFine()), undefined);
  invariant(fine !== undefined, "the folder has one");
  const decoder = new OnnxDecoder(runtime, fine);
  const work = new Work();
  const latent = runtime.tensor("float32", new Float32Array(12 * 2 * 2), [1, 12, 2, 2]);
  await work.time("decode", () => decoder.pixels(latent, { width: 32, height: 32 }, work));
  expect(work.timings().load).toBeGreaterThan(0);
  await decoder.network.release();
});

test("it is opened for a picture that was said only where that takes no more than one of its own of the same scale", async () => {
  const device = await testDevice();
  const compiled = async (size: { width: number; height: number }) => {
    const model = await openWgslModel(manifest, device, {}, { size });
    const abort = new AbortController();
    let count = 0;
    const onProgress = ({ stage }: Progress): void => {
      // The first compiling, or the picture's decoding without any, is all there is to know.
      if (stage === "compile") count++;
      if (stage === "compile" || stage === "decode") abort.abort();
    };
    await model.draw({ ...SMALL, ...size }, { signal: abort.signal, onProgress }).catch(() => undefined);
    await model.dispose();
    return count;
  };
  // It is drawn as the small ones are, of a latent with 40 pixels to a side.
  expect(await compiled({ width: 320, height: 320 })).toBeGreaterThan(0);
  expect(await compiled({ width: 512, height: 384 }), "control").toBe(0);
});

test("a picture to draw over is averaged down to what the one encoder reads", async () => {
  const device = await testDevice();
  const options = { format: "f32", sampleSize: 32 } as const;
  const both = new WgslAutoencoder(manifest, device, options);
  const alone = new WgslAutoencoder(await studentManifest(), device, options);
  const size = { width: LARGE.width, height: LARGE.height };
  const data = Uint8ClampedArray.from({ length: 4 * size.width * size.height }, (_, i) => (i % 4 === 3 ? 255 : (i * 37 + (i >> 9)) % 256));
  const picture: Picture = { ...size, data };
  const latent = await both.encode(picture, new Work());
  expect(latent).toEqual(await alone.encode(averaged(picture, { width: 256, height: 192 }), new Work()));
  expect(latent.length).toBe(12 * 32 * 24);
  for (const network of [both.encoder, alone.encoder]) network.evict();
  const model = await openWgslModel(manifest, device);
  const over = { ...LARGE, steps: 2, start: { picture: "0".repeat(64), strength: 0.5 } };
  const drawn = (await model.draw(over, {}, picture)).picture;
  expect([drawn.width, drawn.height]).toEqual([512, 384]);
  await model.dispose();
});

test("the outline says both sizes, plans for the large one, and counts both decoders", async () => {
  for (const readAs of ["weights", "graphs"] as const) {
    const outline = await outlineModel(modelFolder(await withFine()), readAs);
    const plain = await outlineModel(modelFolder(STUDENT), readAs);
    expect(outline.trainedSizes.map(({ side }) => side)).toEqual([256, 512]);
    expect(outline.defaultSize).toBe(512);
    expect([...outline.parts].at(-1)).toMatchObject({ name: "vae_fine", byteLength: expect.any(Number) });
    expect(outline.parts.length).toBe(plain.parts.length + 1);
    expect(outline.gpuBytes).toBeGreaterThan(plain.gpuBytes);
  }
});

describe("a second decoder that does not belong to the first is refused by name", () => {
  test.each([
    ["other latents", { latent_channels: 4 }, /latents of 4 channels/],
    [
      "no more pixels",
      { decoder_block_out_channels: [8, 8, 8, 4], num_decoder_blocks: [1, 1, 1, 0] },
      /makes 8 pixels of one along a side, which is no larger multiple of the first one's 8/,
    ],
  ])("%s", async (_, changes, message) => {
    for (const readAs of ["weights", "graphs"] as const) {
      await expect(outlineModel(modelFolder(await withFine(changes)), readAs)).rejects.toMatchObject({
        code: "model-unsupported",
        message,
      });
    }
  });
});

test("sides are multiples of what the decoder of that size makes of a pixel", async () => {
  const device = await testDevice();
  const model = await openWgslModel(manifest, device);
  await expect(model.draw({ ...LARGE, height: 392 })).rejects.toMatchObject({ code: "invalid-input", detail: { field: "height" } });
  await model.dispose();
});
