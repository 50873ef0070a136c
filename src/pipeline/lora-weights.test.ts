// A LoRA at another weight reads what it touches and nothing else of the model, and draws what a model opened with that weight draws.
import { beforeEach, describe, expect, test } from "vitest";
import type { ByteStore } from "../checkpoints/byte-source";
import { readLora } from "../checkpoints/formats/lora/read";
import { withLoras } from "../checkpoints/formats/lora/merge";
import { memoryStore } from "../checkpoints/memory-source";
import { nodeStore } from "../checkpoints/node-file";
import { float32Tensor, safetensorsFile } from "../checkpoints/testing/safetensors-file";
import { random, testDevice } from "../engine/testing/evaluate";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";
import type { WeightFormat } from "../common/weight-format";
import type { Model } from "./draw";
import { SMALL, studentManifest } from "./testing/embedded-student";
import { openWgslModel } from "./wgsl/model";

const QUERY = "mid_block.attentions.0.transformer_blocks.0.attn2.to_q";
const TEXT = "text_model.encoder.layers.1.mlp.fc1";

/** The embedded student's files, and how many bytes of its weights were read. */
function countingStore(): { readonly store: ByteStore; take(): ReadonlyMap<string, number> } {
  const files = nodeStore("models/vignette");
  let read = new Map<string, number>();
  const store: ByteStore = {
    name: files.name,
    exists: (path, signal) => files.exists(path, signal),
    open: async (path, signal) => {
      const source = await files.open(path, signal);
      return {
        ...source,
        name: source.name,
        size: source.size,
        read: (begin, into, stop, onBytes) => {
          if (path.endsWith(".safetensors")) read.set(path, (read.get(path) ?? 0) + into.byteLength);
          return source.read(begin, into, stop, onBytes);
        },
      };
    },
  };
  return {
    store,
    take: () => {
      const taken = read;
      read = new Map();
      return taken;
    },
  };
}

async function opened(weights: readonly number[], format: WeightFormat = "f16") {
  const { store, take } = countingStore();
  const matrix = (rows: number, columns: number, seed: number) =>
    float32Tensor(
      Array.from(random(rows * columns, seed), (value) => value / 4),
      [rows, columns],
    );
  const loras = memoryStore(
    "loras",
    new Map([
      [
        "style.safetensors",
        safetensorsFile(
          new Map([
            [`unet.${QUERY}.lora_B.weight`, matrix(192, 4, 1)],
            [`unet.${QUERY}.lora_A.weight`, matrix(4, 192, 2)],
          ]),
        ),
      ],
      [
        "words.safetensors",
        safetensorsFile(
          new Map([
            [`text_encoder.${TEXT}.lora_B.weight`, matrix(512, 4, 3)],
            [`text_encoder.${TEXT}.lora_A.weight`, matrix(4, 128, 4)],
          ]),
        ),
      ],
    ]),
  );
  const read = await Promise.all([readLora(loras, "style.safetensors"), readLora(loras, "words.safetensors")]);
  const manifest = await withLoras(
    await studentManifest(store),
    read.map((lora, index) => ({ lora, weight: weights[index] ?? 0 })),
  );
  const model = await openWgslModel(manifest, await testDevice(), {}, { weights: format });
  return { model, take };
}

const recipe = (style: number, words: number): Recipe => ({
  ...SMALL,
  loras: [
    { name: "style", weight: style },
    { name: "words", weight: words },
  ],
});

const pixels = async (model: Model, style: number, words: number) => (await model.draw(recipe(style, words))).picture.data;

beforeEach(async () => void (await testDevice()));

describe("from 0.6 to 0.8", () => {
  test("a layer of the denoiser is read, and the picture is that of a model opened at 0.8", async () => {
    const { model, take } = await opened([0.6, 0.5]);
    const before = await pixels(model, 0.6, 0.5);
    expect([...take().values()].reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(12e6);
    const after = await pixels(model, 0.8, 0.5);
    const read = take();
    expect([...read.keys()].every((path) => path.startsWith("unet/"))).toBe(true);
    const bytes = [...read.values()].reduce((sum, each) => sum + each, 0);
    // 192 x 192 bytes, and for 32 of them a scale in float16.
    expect(bytes).toBe(192 * 192 + (192 * 192 * 2) / 32);
    expect(after).not.toEqual(before);
    expect(model.facts.loras).toEqual(recipe(0.8, 0.5).loras);

    const fresh = await opened([0.8, 0.5]);
    expect(await pixels(fresh.model, 0.8, 0.5)).toEqual(after);
    await fresh.model.dispose();
    // And back again, where nothing has added up.
    expect(await pixels(model, 0.6, 0.5)).toEqual(before);
    await model.dispose();
  });

  test("of a text encoder, whose kept texts are read anew; and to nothing", async () => {
    const { model, take } = await opened([0.6, 0.6]);
    await pixels(model, 0.6, 0.6);
    take();
    const without = await pixels(model, 0, 0);
    expect([...take().keys()].toSorted()).toEqual(["text_encoder/model.safetensors", "unet/diffusion_pytorch_model.safetensors"]);
    const plain = await openWgslModel(await studentManifest(), await testDevice());
    const { loras: _, ...bare } = recipe(0, 0);
    expect((await plain.draw(bare)).picture.data).toEqual(without);
    await plain.dispose();
    await model.dispose();
  });

  test("over quantised weights, which are quantised again from the files", async () => {
    const { model } = await opened([0.6, 0.6], "q8");
    const before = await pixels(model, 0.6, 0.6);
    const after = await pixels(model, 0.8, 0.6);
    expect(after).not.toEqual(before);
    const fresh = await opened([0.8, 0.6], "q8");
    expect(await pixels(fresh.model, 0.8, 0.6)).toEqual(after);
    await fresh.model.dispose();
    await model.dispose();
  });

  test("cancelled while it reads: the next picture has the weights that it asks for", async () => {
    const { model } = await opened([0.6, 0.6]);
    const before = await pixels(model, 0.6, 0.6);
    const abort = new AbortController();
    const onProgress = (): void => abort.abort();
    await expect(model.draw(recipe(0.8, 0.8), { signal: abort.signal, onProgress })).rejects.toMatchObject({ code: "cancelled" });
    expect(await pixels(model, 0.6, 0.6)).toEqual(before);
    await model.dispose();
  });

  test("cancelled while it draws, and another weight asked for: the next picture has that weight, and says so", async () => {
    const { model } = await opened([0, 0]);
    const plain = await pixels(model, 0, 0);
    for (const stop of ["step", "decode"] as const) {
      const abort = new AbortController();
      const onProgress = ({ stage }: Progress): void => void (stage === stop && abort.abort());
      const cut = model.draw(recipe(0.8, 0.8), { signal: abort.signal, onProgress }).catch(({ code }: { code: string }) => code);
      expect(await cut, stop).toBe("cancelled");
      const next = await model.draw(recipe(0, 0));
      expect(next.picture.data, stop).toEqual(plain);
      expect(next.recipe.loras, stop).toEqual(recipe(0, 0).loras);
    }
    await model.dispose();
  });

  test("control: other LoRAs than the model's are refused", async () => {
    const { model } = await opened([0.6, 0.6]);
    const other = { ...recipe(0.6, 0.6), loras: [{ name: "other", weight: 1 }] };
    await expect(model.draw(other)).rejects.toMatchObject({ code: "invalid-input" });
    await model.dispose();
  });
});
