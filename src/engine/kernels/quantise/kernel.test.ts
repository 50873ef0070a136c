// Rules of blocks that the GPU makes of a weight and a product of thin matrices: each lies where weight-layout.ts says, no number is further from the
// merged one than half a scale, parts that nothing is added to are what the host makes of them, and numbers beyond float16 are counted.
import { describe, expect, test } from "vitest";
import { blockShape, dequantise, quantise } from "../../../common/blocks";
import { fromFloat16 } from "../../../common/float16";
import { addLowRank, type LowRank } from "../../../common/low-rank";
import type { NotFinite } from "../../../common/stored-pieces";
import type { QuantisedFormat } from "../../../common/weight-format";
import { product, roundUp } from "../../tensor";
import { random, testDevice } from "../../testing/evaluate";
import { unpackedBlocks } from "../../testing/unpacked-blocks";
import { type Weight, packedBytes, regionBytes } from "../../weight-layout";
import type { WeightSource } from "../../weight-source";
import { uploadWeights } from "../../weight-upload";

const FORMATS = ["q8", "q4"] as const satisfies readonly QuantisedFormat[];

interface Part {
  readonly values: Float32Array<ArrayBuffer>;
  /** Nothing: the part comes as blocks. */
  readonly added: readonly LowRank[];
}

const lowRank = (outputs: number, inputs: number, rank: number, seed: number, scale = 0.1): LowRank => ({
  up: random(outputs * rank, seed),
  down: random(rank * inputs, seed + 1),
  rank,
  scale,
});

function part([outputs = 0, ...rest]: readonly number[], seed: number, ranks: readonly number[]): Part {
  const inputs = product(rest);
  const added = ranks.map((rank, index) => lowRank(outputs, inputs, rank, seed + 10 * (index + 1)));
  return { values: random(outputs * inputs, seed), added };
}

const merged = ({ values, added }: Part): Float32Array<ArrayBuffer> => {
  const sum = values.slice();
  for (const one of added) addLowRank(sum, one);
  return sum;
};

/** Uploads a weight of these parts. @returns the numbers that lie on the GPU, part by part, and their scales */
async function uploaded(weight: Weight, parts: readonly Part[], refuse?: (found: NotFinite) => void) {
  const device = await testDevice();
  const { gpu } = device;
  const size = roundUp(packedBytes(weight), 256);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = gpu.createBuffer({ size, usage });
  const { values, scales } = regionBytes(weight);
  const places = { values: { buffer, offset: 0, size: values }, scales: { buffer, offset: roundUp(values, 256), size: scales } };
  const source: WeightSource = {
    async *stream(wanted) {
      for (const [index, key] of weight.keys.entries()) {
        const { values: numbers, added } = parts[index] ?? { values: new Float32Array(), added: [] };
        const format = wanted.get(key)?.format;
        if (format === undefined || format === "f16") throw new Error(`${key} is not wanted in blocks`);
        if (added.length > 0) yield [key, numbers, added, refuse];
        else yield [key, quantise(numbers, blockShape(weight.shapes[index] ?? []), format)];
      }
    },
  };
  await uploadWeights(device, [weight], (_, region) => places[region], source);
  const readback = gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, size);
  gpu.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  const bytes = readback.getMappedRange().slice(0);
  for (const each of [buffer, readback]) each.destroy();
  return unpackedBlocks(weight, new Uint8Array(bytes, 0, values), new Uint16Array(bytes, roundUp(values, 256), scales / 2));
}

async function expectMerged(weight: Weight, parts: readonly Part[]): Promise<void> {
  const found = await uploaded(weight, parts);
  parts.forEach((each, index) => {
    const blocks = found[index];
    expect(blocks).toBeDefined();
    if (blocks === undefined) return;
    const shape = blockShape(weight.shapes[index] ?? []);
    const exact = merged(each);
    if (each.added.length === 0) return expect(blocks).toEqual(quantise(each.values, shape, blocks.format));
    const [numbers, expected] = [blocks, quantise(exact, shape, blocks.format)].map((one) => dequantise(one, shape));
    const { inputs, taps } = shape;
    let [beyond, others] = [0, 0];
    exact.forEach((value, i) => {
      const block =
        (Math.floor(i / (inputs * taps)) * (inputs / 32) + Math.floor((Math.floor(i / taps) % inputs) / 32)) * taps + (i % taps);
      const bound = 0.50005 * fromFloat16(blocks.scales[block] ?? NaN) + 1e-6 * Math.abs(value);
      if (!(Math.abs((numbers?.[i] ?? NaN) - value) <= bound)) beyond++;
      if (numbers?.[i] !== expected?.[i]) others++;
    });
    expect(beyond).toBe(0);
    // The host rounds twice as finely, so a number halfway between two steps may take the other one.
    expect(others).toBeLessThan(0.02 * exact.length);
  });
}

const weightOf = (format: QuantisedFormat, layout: "matrix" | "convolution", ...shapes: readonly (readonly number[])[]): Weight => ({
  keys: shapes.map((_, index) => `part-${index}`),
  shapes,
  layout,
  format,
});

describe.each(FORMATS)("%s", (format) => {
  test("a matrix, with an odd number of outputs and several LoRAs", () =>
    expectMerged(weightOf(format, "matrix", [45, 96]), [part([45, 96], 1, [4, 1, 7])]));

  test("a convolution", () => expectMerged(weightOf(format, "convolution", [36, 64, 3, 3]), [part([36, 64, 3, 3], 2, [5])]));

  test("parts of a weight, of which some have nothing added", () => {
    const shapes = [
      [40, 64],
      [8, 64],
      [36, 64],
    ];
    return expectMerged(
      weightOf(format, "matrix", ...shapes),
      shapes.map((shape, index) => part(shape, 3 + index, index === 1 ? [] : [3])),
    );
  });

  test("halves that alternate", () =>
    expectMerged({ ...weightOf(format, "matrix", [64, 32]), interleaved: true }, [part([64, 32], 4, [2])]));

  test("more than a slice", () => expectMerged(weightOf(format, "matrix", [96, 640]), [part([96, 640], 5, [2])]));

  test("blocks of zeros, of one number, and of numbers that no float16 is small enough for", async () => {
    const values = Float32Array.from(
      { length: 32 * 128 },
      (_, i) => [0, 0.3, (i % 5) * 2 ** -24, -1e-30][Math.floor((i % 128) / 32)] ?? NaN,
    );
    await expectMerged(weightOf(format, "matrix", [32, 128]), [{ values, added: [{ ...lowRank(32, 128, 1, 6), scale: 0 }] }]);
  });

  test("numbers beyond float16 are counted, and those that were none before", async () => {
    const values = random(32 * 64, 7);
    values.set([NaN, Infinity, 1e5], 11);
    const added = [{ up: new Float32Array(32).fill(1), down: new Float32Array(64).fill(0).fill(65_600, 0, 1), rank: 1, scale: 1 }];
    const found: NotFinite[] = [];
    await uploaded(weightOf(format, "matrix", [32, 64]), [{ values, added }], (counts) => found.push(counts));
    expect(found).toEqual([{ stored: 2, rounded: 33 }]);
  });
});
