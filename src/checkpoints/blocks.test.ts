// A file of any format gives blocks within half a scale of its numbers, rounded once; GGUF's own blocks and ours are kept as they are
// where they mean the same; and what cannot be in blocks is refused by its name.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { blockShape, dequantise, quantise, type Blocks } from "../common/blocks";
import { fromFloat16, toFloat16 } from "../common/float16";
import type { QuantisedFormat } from "../common/weight-format";
import { blocksHeader, writtenBytes } from "./formats/blocks/write";
import { ggufFile, type GgufTensor } from "./formats/testing/gguf-file";
import { memoryStore } from "./memory-source";
import { transposed } from "./stored-tensor";
import { readTensorFile } from "./tensor-file";
import { openTensors, tensorReader, type TensorReader } from "./tensor-reader";
import { float32Tensor, safetensorsFile, type TestTensor } from "./testing/safetensors-file";

const FORMATS = ["q8", "q4"] as const;

const storeOf = (file: Uint8Array) => memoryStore("test", new Map([["file", file]]));
const openFile = (file: Uint8Array) => openTensors(storeOf(file), ["file"]);
const open = (tensors: Readonly<Record<string, TestTensor>>) => openFile(safetensorsFile(new Map(Object.entries(tensors))));
const openGguf = (tensor: GgufTensor) => openFile(ggufFile({ a: tensor }, {}));

async function blocks(reader: TensorReader, format: QuantisedFormat): Promise<Blocks> {
  for await (const [, values] of reader.stream(new Map([["a", { format }]]))) if ("scales" in values) return values;
  throw new Error("no blocks came");
}

/** Numbers of an even spread that float16 does not hold. */
const numbers = (count: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: count }, (_, i) => Math.sin(i * i) / 3);
const bytes = (length: number, seed: number): readonly number[] => Array.from({ length }, (_, i) => (i * 97 + seed * 31) % 256);
const halfBytes = (value: number): readonly number[] => [toFloat16(value) & 255, toFloat16(value) >> 8];

const digest = (values: Blocks["values"] | Blocks["scales"]) => createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex");

describe.each(FORMATS)("%s", (format) => {
  it("of float32 is rounded once, from float32", async () => {
    const values = numbers(2 * 64);
    const reader = await open({ a: float32Tensor([...values], [2, 64]) });
    expect(await blocks(reader, format)).toEqual(quantise(values, blockShape([2, 64]), format));
    expect(reader.weightFormat).toBe("f16");
  });

  it("of a tensor larger than a read, of float16 and of bfloat16 is that of their numbers", async () => {
    const shape = [64 * 128, 32, 3, 3];
    const halves = Uint16Array.from(numbers(64 * 128 * 32 * 9), toFloat16);
    const large: TestTensor = { dtype: "F16", shape, data: new Uint8Array(halves.buffer) };
    const [came, expected] = [
      await blocks(await open({ a: large }), format),
      quantise(Float32Array.from(halves, fromFloat16), blockShape(shape), format),
    ];
    // Comparing millions of numbers one by one takes long.
    expect([came.values, came.scales].map(digest)).toEqual([expected.values, expected.scales].map(digest));
    const brain: TestTensor = {
      dtype: "BF16",
      shape: [1, 32],
      data: new Uint8Array(Uint16Array.from({ length: 32 }, (_, i) => 0x3f80 + i).buffer),
    };
    const ones = Float32Array.from({ length: 32 }, (_, i) => 1 + i / 128);
    expect(await blocks(await open({ a: brain }), format)).toEqual(quantise(ones, blockShape([1, 32]), format));
  });

  it("of a view is that of the numbers in their order", async () => {
    const values = numbers(32 * 32);
    const source = await storeOf(safetensorsFile(new Map([["a", float32Tensor([...values], [32, 32])]]))).open("file");
    const stored = (await readTensorFile(source)).tensors.get("a");
    expect(stored).toBeDefined();
    if (stored === undefined) return;
    const turned = Float32Array.from(values, (_, i) => values[(i % 32) * 32 + Math.floor(i / 32)] ?? NaN);
    const reader = tensorReader("test", new Map([["a", transposed(stored)]]));
    expect(await blocks(reader, format)).toEqual(quantise(turned, blockShape([32, 32]), format));
  });

  it("comes in float32 where a LoRA is yet to be added to it, whatever it is stored in", async () => {
    const values = numbers(2 * 32);
    const lowRank = { up: Float32Array.of(1, -2), down: numbers(32), rank: 1, scale: 2 ** -6 };
    const kept = quantise(values, blockShape([2, 32]), format);
    const { header } = blocksHeader([{ name: "a", shape: [2, 32], format }]);
    const ours = Uint8Array.from([header, ...writtenBytes(kept, [2, 32])].flatMap((part) => [...part]));
    const files = [
      [safetensorsFile(new Map([["a", float32Tensor([...values], [2, 32])]])), values],
      [ours, dequantise(kept, blockShape([2, 32]))],
    ] as const;
    for (const [file, expected] of files) {
      const reader = (await openFile(file)).plus(new Map([["a", async () => lowRank]]));
      for await (const [, streamed, added, refuse] of reader.stream(new Map([["a", { format }]]))) {
        expect(streamed).toEqual(expected);
        expect(added).toEqual([lowRank]);
        expect(() => refuse?.({ stored: 2, rounded: 0 })).toThrow("has 2 values that are NaN or infinite");
        expect(() => refuse?.({ stored: 0, rounded: 3 })).toThrow("has 3 values beyond float16");
      }
    }
  });

  it.each([
    [NaN, "model-corrupt", "1 values that are NaN"],
    [Infinity, "model-corrupt", "1 values that are NaN or infinite"],
    [1e6, "model-unsupported", "1 values beyond float16"],
  ])("refuses %d, naming the tensor", async (value, code, message) => {
    const reader = await open({ a: float32Tensor([value, ...numbers(31)], [1, 32]) });
    await expect(blocks(reader, format)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
      detail: { rule: 15, tensor: "a" },
    });
  });
});

describe("GGUF's blocks", () => {
  const q8: GgufTensor = {
    type: 8,
    shape: [2, 32],
    data: Uint8Array.from([...halfBytes(0.013), ...bytes(32, 1), ...halfBytes(-2), ...bytes(32, 2)]),
  };
  const q4: GgufTensor = {
    type: 2,
    shape: [2, 32],
    data: Uint8Array.from([...halfBytes(-0.37), ...bytes(16, 3), ...halfBytes(3e-6), ...bytes(16, 4)]),
  };
  const q5: GgufTensor = { type: 6, shape: [1, 32], data: Uint8Array.from([...halfBytes(0.7), ...bytes(4, 5), ...bytes(16, 6)]) };
  const q4k: GgufTensor = {
    type: 12,
    shape: [2, 128],
    data: Uint8Array.from([
      ...halfBytes(0.001),
      ...halfBytes(0.002),
      ...bytes(12, 7),
      ...bytes(128, 8).map((pair) => (pair % 12) + 16 * (pair % 11)),
    ]),
  };

  it.each([
    ["Q8_0", q8, "q8"],
    ["Q5_0", q5, "q8"],
    ["Q4_0", q4, "q8"],
    ["Q4_0", q4, "q4"],
  ] as const)("%s is kept, number by number: %#", async (_, tensor, format) => {
    const reader = await openGguf(tensor);
    // Zero has no sign in our blocks.
    const exact = (await reader.readFloat32("a")).map((value) => value + 0);
    expect(dequantise(await blocks(reader, format), blockShape(tensor.shape))).toEqual(exact);
  });

  it("Q4_K keeps its sixteen steps; scales and minima are rounded to float16", async () => {
    const reader = await openGguf(q4k);
    const exact = await reader.readFloat32("a");
    const kept = dequantise(await blocks(reader, "q4"), blockShape(q4k.shape));
    const largest = Math.max(...exact.map(Math.abs));
    kept.forEach((value, i) => expect(Math.abs(value - (exact[i] ?? NaN))).toBeLessThanOrEqual(2 ** -10 * largest));
    const again = quantise(exact, blockShape(q4k.shape), "q4");
    const errors = dequantise(again, blockShape(q4k.shape)).map((value, i) => Math.abs(value - (exact[i] ?? NaN)));
    expect(Math.max(...errors), "control: quantised anew").toBeGreaterThan(2 ** -10 * largest);
  });

  it.each([
    ["Q8_0", q8, "q8"],
    ["Q5_0", q5, "q8"],
    ["Q4_0", q4, "q4"],
    ["Q4_K", q4k, "q4"],
  ] as const)("a file of %s says so", async (_, tensor, format) => {
    expect((await openGguf(tensor)).weightFormat).toBe(format);
  });

  it("that run over several inputs' taps, or end within a row, are quantised anew", async () => {
    const data = Uint8Array.from([...halfBytes(0.5), ...bytes(32, 1), ...halfBytes(0.5), ...bytes(32, 2)]);
    for (const [shape, key] of [
      [
        [1, 32, 1, 2],
        [1, 32, 1, 2],
      ] as const,
    ]) {
      const reader = await openFile(ggufFile({ a: { type: 8, shape: [64], data } }, { "comfy.gguf.orig_shape.a": [...key] }));
      expect(reader.shape("a")).toEqual(shape);
      const exact = await reader.readFloat32("a");
      expect(await blocks(reader, "q8")).toEqual(quantise(exact, blockShape(shape), "q8"));
    }
  });

  it("with a scale that is no number are refused", async () => {
    const data = Uint8Array.from([0, 0x7e, ...bytes(32, 1)]);
    const reader = await openGguf({ type: 8, shape: [1, 32], data });
    await expect(blocks(reader, "q8")).rejects.toMatchObject({ code: "model-corrupt", detail: { rule: 15, tensor: "a" } });
  });
});
