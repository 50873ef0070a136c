// Rules for a network's weights, on the embedded student: they are read from their files in few reads,
// because over HTTP each read is a request, and a load that ends early leaves nothing on the GPU.
import { expect, test } from "vitest";
import type { ByteStore } from "../../checkpoints/byte-source";
import { diffusersManifest } from "../../checkpoints/diffusers-manifest";
import { component, openComponent } from "../../checkpoints/manifest";
import { nodeStore } from "../../checkpoints/node-file";
import { testDevice } from "../../engine/testing/evaluate";
import { recordBuffers } from "../../engine/testing/record-buffers";
import type { Progress } from "../../common/progress";
import { Work } from "../work";
import { WgslAutoencoder } from "./autoencoder";
import { WgslDenoiser } from "./denoiser";
import { openWgslModel } from "./model";

/** A store that notes how many bytes each read of weights is. */
function counting(store: ByteStore, reads: number[]): ByteStore {
  return {
    ...store,
    open: async (path, signal) => {
      const source = await store.open(path, signal);
      if (!path.endsWith(".safetensors")) return source;
      return { ...source, read: (begin, into, readSignal) => (reads.push(into.byteLength), source.read(begin, into, readSignal)) };
    },
  };
}

test("hundreds of tensors are a few reads of megabytes", async () => {
  const reads: number[] = [];
  const manifest = await diffusersManifest(counting(nodeStore("models/vignette"), reads));
  const unet = component(manifest, "unet");
  expect((await openComponent(unet)).names.length, "control").toBeGreaterThan(300);
  reads.length = 0;
  const denoiser = new WgslDenoiser(manifest, await testDevice(), { format: "f32" });
  await denoiser.plan({ height: 8, width: 8, textTokens: 77, method: "nasa" }, new Work());
  denoiser.network.evict();
  const [prefix, header, ...weights] = reads;
  expect(prefix).toBe(8);
  expect(header).toBeGreaterThan(0);
  const bytes = weights.reduce((total, read) => total + read, 0);
  // If two neighbouring reads together were at most 4 MiB, they would have been one read.
  expect(weights.length).toBeLessThanOrEqual(Math.ceil((2 * bytes) / (4 * 2 ** 20)));
  expect(Math.max(...weights)).toBeLessThanOrEqual(4 * 2 ** 20);
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
  const autoencoder = new WgslAutoencoder(await diffusersManifest(watched), device, "f32");
  const before = device.programCount;
  counts.length = 0;
  await autoencoder.plan({ height: 8, width: 8 }, new Work());
  autoencoder.decoder.evict();
  const [prefix, header, weights] = counts;
  expect([prefix, header]).toEqual([before, before]);
  expect(weights).toBeGreaterThan(before);
  expect(device.programCount, "nothing is compiled twice, or later").toBe(weights);
});

test("a load that is cancelled at its last network frees those before it", async () => {
  const [device, manifest] = [await testDevice(), await diffusersManifest(nodeStore("models/vignette"))];
  const abort = new AbortController();
  const stopAtDecoder = (progress: Progress) => {
    if ("component" in progress && progress.component === "vae") abort.abort();
  };
  const load = () => openWgslModel(manifest, device, { signal: abort.signal, onProgress: stopAtDecoder });
  expect((await recordBuffers(device, () => expect(load()).rejects.toMatchObject({ code: "cancelled" }))).left).toBe(0);
});

test("the weights' format is what was chosen, or else what the files have", async () => {
  const [device, manifest] = [await testDevice(), await diffusersManifest(nodeStore("models/vignette"))];
  const formatOf = (weights?: "q8") => new WgslDenoiser(manifest, device, { format: "f32", weights }).network.weightFormat();
  expect([await formatOf("q8"), await formatOf()]).toEqual([
    ["unet", "q8"],
    ["unet", "f16"],
  ]);
});
