// Rules of packing: each layout puts every checkpoint value where weight-layout.ts says, and zeros elsewhere, bit for bit as the host rounds it;
// whatever it is stored in, wherever it begins, and however it is cut. Values that are no finite float16 are counted.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32BitsToFloat16, fromFloat16, toFloat16 } from "../../../common/float16";
import { STORED_BYTES, type NotFinite, type StoredNumbers, type StoredPiece } from "../../../common/stored-pieces";
import { product } from "../../tensor";
import { testDevice } from "../../testing/evaluate";
import { packedWeight } from "../../testing/packed-weight";
import { type Weight, packedBytes } from "../../weight-layout";
import type { WeightSource } from "../../weight-source";
import { uploadWeights } from "../../weight-upload";

/** A tensor as a file has it: bits of float32, or the same bits as far as a narrower format has them. */
interface Stored {
  readonly numbers: StoredNumbers;
  readonly bits: Uint32Array;
}

interface Way {
  /** Bytes before a piece. */
  readonly offset?: number;
  /** Runs in a piece; all of them if it is not said. */
  readonly runs?: number;
  readonly found?: (key: string, found: NotFinite) => void;
}

const FORMATS = ["f16", "bf16", "f32"] as const;

function bytesOf({ numbers, bits }: Stored, first: number, count: number): Uint8Array {
  const part = bits.subarray(first, first + count);
  return new Uint8Array(numbers === "f32" ? part.slice().buffer : Uint16Array.from(part).buffer);
}

/** The float16 that the host makes of it. */
function halvesOf({ numbers, bits }: Stored): Uint16Array {
  if (numbers === "f16") return Uint16Array.from(bits);
  return Uint16Array.from(bits, (each) => float32BitsToFloat16(numbers === "bf16" ? (each << 16) >>> 0 : each));
}

/** Gives each tensor as it is stored, a piece in each slice. */
function sourceOf(stored: ReadonlyMap<string, Stored>, { offset = 0, runs = Infinity, found }: Way): WeightSource {
  return {
    async *stream(wanted, memory) {
      for (const [key, { run }] of wanted) {
        const tensor = stored.get(key);
        if (tensor === undefined) throw new Error(`the test has no ${key}`);
        const width = STORED_BYTES[tensor.numbers];
        const most = Math.min(runs, Math.floor((memory.sliceBytes - offset) / (run * width))) * run;
        for (let first = 0; first < tensor.bits.length; first += most) {
          const count = Math.min(most, tensor.bits.length - first);
          const slice = await memory.slice();
          slice.fill(0xff).set(bytesOf(tensor, first, count), offset);
          const refuse = found && ((counts: NotFinite) => found(key, counts));
          const piece: StoredPiece = { key, numbers: tensor.numbers, at: offset, first, count, added: [], ...(refuse && { refuse }) };
          yield { bytes: slice.subarray(0, offset + count * width), pieces: [piece] };
        }
      }
    },
  };
}

async function packedOnGpu(weight: Weight, stored: readonly Stored[], way: Way = {}): Promise<Uint16Array> {
  const device = await testDevice();
  const { gpu } = device;
  const size = packedBytes(weight);
  const buffer = gpu.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const readback = gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  // Room for what stands before a piece: another tensor, which is not packed.
  const room: Weight = { layout: "vector", keys: ["room"], shapes: [[64]] };
  const spare = gpu.createBuffer({ size: packedBytes(room), usage: GPUBufferUsage.STORAGE });
  const all = new Map<string, Stored>([["room", { numbers: "f16", bits: new Uint32Array(64) }]]);
  weight.keys.forEach((key, index) => all.set(key, stored[index] ?? { numbers: "f16", bits: new Uint32Array(0) }));
  await uploadWeights(device, [weight, room], (each) => ({ buffer: each === room ? spare : buffer }), sourceOf(all, way));
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, size);
  gpu.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  const packed = new Uint16Array(readback.getMappedRange().slice(0));
  for (const each of [buffer, readback, spare]) each.destroy();
  return packed;
}

describe("layouts, with parts filled with 1, 2, 3, ...", () => {
  async function packed(weight: Weight): Promise<number[]> {
    let next = 1;
    const parts = weight.shapes.map(
      (shape) => ({ numbers: "f16", bits: Uint32Array.from({ length: product(shape) }, () => toFloat16(next++)) }) as const,
    );
    return Array.from(await packedOnGpu(weight, parts), fromFloat16);
  }

  test("vector: padded with zeros to a multiple of four", async () => {
    expect(await packed({ layout: "vector", keys: ["a"], shapes: [[3]] })).toEqual([1, 2, 3, 0]);
  });

  test("matrix: [n, k] becomes [k4][n4]", async () => {
    expect(await packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3]] })).toEqual([1, 4, 0, 0, 2, 5, 0, 0, 3, 6, 0, 0, 0, 0, 0, 0]);
  });

  test("matrix: a 1x1 convolution packs as the linear it is", async () => {
    const linear = await packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3]] });
    expect(await packed({ layout: "matrix", keys: ["a"], shapes: [[2, 3, 1, 1]] })).toEqual(linear);
  });

  test("convolution: [n, k, kh, kw] becomes [tap][k4][n4]", async () => {
    const values = await packed({ layout: "convolution", keys: ["a"], shapes: [[1, 2, 1, 2]] });
    const tap = (first: number, second: number) => [first, 0, 0, 0, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    expect(values).toEqual([...tap(1, 3), ...tap(2, 4)]);
  });

  test("table: rows padded, order kept", async () => {
    expect(await packed({ layout: "table", keys: ["a"], shapes: [[2, 3]] })).toEqual([1, 2, 3, 0, 4, 5, 6, 0]);
  });

  test("several keys stand side by side along n", async () => {
    const shapes = [
      [4, 1],
      [4, 1],
    ];
    expect((await packed({ layout: "matrix", keys: ["q", "k"], shapes })).slice(0, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("interleaved: value and gate alternate in blocks of four", async () => {
    const weight: Weight = { layout: "vector", keys: ["a"], shapes: [[16]], interleaved: true };
    expect(await packed(weight)).toEqual([1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8, 13, 14, 15, 16]);
  });

  test("a part of the wrong length is a bug, not a silent zero", async () => {
    const weight: Weight = { layout: "vector", keys: ["a"], shapes: [[3]] };
    await expect(packedOnGpu(weight, [{ numbers: "f16", bits: new Uint32Array(2) }])).rejects.toThrow(/a came with 2 values, not 3/);
  });
});

/** Bits of both signs, of all sizes that become finite float16, with some that are rounded at a tie or become subnormal. */
function someBits(numbers: StoredNumbers, count: number, seed: number): Uint32Array {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
  return Uint32Array.from({ length: count }, () => {
    const [bits, exponent] = [next(), 90 + ((next() >>> 16) % 52)];
    if (numbers === "f16") return ((bits >>> 16) & 0xbbff) >>> 0;
    const float = ((bits & 0x80000000) | (exponent << 23) | (bits & (bits & 0x1000 ? 0x7fffff : 0x7ff000))) >>> 0;
    return numbers === "bf16" ? float >>> 16 : float;
  });
}

const WEIGHTS: readonly (readonly [name: string, weight: Weight])[] = [
  ["a matrix of whole quads", { layout: "matrix", keys: ["a"], shapes: [[72, 40]] }],
  ["a matrix with odd sides", { layout: "matrix", keys: ["a"], shapes: [[37, 29]] }],
  ["a column", { layout: "matrix", keys: ["a"], shapes: [[70, 1]] }],
  [
    "three parts side by side",
    {
      layout: "matrix",
      keys: ["a", "b", "c"],
      shapes: [
        [32, 20],
        [12, 20],
        [36, 20],
      ],
    },
  ],
  ["halves that alternate", { layout: "matrix", keys: ["a"], shapes: [[80, 18]], interleaved: true }],
  ["halves of a vector that alternate", { layout: "vector", keys: ["a"], shapes: [[80]], interleaved: true }],
  ["a 3x3 convolution", { layout: "convolution", keys: ["a"], shapes: [[24, 16, 3, 3]] }],
  ["a 3x3 convolution with odd sides", { layout: "convolution", keys: ["a"], shapes: [[9, 7, 3, 3]] }],
  ["a 2x2 convolution", { layout: "convolution", keys: ["a"], shapes: [[8, 5, 2, 2]] }],
  ["a vector", { layout: "vector", keys: ["a"], shapes: [[77]] }],
  ["a table", { layout: "table", keys: ["a"], shapes: [[21, 12]] }],
  ["a table with odd rows", { layout: "table", keys: ["a"], shapes: [[1, 9, 13]] }],
];

describe.each(WEIGHTS)("%s", (_, weight) => {
  test.each(FORMATS)("stored as %s, whole and in pieces that begin anywhere", async (numbers) => {
    const stored = weight.shapes.map((shape, index) => ({ numbers, bits: someBits(numbers, product(shape), index + 1) }));
    const expected = packedWeight(weight, stored.map(halvesOf));
    for (const way of [{}, { runs: 1 }, { runs: 2, offset: 2 }, { runs: 1, offset: 3 }, { runs: 3, offset: 4 }]) {
      expect(await packedOnGpu(weight, stored, way), JSON.stringify(way)).toEqual(expected);
    }
  });
});

test("slices are whole reads of four words, however long rows are: some GPUs do not see what a buffer has beyond its last whole one", async () => {
  const sizes: number[] = [];
  const recording: WeightSource = {
    async *stream(_, memory) {
      sizes.push(memory.sliceBytes);
      yield ["a", new Uint16Array(16_387)];
    },
  };
  const weight: Weight = { layout: "table", keys: ["a"], shapes: [[1, 16_387]] };
  const device = await testDevice();
  const buffer = device.gpu.createBuffer({ size: packedBytes(weight), usage: GPUBufferUsage.STORAGE });
  await uploadWeights(device, [weight], () => ({ buffer }), recording);
  buffer.destroy();
  expect(sizes).toEqual([65_552]);
});

test("every float16 stays as it is, and every bfloat16 and any float32 is rounded as the host rounds", async () => {
  const all = Uint32Array.from({ length: 65_536 }, (_, bits) => bits);
  const weight: Weight = { layout: "vector", keys: ["a"], shapes: [[all.length]] };
  for (const numbers of ["f16", "bf16"] as const) {
    const stored = { numbers, bits: all };
    expect(await packedOnGpu(weight, [stored]), numbers).toEqual(halvesOf(stored));
  }
  const [bits = new Uint32Array(0)] = fc.sample(fc.uint32Array({ minLength: all.length, maxLength: all.length, size: "max" }), {
    numRuns: 1,
    seed: 1,
  });
  // Around every boundary between two float16: the middle, and its neighbours on both sides.
  const middles = Array.from({ length: 21_844 }, (_, i) => {
    const half = (i * 3) & 0x7fff;
    const value = new Float32Array([(fromFloat16(half) + fromFloat16(half + 1)) / 2]);
    const middle = new Uint32Array(value.buffer)[0] ?? 0;
    return [middle - 1, middle, middle + 1].map((each) => each >>> 0);
  }).flat();
  const stored = { numbers: "f32", bits: Uint32Array.from([...middles, ...bits.subarray(middles.length)]) } as const;
  expect(stored.bits.length).toBe(all.length);
  expect(await packedOnGpu(weight, [stored])).toEqual(halvesOf(stored));
});

describe("values that are no finite float16 are counted", () => {
  const float = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
  const HALF = { nan: 0x7e01, infinity: 0xfc00, most: 0x7bff };

  async function found(weight: Weight, stored: Stored, way: Way = {}): Promise<Record<string, NotFinite>> {
    const counted: Record<string, NotFinite> = {};
    await packedOnGpu(weight, [stored], { ...way, found: (key, counts) => (counted[key] = counts) });
    return counted;
  }

  const matrix: Weight = { layout: "matrix", keys: ["a"], shapes: [[9, 11]] };
  const table: Weight = { layout: "table", keys: ["a"], shapes: [[9, 11]] };

  test.each([
    ["a matrix", matrix],
    ["a table", table],
  ])("of %s, in every format, in all pieces together", async (_, weight) => {
    const fill = (bits: readonly number[], each: number): Uint32Array => Uint32Array.from({ length: 99 }, (__, i) => bits[98 - i] ?? each);
    for (const way of [{}, { runs: 1, offset: 3 }]) {
      const halves = { numbers: "f16", bits: fill([HALF.nan, HALF.most, HALF.infinity], HALF.most) } as const;
      expect(await found(weight, halves, way)).toEqual({ a: { stored: 2, rounded: 0 } });
      const floats = { numbers: "f32", bits: fill([Number.NaN, 65_519, 1e6, -Infinity, 65_520, -1e30].map(float), 0) } as const;
      expect(await found(weight, floats, way)).toEqual({ a: { stored: 2, rounded: 3 } });
      const brain = {
        numbers: "bf16",
        bits: fill(
          [Number.NaN, 1e6, Infinity, -1e6].map((each) => float(each) >>> 16),
          0,
        ),
      } as const;
      expect(await found(weight, brain, way)).toEqual({ a: { stored: 2, rounded: 2 } });
    }
  });

  test("and where there are none, nobody is told; what lies beside a part does not count", async () => {
    for (const weight of [matrix, table]) {
      expect(await found(weight, { numbers: "f16", bits: new Uint32Array(99).fill(HALF.most) }, { offset: 2 })).toEqual({});
    }
  });
});
