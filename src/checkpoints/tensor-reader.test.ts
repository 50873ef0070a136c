// Values read by range equal the stored ones, whatever their number format, place and spelling.
// Rule 15 (values) and rule 12 (alignment) of the safetensors rules are tested here.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ByteSource, ByteStore } from "./byte-source";
import { fromFloat16, toFloat16 } from "../common/float16";
import { memoryStore } from "./memory-source";
import { rowsOf, transposed } from "./stored-tensor";
import { readTensorFile } from "./tensor-file";
import { openTensors, tensorReader, type TensorReader } from "./tensor-reader";
import { FLOAT16, halvesOf } from "./testing/halves";
import { fileOf, float16Tensor, float32Tensor, safetensorsFile, type TestTensor } from "./testing/safetensors-file";

const FILE = "model.safetensors";
const open = (tensors: Record<string, TestTensor>) =>
  openTensors(memoryStore("test", new Map([[FILE, safetensorsFile(new Map(Object.entries(tensors)))]])), [FILE]);

async function float16(reader: TensorReader, ...names: readonly string[]): Promise<Record<string, readonly number[]>> {
  return Object.fromEntries([...(await halvesOf(reader, names))].map(([name, bits]) => [name, [...bits]]));
}

/** A store that records every read. */
function counting(store: ByteStore, reads: number[]): ByteStore {
  return {
    ...store,
    open: async (path, signal) => {
      const source: ByteSource = await store.open(path, signal);
      return { ...source, read: (begin, into, readSignal) => (reads.push(into.byteLength), source.read(begin, into, readSignal)) };
    },
  };
}

const wanted = (...names: readonly string[]) => new Map(names.map((name) => [name, FLOAT16]));

it("reads ahead: the next megabytes are asked for before the last ones are made use of, in two buffers over and over", async () => {
  const large = (): TestTensor => ({ dtype: "F16", shape: [3 * 2 ** 20], data: new Uint8Array(6 * 2 ** 20) });
  const store = memoryStore(
    "test",
    new Map([
      [
        FILE,
        safetensorsFile(
          new Map([
            ["a", large()],
            ["b", large()],
          ]),
        ),
      ],
    ]),
  );
  const began: number[] = [];
  const buffers = new Set<ArrayBuffer>();
  const watched: ByteStore = {
    ...store,
    open: async (path) => {
      const source = await store.open(path);
      const read: ByteSource["read"] = (begin, into) => (began.push(begin), buffers.add(into.buffer), source.read(begin, into));
      return { ...source, read };
    },
  };
  const reader = await openTensors(watched, [FILE]);
  began.length = 0;
  buffers.clear();
  const begunAt: number[] = [];
  for await (const _ of reader.stream(wanted("a", "b"))) begunAt.push(began.length);
  // Each tensor is two reads. The first is whole after its second read, and by then a third is on its way.
  expect([began.length, ...begunAt]).toEqual([4, 3, 4]);
  expect(buffers.size).toBe(2);
});

it("a read that fails ahead is the failure of the tensor that it is for", async () => {
  const tensors = new Map([
    ["a", float16Tensor(Array(8).fill(0x3c00))],
    ["gap", float16Tensor(Array(1000).fill(0))],
    ["b", float16Tensor([1])],
  ]);
  const store = memoryStore("test", new Map([[FILE, safetensorsFile(tensors)]]));
  let reads = 0;
  const breaking: ByteStore = {
    ...store,
    open: async (path) => {
      const source = await store.open(path);
      return { ...source, read: (begin, into) => (++reads === 4 ? Promise.reject(new Error("the disk broke")) : source.read(begin, into)) };
    },
  };
  const stream = (await openTensors(breaking, [FILE])).stream(wanted("a", "b"));
  expect(reads).toBe(2);
  await expect(stream.next()).resolves.toMatchObject({ value: ["a", expect.anything(), []] });
  expect(reads).toBe(4);
  await expect(stream.next()).rejects.toThrow("the disk broke");
});

it("says what has come of the tensors asked for, to the last stored byte", async () => {
  const reader = await open({ a: float32Tensor([1, 2, 3]), b: float32Tensor(Array(100).fill(4)), c: float16Tensor([5, 6]) });
  let arrived = 0;
  await halvesOf(reader, ["a", "c"], (byteLength) => (arrived += byteLength));
  expect(arrived).toBe(4 * 3 + 2 * 2);
  expect(reader.storedBytes(["a", "c"])).toBe(arrived);
});

describe("float16", () => {
  it("every float16 goes to float32 and back unchanged", () => {
    for (let half = 0; half < 65536; half++) {
      const isNaNBits = (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;
      if (!isNaNBits) expect(toFloat16(fromFloat16(half))).toBe(half);
    }
  });

  it("rounds to the nearest, ties to even", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -65504, max: 65504 }), (x) => {
        const half = toFloat16(x);
        const error = Math.abs(fromFloat16(half) - x);
        for (const neighbour of [half - 1, half + 1]) {
          const other = Math.abs(fromFloat16(neighbour & 0xffff) - x);
          if (!Number.isFinite(other) || (half & 0x7fff) === 0) continue;
          expect(other > error || (other === error && (half & 1) === 0)).toBe(true);
        }
      }),
    );
    expect(toFloat16(1 + 2 ** -11)).toBe(0x3c00);
    expect(toFloat16(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(toFloat16(65520)).toBe(0x7c00);
    expect(toFloat16(65519)).toBe(0x7bff);
    expect(toFloat16(2 ** -25)).toBe(0);
    expect(toFloat16(2 ** -24)).toBe(1);
  });
});

it.each([
  ["F8_E4M3", [0x38, 0xb8, 0x01, 0x7e, 0x08, 0x00], [1, -1, 2 ** -9, 448, 2 ** -6, 0]],
  ["F8_E5M2", [0x3c, 0xbc, 0x01, 0x7b, 0x04, 0x00], [1, -1, 2 ** -16, 57_344, 2 ** -14, 0]],
] as const)("%s reads as its values, in both formats", async (dtype, stored, values) => {
  const reader = await open({ a: { dtype, shape: [6], data: Uint8Array.from(stored) } });
  expect([...(await reader.readFloat32("a"))]).toEqual([...values]);
  expect((await float16(reader, "a"))["a"]?.map(fromFloat16)).toEqual([...values]);
  const nan = await open({ a: { dtype, shape: [1], data: Uint8Array.of(0x7f) } });
  await expect(float16(nan, "a")).rejects.toMatchObject({ code: "model-corrupt", detail: { rule: 15 } });
});

it("what is added to a weight comes with it, and is added in float32 where float32 is read", async () => {
  const plain = await open({ a: float32Tensor([1, 2], [2, 1]), b: float32Tensor([3]) });
  const small = { up: Float32Array.of(1, 1), down: Float32Array.of(1), rank: 1, scale: 2 ** -12 };
  const twice = plain.plus(new Map([["a", async () => small]])).plus(new Map([["a", async () => small]]));
  expect([...(await twice.readFloat32("a"))]).toEqual([1 + 2 ** -11, 2 + 2 ** -11]);
  const added: Record<string, unknown> = {};
  for await (const [name, values, lowRanks] of twice.stream(wanted("a", "b"))) {
    added[name] = [values instanceof Uint16Array ? [...values] : values, lowRanks];
  }
  expect(added).toEqual({
    a: [
      [0x3c00, 0x4000],
      [small, small],
    ],
    b: [[0x4200], []],
  });
  expect([...(await plain.readFloat32("a"))]).toEqual([1, 2]);
});

describe("reading", () => {
  const bfloat16: TestTensor = { dtype: "BF16", shape: [2], data: new Uint8Array(new Uint16Array([0x3f80, 0xc040]).buffer) };

  it("converts each stored format", async () => {
    const reader = await open({ f32: float32Tensor([1, -3]), f16: float16Tensor([0x3c00, 0xc200]), bf16: bfloat16 });
    for (const name of reader.names) {
      expect([...(await reader.readFloat32(name))], name).toEqual([1, -3]);
    }
    const halves = [0x3c00, 0xc200];
    expect(await float16(reader, ...reader.names)).toEqual({ f32: halves, f16: halves, bf16: halves });
  });

  it("rule 12: a tensor at an odd offset reads as at an even one", async () => {
    const odd: TestTensor = { dtype: "U8", shape: [1], data: new Uint8Array(1) };
    const reader = await open({ odd, f32: float32Tensor([1, -3]), f16: float16Tensor([0x3c00]) });
    expect([...(await reader.readFloat32("f32"))]).toEqual([1, -3]);
    expect(await float16(reader, "f32", "f16")).toEqual({ f32: [0x3c00, 0xc200], f16: [0x3c00] });
  });

  it("rule 15: refuses NaN and infinity in a small tensor, naming it", async () => {
    const reader = await open({ "norm.weight": float32Tensor([1, NaN, Infinity]), fine: float32Tensor([65504]) });
    const expected = { code: "model-corrupt", detail: expect.objectContaining({ rule: 15, tensor: "norm.weight" }) };
    await expect(reader.readFloat32("norm.weight")).rejects.toMatchObject(expected);
    await expect(float16(reader, "norm.weight")).rejects.toMatchObject(expected);
    await expect(float16(reader, "fine")).resolves.toBeDefined();
  });

  it.each([1, 100_000])("a value beyond float16 is refused in float16 and read in float32, with %d values", async (count) => {
    const values = new Float32Array(count);
    values[count - 1] = 1e6;
    const reader = await open({ large: float32Tensor([...values]) });
    const expected = { code: "model-unsupported", detail: expect.objectContaining({ rule: 15, tensor: "large" }) };
    await expect(float16(reader, "large")).rejects.toMatchObject(expected);
    await expect(reader.readFloat32("large")).resolves.toEqual(values);
  });

  it("refuses integers as weights, and says so for a missing name", async () => {
    const reader = await open({ ids: { dtype: "I64", shape: [1], data: new Uint8Array(8) } });
    await expect(reader.readFloat32("ids")).rejects.toMatchObject({
      code: "model-unsupported",
      detail: expect.objectContaining({ tensor: "ids" }),
    });
    expect(() => reader.shape("other")).toThrow("rule 14");
  });

  it("reads small neighbours together and a large tensor in parts", async () => {
    const large = float32Tensor(Array.from({ length: 1.5 * 2 ** 20 }, (_, i) => i % 7));
    const tensors = new Map([
      ["a", float32Tensor([1])],
      ["b", float32Tensor([2])],
      ["large", large],
      ["c", float32Tensor([3])],
    ]);
    const reads: number[] = [];
    const reader = await openTensors(counting(memoryStore("test", new Map([[FILE, safetensorsFile(tensors)]])), reads), [FILE]);
    reads.length = 0;
    const streamed = await halvesOf(reader, ["c", "large", "a", "b"]);
    expect(streamed.get("large")?.every((half, i) => fromFloat16(half) === i % 7)).toBe(true);
    expect([...streamed.keys()]).toEqual(["a", "b", "large", "c"]);
    expect(reads).toEqual([8, 4 * 2 ** 20, 2 * 2 ** 20 + 4]);
  });

  it("leaves out of a read what is not asked for", async () => {
    const reads: number[] = [];
    const tensors = new Map(["a", "b", "c", "d"].map((name) => [name, float32Tensor(Array(name === "b" ? 65 : 1).fill(1))]));
    const reader = await openTensors(counting(memoryStore("test", new Map([[FILE, safetensorsFile(tensors)]])), reads), [FILE]);
    reads.length = 0;
    expect(Object.keys(await float16(reader, "a", "c", "d"))).toEqual(["a", "c", "d"]);
    expect(reads).toEqual([4, 8]);
  });

  it("reads views in the order of the file, with neighbours in one read, however they are named and listed", async () => {
    const reads: number[] = [];
    const stored = new Map([
      ["in_proj", float32Tensor([1, 2, 3, 4, 5, 6], [6, 1])],
      ["after", float32Tensor([7, 8], [1, 2])],
    ]);
    const source = await counting(memoryStore("test", new Map([[FILE, safetensorsFile(stored)]])), reads).open(FILE);
    const { tensors } = await readTensorFile(source);
    const [whole, after] = [...tensors.values()];
    expect(whole && after).toBeDefined();
    if (whole === undefined || after === undefined) return;
    const views = new Map([
      ["turned", transposed(after)],
      ["v", rowsOf(whole, 4, 2)],
      ["q", rowsOf(whole, 0, 2)],
      ["k", rowsOf(whole, 2, 2)],
    ]);
    const reader = tensorReader("test", views);
    reads.length = 0;
    expect(await float16(reader, "v", "turned", "k", "q")).toEqual({
      q: [1, 2].map(toFloat16),
      k: [3, 4].map(toFloat16),
      v: [5, 6].map(toFloat16),
      turned: [7, 8].map(toFloat16),
    });
    expect(reader.names).toEqual(["q", "k", "v", "turned"]);
    expect(reader.shape("turned")).toEqual([2, 1]);
    expect(reads).toEqual([32]);
  });

  it("is cancelled by its signal", async () => {
    const reader = await open({ a: float32Tensor([1]) });
    await expect(reader.readFloat32("a", AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
    await expect(reader.stream(new Map([["a", FLOAT16]]), AbortSignal.abort()).next()).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("published spellings", () => {
  it.each([
    ["encoder.layers.0.layer_norm1.weight", "text_model.encoder.layers.0.layer_norm1.weight"],
    ["final_layer_norm.bias", "text_model.final_layer_norm.bias"],
    ["decoder.mid_block.attentions.0.query.weight", "decoder.mid_block.attentions.0.to_q.weight"],
    ["decoder.mid_block.attentions.0.proj_attn.bias", "decoder.mid_block.attentions.0.to_out.0.bias"],
  ])("%s is %s, asked for either way", async (published, canonical) => {
    const reader = await open({ [published]: float32Tensor([1]) });
    expect(reader.names).toEqual([canonical]);
    expect(reader.has(published)).toBe(true);
    expect(reader.has(canonical)).toBe(true);
  });

  it("control: an autoencoder's encoder keeps its name", async () => {
    const reader = await open({ "encoder.conv_in.weight": float32Tensor([1]) });
    expect(reader.names).toEqual(["encoder.conv_in.weight"]);
  });

  it("position_ids are no weight", async () => {
    const ids: TestTensor = { dtype: "I64", shape: [1, 2], data: new Uint8Array(16) };
    expect((await open({ "text_model.embeddings.position_ids": ids, a: float32Tensor([1]) })).names).toEqual(["a"]);
  });

  it("rule 6: both spellings in one checkpoint are one name twice", async () => {
    const name = "mid.attentions.0";
    await expect(open({ [`${name}.query.weight`]: float32Tensor([1]), [`${name}.to_q.weight`]: float32Tensor([1]) })).rejects.toMatchObject(
      {
        detail: expect.objectContaining({ rule: 6 }),
      },
    );
  });
});

describe("several files", () => {
  it("shards are one network; the same name in two is an error", async () => {
    const shard = (name: string): Uint8Array => safetensorsFile(new Map([[name, float32Tensor([1])]]));
    const store = memoryStore(
      "test",
      new Map([
        ["1", shard("a")],
        ["2", shard("b")],
        ["3", shard("a")],
        ["4", fileOf("{}", new Uint8Array(0))],
      ]),
    );
    expect((await openTensors(store, ["1", "2", "4"])).names).toEqual(["a", "b"]);
    await expect(openTensors(store, ["1", "3"])).rejects.toMatchObject({ detail: expect.objectContaining({ rule: 6, tensor: "a" }) });
  });
});
