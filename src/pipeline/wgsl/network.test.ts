// Rules for a network's weights, on the embedded student: they are read from their files in few reads,
// because over HTTP each read is a request, and a load that ends early leaves nothing on the GPU.
import { describe, expect, test, vi } from "vitest";
import { VIGNETTE } from "../../catalogue/entries";
import type { ByteStore } from "../../checkpoints/byte-source";
import { catalogueManifest } from "../../checkpoints/catalogue-manifest";
import { diffusersManifest } from "../../checkpoints/diffusers-manifest";
import { component, openComponent, withFormats, type Manifest } from "../../checkpoints/manifest";
import { memorySource } from "../../checkpoints/memory-source";
import { safetensorsFile, type TestTensor } from "../../checkpoints/testing/safetensors-file";
import { readTensorFile } from "../../checkpoints/tensor-file";
import { OnestrokeError } from "../../common/errors";
import { nodeStore } from "../../checkpoints/node-file";
import type { Device } from "../../engine/device";
import { testDevice } from "../../engine/testing/evaluate";
import { recordBuffers } from "../../engine/testing/record-buffers";
import type { Progress } from "../../common/progress";
import type { Model } from "../draw";
import { studentManifest } from "../testing/embedded-student";
import { Work } from "../work";
import { WgslAutoencoder } from "./autoencoder";
import { WgslDenoiser } from "./denoiser";
import { openWgslModel } from "./model";

const NUMBERS = { format: "f32", sampleSize: 32 } as const;
const SIZE = { width: 64, height: 64 };

interface Range {
  readonly begin: number;
  readonly byteLength: number;
}

/** A store that notes each read of weights. */
function noting(store: ByteStore, reads: Range[]): ByteStore {
  return {
    ...store,
    open: async (path, signal) => {
      const source = await store.open(path, signal);
      if (!path.endsWith(".safetensors")) return source;
      const read: typeof source.read = (begin, into, ...rest) => {
        reads.push({ begin, byteLength: into.byteLength });
        return source.read(begin, into, ...rest);
      };
      return { ...source, read };
    },
  };
}

test("hundreds of tensors are a few reads of megabytes, whether they are stored as the GPU takes them or in blocks", async () => {
  const reads: Range[] = [];
  const plain = nodeStore("models/vignette");
  const manifest = await studentManifest(noting(plain, reads));
  const unet = component(manifest, "unet");
  const { tensors } = await readTensorFile(await plain.open(unet.files[0]?.path ?? ""));
  expect(tensors.size, "control").toBeGreaterThan(300);
  const firstBlocks = Math.min(...[...tensors.values()].filter(({ blocks }) => blocks !== undefined).map(({ begin }) => begin));
  const denoiser = new WgslDenoiser(manifest, await testDevice(), { format: "f32" });
  await denoiser.plan({ height: 8, width: 8, textTokens: 77, method: "nasa" }, new Work());
  denoiser.network.evict();
  const [prefix, header, ...weights] = reads;
  expect(prefix).toEqual({ begin: 0, byteLength: 8 });
  expect(header?.byteLength).toBeGreaterThan(0);
  const total = weights.reduce((sum, { byteLength }) => sum + byteLength, 0);
  for (const inBlocks of [false, true]) {
    const alike = weights.filter(({ begin }) => begin >= firstBlocks === inBlocks).map(({ byteLength }) => byteLength);
    const [bytes, most] = [alike.reduce((sum, each) => sum + each, 0), Math.max(...alike)];
    // A thirty-second of the network, and what must be together.
    expect(most).toBeGreaterThan(0.9 * (total / 32));
    // If two neighbouring reads together were no longer than the longest, they would have been one read.
    expect(alike.length).toBeLessThanOrEqual(Math.ceil((2 * bytes) / most));
  }
});

test("the GPU's compiler has everything to do before the first weight is there", async () => {
  const device = await testDevice();
  const counts: number[] = [];
  const plain = nodeStore("models/vignette");
  const watched: ByteStore = {
    ...plain,
    open: async (path, signal) => {
      const source = await plain.open(path, signal);
      return { ...source, read: (begin, into) => (counts.push(device.programCount), source.read(begin, into)) };
    },
  };
  // No other test here compiles a decoder, so its programs are new.
  const autoencoder = new WgslAutoencoder(await diffusersManifest(watched), device, NUMBERS);
  const before = device.programCount;
  counts.length = 0;
  await autoencoder.plan(SIZE, new Work());
  autoencoder.scales[0].decoder.network.evict();
  const [prefix, header, weights] = counts;
  expect([prefix, header]).toEqual([before, before]);
  expect(weights).toBeGreaterThan(before);
  expect(device.programCount, "nothing is compiled twice, or later").toBe(weights);
});

describe("what packs weights is compiled before their file comes", () => {
  const path = "vae/diffusion_pytorch_model.fp16.safetensors";

  /** The autoencoder with its weights in other numbers, in a file that comes when `arrival` resolves. */
  async function waitingFor(numbers: "f32" | "bf16", arrival: Promise<void>, waits: () => void) {
    const plain = nodeStore("models/vignette");
    const reader = await openComponent(component(await diffusersManifest(plain), "vae"));
    const tensors = new Map<string, TestTensor>();
    for (const name of reader.names) {
      const values = await reader.readFloat32(name);
      // Of each number, in little-endian order, the upper half.
      const halves = new Uint16Array(values.buffer).filter((_, index) => index % 2 === 1);
      const data = new Uint8Array(numbers === "f32" ? values.buffer : halves.buffer);
      tensors.set(name, { dtype: numbers === "f32" ? "F32" : "BF16", shape: reader.shape(name), data });
    }
    const file = memorySource(path, safetensorsFile(tensors));
    const open: ByteStore["open"] = async (asked, signal) => {
      if (asked !== path) return plain.open(asked, signal);
      const read: typeof file.read = async (...wanted) => {
        waits();
        await arrival;
        return file.read(...wanted);
      };
      return { ...file, read };
    };
    return diffusersManifest({ ...plain, open });
  }

  /** @returns how many programs the GPU's compiler was asked for before the file came, and after */
  async function programs(numbers: "f32" | "bf16", isKnown: boolean) {
    const device = await testDevice();
    let arrive: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    let wait: () => void = () => undefined;
    const isWaitedFor = new Promise<void>((resolve) => (wait = resolve));
    const manifest = await waitingFor(numbers, arrival, () => wait());
    const known = isKnown ? { vae: [numbers] } : {};
    const autoencoder = new WgslAutoencoder(withFormats(manifest, { vae: "f16" }, known), device, NUMBERS);
    const planned = autoencoder.plan(SIZE, new Work());
    await isWaitedFor;
    // What the load does before it waits, it has done by the next turn.
    await new Promise((resolve) => setTimeout(resolve));
    const before = device.programCount;
    arrive();
    await planned;
    const after = device.programCount;
    autoencoder.scales[0].decoder.network.evict();
    return { before, after };
  }

  test("control: where nobody knows what it will hold, what packs it waits for that", async () => {
    const { before, after } = await programs("bf16", false);
    expect(after).toBeGreaterThan(before);
  });

  test("float32, as the plan of the download says", async () => {
    const { before, after } = await programs("f32", true);
    expect(after).toBe(before);
  });
});

test("a load that is cancelled at its last network frees those before it", async () => {
  const [device, manifest] = [await testDevice(), await studentManifest()];
  const abort = new AbortController();
  const stopAtDenoiser = (progress: Progress) => {
    if ("component" in progress && progress.component === "unet") abort.abort();
  };
  const load = () => openWgslModel(manifest, device, { signal: abort.signal, onProgress: stopAtDenoiser });
  expect((await recordBuffers(device, () => expect(load()).rejects.toMatchObject({ code: "cancelled" }))).left).toBe(0);
});

/** The file with bytes of one tensor changed, which begin at its place. */
function damaged(store: ByteStore, file: string, name: string, bytes: Uint8Array): ByteStore {
  return {
    ...store,
    open: async (path, signal) => {
      const source = await store.open(path, signal);
      if (path !== file) return source;
      const tensor = (await readTensorFile(source)).tensors.get(name);
      const read: typeof source.read = async (begin, into, ...rest) => {
        await source.read(begin, into, ...rest);
        const at = (tensor?.begin ?? 0) - begin;
        bytes.forEach((byte, index) => {
          if (at + index >= 0 && at + index < into.byteLength) into[at + index] = byte;
        });
      };
      return { ...source, read };
    },
  };
}

describe("while the largest file is still on its way", () => {
  const UNET = "unet/diffusion_pytorch_model.safetensors";

  /** Loads what ships with the page, whose largest file comes when `arrival` resolves. @param waits called once it is waited for */
  async function load(device: Device, arrival: Promise<void>, waits: () => void, onProgress: (progress: Progress) => void) {
    const plain = nodeStore("models/vignette");
    const open: ByteStore["open"] = async (path, signal) => {
      const source = await plain.open(path, signal);
      if (path !== UNET) return source;
      const read: typeof source.read = async (...asked) => {
        waits();
        await arrival;
        return source.read(...asked);
      };
      return { ...source, read };
    };
    const manifest = await catalogueManifest(VIGNETTE, () => ({ ...plain, open }));
    return openWgslModel(manifest, device, { onProgress });
  }

  test("all others are loaded, and everything is compiled", async () => {
    const device = await testDevice();
    let arrive: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => (arrive = resolve));
    const said: Progress[] = [];
    let model: Model | undefined;
    const asked = await new Promise<number>((resolve, reject) => {
      load(
        device,
        arrival,
        () => resolve(said.length),
        (progress) => said.push(progress),
      ).then((loaded) => (model = loaded), reject);
    });
    const compiled = said.flatMap((one) => (one.stage === "compile" && one.pipelines === one.totalPipelines ? [one.component] : []));
    expect(compiled).toEqual(["text_encoder", "vae"]);
    expect(said.at(asked - 1)).toMatchObject({ stage: "load", component: "unet" });
    const programs = device.programCount;
    arrive();
    await vi.waitFor(() => expect(model).toBeDefined());
    expect(device.programCount, "nothing was left to compile").toBe(programs);
    expect(model?.facts.readsPictures).toBe(true);
    await model?.dispose();
  });

  test("a download that fails then frees what was loaded", async () => {
    const device = await testDevice();
    const failure = new OnestrokeError("download-failed", "the connection was lost");
    let fail: () => void = () => undefined;
    const arrival = new Promise<void>((_, reject) => (fail = () => reject(failure)));
    const { left } = await recordBuffers(device, () =>
      expect(
        load(
          device,
          arrival,
          () => fail(),
          () => undefined,
        ),
      ).rejects.toBe(failure),
    );
    expect(left).toBe(0);
  });
});

test("a number that is none is found on the GPU, named, and leaves nothing there; so does a file that ends early", async () => {
  const device = await testDevice();
  const plain = nodeStore("models/vignette");
  const file = "unet/diffusion_pytorch_model.safetensors";
  const load = async (store: ByteStore, code: string, detail: object) => {
    const denoiser = new WgslDenoiser(await studentManifest(store), device, { format: "f32" });
    const planned = denoiser.plan({ height: 8, width: 8, textTokens: 77, method: "nasa" }, new Work());
    await expect(planned).rejects.toMatchObject({ code, detail: expect.objectContaining(detail) });
    expect(denoiser.network.byteLength).toBe(0);
  };
  const nan = damaged(plain, file, "conv_in.bias", Uint8Array.of(1, 0x7c));
  const tensor = "conv_in.bias";
  expect((await recordBuffers(device, () => load(nan, "model-corrupt", { rule: 15, tensor }))).left).toBe(0);
  const short: ByteStore = {
    ...plain,
    open: async (path, signal) => {
      const source = await plain.open(path, signal);
      if (path !== file) return source;
      const read: typeof source.read = async (begin, into, ...rest) => {
        if (begin > 2 ** 20) throw new OnestrokeError("model-corrupt", "gone", { file });
        await source.read(begin, into, ...rest);
      };
      return { ...source, read };
    },
  };
  expect((await recordBuffers(device, () => load(short, "model-corrupt", { file }))).left).toBe(0);
});

test.each([
  ["text_encoder", "q8"],
  ["unet", "q8"],
  ["vae", "f16"],
] as const)(
  "what ships with the page has its %s in %s, is drawn with in float16, and holds no other numbers beside blocks",
  async (name, stored) => {
    const { components } = await catalogueManifest(VIGNETTE, () => nodeStore("models/vignette"));
    const part = components[name];
    expect([part?.weightFormat, part?.storedNumbers]).toEqual(["f16", ["f16"]]);
    const reader = part && (await openComponent(part));
    expect([reader?.weightFormat, [...(reader?.storedNumbers ?? [])]]).toEqual([stored, ["f16"]]);
  },
);

test("the weights' format is what was chosen, or else what the manifest says, or else what the files have", async () => {
  const device = await testDevice();
  const files = await diffusersManifest(nodeStore("models/vignette"));
  const formatOf = (manifest: Manifest, weights?: "q4") =>
    new WgslDenoiser(manifest, device, { format: "f32", weights }).network.weightFormat();
  const said = await studentManifest();
  expect([await formatOf(said, "q4"), await formatOf(said), await formatOf(files)]).toEqual([
    ["unet", "q4"],
    ["unet", "f16"],
    ["unet", "q8"],
  ]);
});
