// Whatever a file of weights contains, in whichever format, reading it gives tensors within the file or one `OnestrokeError`: never an
// error of the language, an endless loop, or more values than four times what the file has room for.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ByteSource } from "../checkpoints/byte-source";
import { blocksHeader, writtenBytes } from "../checkpoints/formats/blocks/write";
import { withLoras } from "../checkpoints/formats/lora/merge";
import { readLora } from "../checkpoints/formats/lora/read";
import { takeApart } from "../checkpoints/formats/original/single-file";
import { ggufFile } from "../checkpoints/formats/testing/gguf-file";
import { openClipShapes, prefixed, unetShapes, WHOLE, type ShapeList } from "../checkpoints/formats/testing/original-file";
import { pickled, tensor, torchFile } from "../checkpoints/formats/testing/torch-file";
import { readPickle } from "../checkpoints/formats/torch/pickle";
import { component, openComponent, type Manifest } from "../checkpoints/manifest";
import { memorySource, memoryStore } from "../checkpoints/memory-source";
import type { StoredTensor, StoredTensors } from "../checkpoints/stored-tensor";
import { readTensorFile } from "../checkpoints/tensor-file";
import { tensorReader } from "../checkpoints/tensor-reader";
import { bounded, damagedBytes, damagedJson, RUNS } from "../checkpoints/testing/mutate";
import { float32Tensor, safetensorsFile } from "../checkpoints/testing/safetensors-file";
import { blockShape, quantise } from "../common/blocks";
import { isJsonObject } from "../common/json";
import type { QuantisedFormat } from "../common/weight-format";
import { GraphBuilder } from "../engine/graph-builder";
import { openAutoencoder, openDenoiser, openTextEncoder } from "../networks";

/** Reads every tensor, one by one. @returns how many values the largest has */
async function mostValues(tensors: StoredTensors): Promise<number> {
  let most = 0;
  for (const [name, one] of tensors) {
    const values = await bounded(() => tensorReader("file", new Map([[name, one]])).readFloat32(name));
    most = Math.max(most, values?.length ?? 0);
  }
  return most;
}

function checkRanges(tensors: StoredTensors | undefined, size: number): void {
  const ranges = [...(tensors?.values() ?? [])];
  expect(ranges.every(({ begin, end }) => begin >= 0 && begin <= end && end <= size)).toBe(true);
}

const STATE = new Map([
  ["whole", tensor("Float", "0", [3, 4], [4, 1])],
  ["turned", tensor("Half", "1", [4, 3], [1, 4])],
  ["row", tensor("BFloat16", "1", [4], [1], 4)],
]);
const STORAGES = { 0: new Uint8Array(48), 1: new Uint8Array(24) };
const GGUF = ggufFile(
  {
    "a.weight": { type: 8, shape: [2, 32], data: new Uint8Array(68) },
    "b.weight": { type: 12, shape: [256], data: new Uint8Array(144) },
    c: { type: 0, shape: [3], data: new Uint8Array(12) },
  },
  { "general.architecture": "sd1", "general.alignment": 32, "comfy.gguf.orig_shape.a.weight": [8, 8] },
);

/** A file of weights in blocks, as `models -- quantise` writes it. */
function blocksFile(format: QuantisedFormat): Uint8Array<ArrayBuffer> {
  const weights = [
    { name: "a.weight", shape: [2, 64], format },
    { name: "b.weight", shape: [2, 32, 3, 1], format },
    { name: "c", shape: [3], format: "f16" },
  ] as const;
  const { header } = blocksHeader(weights);
  const [a, b] = [
    [2, 64],
    [2, 32, 3, 1],
  ].map((shape) => quantise(new Float32Array(shape.reduce((x, y) => x * y)).fill(127), blockShape(shape), format));
  const data = [a, b].flatMap((blocks, index) => (blocks === undefined ? [] : writtenBytes(blocks, weights[index]?.shape ?? [])));
  return Uint8Array.from([header, ...data, new Uint8Array(6)].flatMap((bytes) => [...bytes]));
}

test("control: files of blocks are read whole", async () => {
  for (const format of ["q8", "q4"] as const) {
    const { tensors } = await readTensorFile(memorySource("file", blocksFile(format)));
    expect([...tensors.keys()]).toEqual(["a.weight", "b.weight", "c"]);
    expect(await tensorReader("file", tensors).readFloat32("b.weight")).toEqual(new Float32Array(192).fill(127));
  }
});

test.each([
  ["q8", blocksFile("q8")],
  ["q4", blocksFile("q4")],
  ["torch.save", torchFile(STATE, STORAGES)],
  ["torch.save, in a training checkpoint, with zip64", torchFile(new Map([["state_dict", STATE]]), STORAGES, true)],
  ["GGUF", GGUF],
])("%s", async (_, file) => {
  await fc.assert(
    fc.asyncProperty(damagedBytes(file), async (bytes) => {
      const source: ByteSource = memorySource("file", bytes);
      const read = await bounded(() => readTensorFile(source));
      checkRanges(read?.tensors, bytes.length);
      // Quantised in four bits, a value takes 18 bytes for 32.
      expect(await mostValues(read?.tensors ?? new Map())).toBeLessThanOrEqual(4 * bytes.length);
    }),
    RUNS,
  );
});

test("a pickle", async () => {
  const bytes = pickled(new Map([["state_dict", STATE]]));
  await fc.assert(
    fc.asyncProperty(damagedBytes(bytes), async (damaged) => {
      await bounded(() => readPickle(damaged, "file"));
    }),
    RUNS,
  );
});

/** Tensors with these shapes, one after another in one file of float16. */
function tensorsOf(shapes: unknown): StoredTensors {
  const source: ByteSource = { name: "file", size: 2 ** 40, read: async () => undefined };
  const tensors = new Map<string, StoredTensor>();
  let begin = 0;
  for (const [name, value] of Object.entries(isJsonObject(shapes) ? shapes : {})) {
    const axes: readonly unknown[] = Array.isArray(value) ? value.slice(0, 8) : [];
    const shape = axes.filter((axis): axis is number => Number.isSafeInteger(axis) && Number(axis) >= 0);
    const end = begin + 2 * shape.reduce((size, axis) => size * axis, 1);
    if (!Number.isSafeInteger(end)) continue;
    tensors.set(name, { source, dtype: "F16", shape, begin, end });
    begin = end;
  }
  return tensors;
}

test.each<[string, ShapeList]>([
  ["SD1", WHOLE.sd15],
  ["SD2", WHOLE.sd21],
  ["SDXL", WHOLE.sdxl],
  ["SD2 with text alone damaged", { ...prefixed("", unetShapes()), ...prefixed("cond_stage_model.model.", openClipShapes()) }],
])("the original layout (%s) gives networks of bounded size, or is refused", async (_, shapes) => {
  await fc.assert(
    fc.asyncProperty(damagedJson(shapes), async (damaged) => {
      const all = tensorsOf(damaged);
      const size = [...all.values()].reduce((sum, { begin, end }) => sum + end - begin, 0);
      const g = new GraphBuilder();
      const file = await bounded(() => takeApart(all, "file"));
      if (file === undefined) return;
      for (const part of [file.unet, file.textEncoder, file.textEncoder2, file.vae]) checkRanges(part?.tensors, size);
      const { textEncoder, vae } = file;
      await bounded(() => openDenoiser(file.unet).build(g, { batch: 1, height: 8, width: 8, textTokens: 77, steering: "nasa" }));
      if (textEncoder !== undefined) await bounded(() => openTextEncoder(textEncoder).build(g, { batch: 1 }));
      if (vae !== undefined) await bounded(() => openAutoencoder(vae).decoder.build(g, { batch: 1, height: 8, width: 8 }));
      expect(g.build().nodes.length).toBeLessThan(40_000);
    }),
    RUNS,
  );
});

test("a LoRA is merged, or refused", async () => {
  const at = "down_blocks.0.attentions.0.to_q";
  const flat = `lora_unet_${at.replaceAll(".", "_")}`;
  const base = memoryStore("m", new Map([["unet", safetensorsFile(new Map([[`${at}.weight`, float32Tensor([1, 2, 3, 4], [2, 2])]]))]]));
  const unet = { className: "UNet2DConditionModel", store: base, folder: "", files: [{ path: "unet" }], config: {} };
  const manifest: Manifest = { name: "m", pipeline: "stable-diffusion", components: { unet } };
  const shapes = { [`${flat}.lora_up.weight`]: [2, 2], [`${flat}.lora_down.weight`]: [2, 2], [`${flat}.alpha`]: [] };
  await fc.assert(
    fc.asyncProperty(damagedJson(shapes), fc.double(), async (damaged, weight) => {
      const tensors = [...tensorsOf(damaged)].filter(([, { shape }]) => shape.every((axis) => axis < 64) && shape.length < 4);
      const file = safetensorsFile(
        new Map(
          tensors.map(([name, { shape, begin, end }]) => [name, { dtype: "F16" as const, shape, data: new Uint8Array(end - begin) }]),
        ),
      );
      const values = await bounded(async () => {
        const lora = await readLora(memoryStore("l", new Map([["lora", file]])), "lora");
        const merged = await withLoras(manifest, [{ lora, weight }]);
        return (await openComponent(component(merged, "unet"))).readFloat32(`${at}.weight`);
      });
      expect(values?.length ?? 4).toBe(4);
    }),
    RUNS,
  );
});
