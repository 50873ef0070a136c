// What goes to the GPU as it is stored: the bytes of the file, read into the memory that was lent, whole runs at a time; everything else
// is made on this side. Reads run ahead as far as that memory lets them, and none is left when the stream ends.
import { describe, expect, it } from "vitest";
import { STORED_BYTES, type StoredPiece, type UploadMemory } from "../common/stored-pieces";
import type { WeightFormat } from "../common/weight-format";
import type { ByteSource } from "./byte-source";
import { memorySource, memoryStore } from "./memory-source";
import { transposed } from "./stored-tensor";
import { readTensorFile } from "./tensor-file";
import { openTensors, tensorReader, type TensorReader, type WantedInRuns } from "./tensor-reader";
import { float16Tensor, float32Tensor, safetensorsFile, type TestTensor } from "./testing/safetensors-file";

const FILE = "model.safetensors";
const fileWith = (tensors: Record<string, TestTensor>) => safetensorsFile(new Map(Object.entries(tensors)));
const open = (tensors: Record<string, TestTensor>) => openTensors(memoryStore("test", new Map([[FILE, fileWith(tensors)]])), [FILE]);

/** Memory of which every slice is new, unless there are `slices` out already. */
class Lent implements UploadMemory {
  readonly sliceBytes: number;
  readonly slices: number;
  out = 0;
  most = 0;
  #waiting: (() => void)[] = [];

  constructor(sliceBytes: number, slices = 4) {
    this.sliceBytes = sliceBytes;
    this.slices = slices;
  }

  async slice(): Promise<Uint8Array<ArrayBuffer>> {
    while (this.out === this.slices) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.most = Math.max(this.most, ++this.out);
    return new Uint8Array(this.sliceBytes);
  }

  giveBack(): void {
    this.out--;
    this.#waiting.shift()?.();
  }
}

interface Got {
  /** Bytes of each tensor that came as it is stored, in one. */
  readonly stored: Record<string, readonly number[]>;
  readonly pieces: readonly StoredPiece[];
  /** In the order in which they came whole. */
  readonly made: readonly string[];
}

async function upload(reader: TensorReader, wanted: WantedInRuns, memory: Lent): Promise<Got> {
  const stored: Record<string, number[]> = {};
  const pieces: StoredPiece[] = [];
  const made: string[] = [];
  for await (const arrived of reader.upload(wanted, { memory })) {
    if (!("pieces" in arrived)) {
      made.push(arrived[0]);
      continue;
    }
    for (const piece of arrived.pieces) {
      const { key, numbers, at, first, count } = piece;
      const so = (stored[key] ??= []);
      expect(first * STORED_BYTES[numbers], "in order").toBe(so.length);
      for (const byte of arrived.bytes.subarray(at, at + count * STORED_BYTES[numbers])) so.push(byte);
      pieces.push(piece);
    }
    memory.giveBack();
  }
  return { stored, pieces, made };
}

const halves = (count: number): TestTensor => float16Tensor(Array.from({ length: count }, (_, i) => i));
const asHalves = (run: number) => ({ format: "f16", run }) as const;

it("three formats come as they are stored, at any place, in whole runs", async () => {
  const odd: TestTensor = { dtype: "U8", shape: [1], data: new Uint8Array(1) };
  const bfloat: TestTensor = { dtype: "BF16", shape: [6, 4], data: Uint8Array.from({ length: 48 }, (_, i) => i) };
  const tensors = { odd, half: halves(60), bfloat, float: float32Tensor(Array.from({ length: 24 }, (_, i) => i / 3)) };
  const reader = await open(tensors);
  const wanted = new Map([
    ["half", asHalves(12)],
    ["bfloat", asHalves(4)],
    ["float", asHalves(8)],
  ]);
  const memory = new Lent(40);
  const { stored, pieces, made } = await upload(reader, wanted, memory);
  expect(made).toEqual([]);
  expect(stored).toEqual({ half: [...tensors.half.data], bfloat: [...bfloat.data], float: [...tensors.float.data] });
  for (const { key, first } of pieces) expect(first % (wanted.get(key)?.run ?? 0), key).toBe(0);
  expect(memory.out).toBe(0);
  expect(reader.uploadedBytes(wanted, memory)).toBe(120 + 48 + 96);
  expect([...reader.storedNumbers].toSorted()).toEqual(["bf16", "f16", "f32"]);
});

it("what the GPU does not read as it is stored, or is wanted in blocks, is made before", async () => {
  const source = memorySource(
    "test",
    fileWith({
      turned: float32Tensor([1, 2], [1, 2]),
      eight: { dtype: "F8_E5M2", shape: [2], data: Uint8Array.of(0x3c, 0xbc) },
      blocks: float16Tensor(Array(32).fill(0x3c00), [1, 32]),
      plain: halves(4),
    }),
  );
  const { tensors } = await readTensorFile(source);
  const views = new Map([...tensors].map(([name, tensor]) => [name, name === "turned" ? transposed(tensor) : tensor]));
  const wanted: WantedInRuns = new Map<string, { format: WeightFormat; run: number }>([
    ["turned", asHalves(4)],
    ["eight", asHalves(4)],
    ["blocks", { format: "q8", run: 128 }],
    ["plain", asHalves(4)],
  ]);
  const { stored, made } = await upload(tensorReader("test", views), wanted, new Lent(64));
  expect(made).toEqual(["turned", "eight", "blocks"]);
  expect(Object.keys(stored)).toEqual(["plain"]);
});

it("what is added to a tensor comes with its last piece alone", async () => {
  const added = { up: Float32Array.of(1), down: Float32Array.of(1), rank: 1, scale: 1 };
  const reader = (await open({ a: halves(32) })).plus(new Map([["a", async () => added]]));
  const { pieces } = await upload(reader, new Map([["a", asHalves(8)]]), new Lent(32));
  expect(pieces.map((piece) => [piece.first, piece.added])).toEqual([
    [0, []],
    [16, [added]],
  ]);
});

describe("reads ahead", () => {
  /** A file whose reads end when they are let. */
  function slow(file: Uint8Array) {
    const source = memorySource("test", file);
    const begun: { readonly begin: number; end(): void; readonly signal: AbortSignal | undefined }[] = [];
    const read: ByteSource["read"] = (begin, into, signal) =>
      new Promise((resolve, reject) => {
        begun.push({ begin, signal, end: () => void source.read(begin, into).then(resolve, reject) });
        signal?.addEventListener("abort", () => reject(new Error("stopped")));
      });
    return { source, begun, slowed: { ...source, read } };
  }

  async function slowReader(count: number) {
    const { source, begun, slowed } = slow(fileWith({ a: halves(count) }));
    const { tensors } = await readTensorFile(source);
    return { begun, reader: tensorReader("test", new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, source: slowed }]))) };
  }

  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

  it("two slices fewer than there are", async () => {
    const { reader, begun } = await slowReader(160);
    const memory = new Lent(32, 6);
    const stream = reader.upload(new Map([["a", asHalves(4)]]), { memory });
    const first = stream.next();
    await settled();
    expect(begun.length).toBe(4);
    begun[1]?.end();
    begun[0]?.end();
    await first;
    await settled();
    expect(begun.map(({ begin }) => begin - (begun[0]?.begin ?? 0))).toEqual([0, 32, 64, 96, 128]);
    await stream.return(undefined);
    expect(memory.most).toBe(5);
  });

  it("a stream that is left has no read on its way any more", async () => {
    const { reader, begun } = await slowReader(160);
    const stream = reader.upload(new Map([["a", asHalves(4)]]), { memory: new Lent(32) });
    const first = stream.next();
    await settled();
    begun[0]?.end();
    await first;
    await settled();
    const late = begun.slice(1);
    expect(late.length, "control").toBeGreaterThan(0);
    expect(late.map(({ signal }) => signal?.aborted)).not.toContain(true);
    await stream.return(undefined);
    expect(late.map(({ signal }) => signal?.aborted)).not.toContain(false);
  });
});

describe("rule 15, of values that the GPU has counted", () => {
  async function refused(tensor: TestTensor, found: { readonly stored: number; readonly rounded: number }): Promise<unknown> {
    const { pieces } = await upload(await open({ a: tensor }), new Map([["a", asHalves(4)]]), new Lent(2 ** 20));
    try {
      for (const { refuse } of pieces) refuse?.(found);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  it("NaN and infinity are a damaged file, and values beyond float16 are not", async () => {
    const detail = expect.objectContaining({ rule: 15, tensor: "a" });
    const [corrupt, unsupported] = [
      { code: "model-corrupt", detail, message: expect.stringContaining("2 values that are NaN") },
      { code: "model-unsupported", detail, message: expect.stringContaining("3 values beyond float16") },
    ];
    expect(await refused(float32Tensor([0]), { stored: 2, rounded: 3 })).toMatchObject(corrupt);
    expect(await refused(float32Tensor([0]), { stored: 0, rounded: 3 })).toMatchObject(unsupported);
    expect(await refused(halves(4), { stored: 2, rounded: 0 })).toMatchObject(corrupt);
  });

  it("float16 of many values is taken as it is", async () => {
    expect(await refused(halves(65_537), { stored: 2, rounded: 0 })).toBeUndefined();
    expect(await refused(halves(65_536), { stored: 2, rounded: 0 })).toBeDefined();
  });
});
