// GGUF files give their tensors' values: plain ones as stored, quantised ones by the arithmetic of ggml's reference, which is written
// out here for single weights. Formats that are not read are refused by name.
import { describe, expect, it } from "vitest";
import { fromFloat16, toFloat16 } from "../../../common/float16";
import { memoryStore } from "../../memory-source";
import { openTensors } from "../../tensor-reader";
import { halvesOf } from "../../testing/halves";
import { ggufFile, type GgufKey, type GgufTensor } from "../testing/gguf-file";

const open = (tensors: Readonly<Record<string, GgufTensor>>, keys: Readonly<Record<string, GgufKey>> = {}) =>
  openTensors(memoryStore("m", new Map([["model.gguf", ggufFile(tensors, keys)]])), ["model.gguf"]);
const halfBytes = (value: number): readonly number[] => [toFloat16(value) & 255, toFloat16(value) >> 8];
const bytes = (length: number, seed: number): readonly number[] => Array.from({ length }, (_, i) => (i * 97 + seed * 31) % 256);

it("plain formats, with shapes from the outermost axis on", async () => {
  const reader = await open({
    a: { type: 0, shape: [2, 3], data: new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer) },
    b: { type: 1, shape: [2], data: new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer) },
    c: { type: 30, shape: [1], data: new Uint8Array(Uint16Array.of(0x4040).buffer) },
  });
  expect(reader.shape("a")).toEqual([2, 3]);
  expect([...(await reader.readFloat32("a"))]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...(await reader.readFloat32("b")), ...(await reader.readFloat32("c"))]).toEqual([1, -2, 3]);
});

it("a tensor that was flattened has its own shape again", async () => {
  const data = new Uint8Array(Float32Array.of(...Array.from({ length: 12 }, (_, i) => i)).buffer);
  const keys = { "comfy.gguf.orig_shape.a": [2, 2, 1, 3], "comfy.gguf.orig_shape.b": [5] };
  const reader = await open({ a: { type: 0, shape: [12], data }, b: { type: 0, shape: [12], data } }, keys);
  expect([reader.shape("a"), reader.shape("b")]).toEqual([[2, 2, 1, 3], [12]]);
});

describe("quantised blocks", () => {
  it("Q8_0: scale times a signed byte", async () => {
    const quants = bytes(64, 1);
    const block = (scale: number, at: number) => [...halfBytes(scale), ...quants.slice(at, at + 32)];
    const reader = await open({ a: { type: 8, shape: [2, 32], data: Uint8Array.from([...block(0.5, 0), ...block(-0.25, 32)]) } });
    const signed = (value: number) => (value > 127 ? value - 256 : value);
    expect([...(await reader.readFloat32("a"))]).toEqual(quants.map((value, i) => signed(value) * (i < 32 ? 0.5 : -0.25)));
    expect(reader.storedBytes(["a"])).toBe(68);
    expect(fromFloat16((await halvesOf(reader, ["a"])).get("a")?.[33] ?? 0)).toBe(signed(quants[33] ?? 0) * -0.25);
  });

  it("Q4_0: the low halves come first, and 8 is zero", async () => {
    const pairs = bytes(16, 2);
    const reader = await open({ a: { type: 2, shape: [32], data: Uint8Array.from([...halfBytes(2), ...pairs]) } });
    const expected = [...pairs.map((pair) => ((pair % 16) - 8) * 2), ...pairs.map((pair) => (Math.floor(pair / 16) - 8) * 2)];
    expect([...(await reader.readFloat32("a"))]).toEqual(expected);
  });

  it("Q5_0: with a fifth bit for each weight, and 16 is zero", async () => {
    const pairs = bytes(16, 3);
    const high = 0b1010_0000_0000_0000_0000_0000_0000_0101;
    const data = Uint8Array.from([...halfBytes(1), high & 255, 0, 0, (high >>> 24) & 255, ...pairs]);
    const values = await (await open({ a: { type: 6, shape: [32], data } })).readFloat32("a");
    expect(values[0]).toBe(((pairs[0] ?? 0) % 16) + 16 - 16);
    expect(values[1]).toBe(((pairs[1] ?? 0) % 16) - 16);
    expect(values[29]).toBe(Math.floor((pairs[13] ?? 0) / 16) + 16 - 16);
    expect(values[31]).toBe(Math.floor((pairs[15] ?? 0) / 16) + 16 - 16);
  });

  it("Q4_K: eight groups with scales and minima of six bits", async () => {
    // Group 1: scale 5, minimum 7. Group 6: scale 0b10_0011, minimum 0b01_0100.
    const scales = [0, 5, 0b10_000000, 0, 0, 7, 0b01_000000, 0, 0, 0, 0b0100_0011, 0];
    const pairs = bytes(128, 4);
    const data = Uint8Array.from([...halfBytes(0.5), ...halfBytes(0.25), ...scales, ...pairs]);
    const values = await (await open({ a: { type: 12, shape: [256], data } })).readFloat32("a");
    expect(values[32 + 3]).toBe(0.5 * 5 * Math.floor((pairs[3] ?? 0) / 16) - 0.25 * 7);
    expect(values[192 + 9]).toBe(0.5 * 0b100011 * ((pairs[96 + 9] ?? 0) % 16) - 0.25 * 0b010100);
    expect(values[0]).toBe(0);
  });
});

it.each<[string, GgufTensor, string]>([
  ["Q6_K", { type: 14, shape: [256], data: new Uint8Array(210) }, "model-unsupported"],
  ["Q2_K", { type: 10, shape: [256], data: new Uint8Array(84) }, "model-unsupported"],
  ["not within", { type: 0, shape: [4096], data: new Uint8Array(16) }, "model-corrupt"],
  ["not within", { type: 8, shape: [33], data: new Uint8Array(68) }, "model-corrupt"],
])("is refused: %s", async (named, tensor, code) => {
  await expect(open({ a: tensor })).rejects.toMatchObject({ code, message: expect.stringContaining(named) });
});

it("a header that is cut short, or announces what cannot be", async () => {
  const file = ggufFile({ a: { type: 0, shape: [1], data: new Uint8Array(4) } });
  const opened = (bytes_: Uint8Array) => openTensors(memoryStore("m", new Map([["f", bytes_]])), ["f"]);
  await expect(opened(file.slice(0, 40))).rejects.toMatchObject({ code: "model-corrupt" });
  const many = file.slice();
  many[12] = 255;
  await expect(opened(many)).rejects.toMatchObject({ code: "model-corrupt" });
  const first = file.slice();
  first[4] = 1;
  await expect(opened(first)).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringContaining("version 1") });
});
