// How checkpoint tensors lie in GPU memory, in their layouts and in the number formats of `common/weight-format.ts`: how many
// bytes they take, and the bytes of quantised ones. float16 is packed on the GPU (kernels/pack). Arithmetic on shapes and arrays; no device.
//
// A quantised weight is two regions. `values` has four neighbouring outputs in each u32: for q8 `[taps][k][n4]` bytes; for q4
// `[taps][k / 2][n4 / 4]` u32, whose low half is the even input, four bits an output. `scales` is float16: for q8
// `[taps][k / 32][n4]`; for q4 `[taps][k / 32][n4 / 4][2][4]`, four scales, then four minima.
//
// WGSL may take float16 below 2^-14 for zero, and with a scale goes its whole block. So scales lie multiplied by a power of two, which
// is exact and within float16 for weights that are; kernels divide by it. What can be lost then is below 2^-14 as it is in float16.
import { blockShape, type Blocks } from "../common/blocks";
import { invariant } from "../common/errors";
import { fromFloat16, toFloat16 } from "../common/float16";
import { BLOCK_INPUTS, type QuantisedFormat, type WeightFormat } from "../common/weight-format";
import { product, roundUp, type Shape } from "./tensor";

/**
 * A checkpoint parameter, and how it lies in GPU memory (float16 and zero-padded, if it has no other `format`):
 * - `vector`: `[n]` as `[n4]`
 * - `matrix`: torch linear `[n, k]` (or conv `[n, k, 1, 1]`) as `[k4][n4]`
 * - `convolution`: `[n, k, kh, kw]` as `[kh * kw][k4][n4]`
 * - `table`: `[rows, c]` (or `[1, rows, c]`) as `[rows][c4]`
 * Several keys are concatenated along the output axis n; each part's n is a multiple of four.
 * n4 means n rounded up to a multiple of four.
 */
export interface Weight {
  readonly keys: readonly string[];
  /** Shape in the checkpoint of each key. */
  readonly shapes: readonly Shape[];
  readonly layout: "vector" | "matrix" | "convolution" | "table";
  /** Fused: the two halves of n alternate in blocks of four (value, gate), for gated epilogues. */
  readonly interleaved?: true;
  /** A matrix or convolution in another format than float16; `quantise-graph.ts` says which. */
  readonly format?: QuantisedFormat;
}

/** What scales in GPU memory are multiplied by: the most that a scale of weights within float16 allows. */
export const SCALE_FACTORS = { q8: 64, q4: 4 } as const satisfies Record<QuantisedFormat, number>;

/** Where a region of a weight may begin: the binding alignment that every adapter has. */
export const REGION_ALIGNMENT = 256;

/** Outputs and the rest of a checkpoint shape as the layout sees them. */
export function extents(layout: Weight["layout"], shape: Shape): { n: number; k: number; taps: number } {
  switch (layout) {
    case "vector":
      return { n: product(shape), k: 1, taps: 1 };
    case "matrix":
      return { n: shape[0] ?? 1, k: product(shape.slice(1)), taps: 1 };
    case "convolution":
      return { n: shape[0] ?? 1, k: shape[1] ?? 1, taps: product(shape.slice(2)) };
    case "table":
      return { n: shape.at(-1) ?? 1, k: product(shape.slice(0, -1)), taps: 1 };
  }
}

/** Identity of a weight in memory: equal keys and layout share one upload. */
export function weightId(weight: Weight): string {
  const { layout, interleaved, format, keys } = weight;
  return `${layout}${interleaved ? "/interleaved" : ""}${format ? `/${format}` : ""}:${keys.join("+")}`;
}

/** Outputs of all parts of a weight. */
export function outputsOf({ layout, shapes }: Weight): number {
  if (layout === "table") return shapes[0]?.at(-1) ?? 1;
  return shapes.reduce((total, shape) => total + extents(layout, shape).n, 0);
}

/** Bytes of each region of a weight in GPU memory. */
export interface RegionBytes {
  readonly values: number;
  /** 0 for float16. */
  readonly scales: number;
}

export function regionBytes(weight: Weight): RegionBytes {
  const { k, taps } = extents(weight.layout, weight.shapes[0] ?? []);
  return bytesOf(weight.layout, { n: outputsOf(weight), k, taps }, weight.format ?? "f16");
}

/** Bytes of a weight in GPU memory. */
export function packedBytes(weight: Weight): number {
  return totalOf(regionBytes(weight));
}

/**
 * Bytes that a checkpoint tensor takes in GPU memory, for planning before anything is loaded.
 * @param format what quantise-graph.ts lets it be
 */
export function weightBytes(shape: Shape, layout: Weight["layout"], format: WeightFormat): number {
  return totalOf(bytesOf(layout, extents(layout, shape), format));
}

function totalOf({ values, scales }: RegionBytes): number {
  return scales === 0 ? values : roundUp(values, REGION_ALIGNMENT) + scales;
}

function bytesOf(layout: Weight["layout"], { n, k, taps }: { n: number; k: number; taps: number }, format: WeightFormat): RegionBytes {
  const n4 = roundUp(n, 4);
  if (format === "f16") {
    const rows = layout === "matrix" || layout === "convolution" ? roundUp(k, 4) * taps : k;
    return { values: rows * n4 * 2, scales: 0 };
  }
  invariant(k % BLOCK_INPUTS === 0, `${k} inputs are not whole blocks of ${BLOCK_INPUTS}`);
  const scales = (taps * k * n4 * 2) / BLOCK_INPUTS;
  return format === "q8" ? { values: taps * k * n4, scales } : { values: (taps * k * n4) / 2, scales: 2 * scales };
}

/** The regions of a quantised weight. */
export interface PackedBlocks {
  readonly values: Uint8Array<ArrayBuffer>;
  readonly scales: Uint16Array<ArrayBuffer>;
}

/** Lays quantised checkpoint tensors out as the head of this file says. Parts that are absent are left zero. */
export function packBlocks(weight: Weight, parts: readonly (Blocks | undefined)[]): PackedBlocks {
  const bytes = regionBytes(weight);
  const packed = { values: new Uint8Array(bytes.values), scales: new Uint16Array(bytes.scales / 2) };
  const total = outputsOf(weight);
  let first = 0;
  parts.forEach((blocks, index) => {
    const { n } = extents(weight.layout, weight.shapes[index] ?? []);
    const { inputs, taps } = blockShape(weight.shapes[index] ?? []);
    const begin = first;
    first += n;
    if (blocks === undefined) return;
    invariant(
      blocks.format === weight.format && blocks.values.length === n * inputs * taps,
      `${weight.keys[index]} is not ${weight.format}`,
    );
    const place = { inputs, taps, n4: roundUp(total, 4) };
    for (let output = 0; output < n; output++) {
      const column = columnOf(weight, begin + output, total);
      if (blocks.format === "q8") packValues8(blocks.values, output, packed.values, column, place);
      else packValues4(blocks.values, output, packed.values, column, place);
      packScales(blocks, output, packed.scales, column, place);
    }
  });
  return packed;
}

interface Place {
  readonly inputs: number;
  readonly taps: number;
  readonly n4: number;
}

/** One output of a part to its column: a byte for each weight. */
function packValues8(from: Int8Array, output: number, into: Uint8Array, column: number, { inputs, taps, n4 }: Place): void {
  for (let input = 0; input < inputs; input++) {
    const at = (output * inputs + input) * taps;
    for (let tap = 0; tap < taps; tap++) into[(tap * inputs + input) * n4 + column] = from[at + tap] ?? 0;
  }
}

/** Half a byte for each weight: of the four bytes of a u32 the first two have the even input, and in each the even output is low. */
function packValues4(from: Uint8Array, output: number, into: Uint8Array, column: number, { inputs, taps, n4 }: Place): void {
  const shift = (column & 1) * 4;
  const byte = (column >> 2) * 4 + ((column >> 1) & 1);
  for (let input = 0; input < inputs; input++) {
    const at = (output * inputs + input) * taps;
    for (let tap = 0; tap < taps; tap++) {
      const to = ((tap * inputs + input) >> 1) * n4 + byte + (input & 1) * 2;
      into[to] = (into[to] ?? 0) | ((from[at + tap] ?? 0) << shift);
    }
  }
}

function packScales(blocks: Blocks, output: number, into: Uint16Array, column: number, { inputs, taps, n4 }: Place): void {
  const count = inputs / BLOCK_INPUTS;
  for (let block = 0; block < count; block++) {
    const at = (output * count + block) * taps;
    for (let tap = 0; tap < taps; tap++) {
      const scale = toFloat16(fromFloat16(blocks.scales[at + tap] ?? 0) * SCALE_FACTORS[blocks.format]);
      const row = (tap * count + block) * n4;
      if (blocks.format === "q8") into[row + column] = scale;
      else {
        const to = 2 * (row + (column & ~3)) + (column & 3);
        into[to] = scale;
        into[to + 4] = blocks.minima[at + tap] ?? 0;
      }
    }
  }
}

/** Column of output n: n itself, unless value and gate halves alternate in blocks of four. */
function columnOf({ interleaved }: Weight, n: number, total: number): number {
  if (!interleaved) return n;
  const half = total / 2;
  const within = n % half;
  return Math.floor(within / 4) * 8 + (n < half ? 0 : 4) + (within % 4);
}
