// Weights quantised in blocks: 32 inputs of one output share a float16 scale, and in q4 a float16 minimum. Numbers stand in the order of
// the checkpoint, `[outputs, inputs, taps]`, where taps are the places of a convolution's kernel; scales and minima are
// `[outputs, inputs / 32, taps]`. Checkpoints are read into this, and the engine lays it out for the GPU.
//
//   q8: weight = scale * value, value from -127 to 127        q4: weight = minimum + scale * value, value from 0 to 15
//
// No weight is further from what it stands for than half a scale, however small the block: a float16 scale that was rounded down so far
// that the largest weight would be out of reach is taken one higher, and a minimum is rounded down, never up.
import { fromFloat16, toFloat16 } from "./float16";
import { BLOCK_INPUTS, type QuantisedFormat } from "./weight-format";

export interface Q8Blocks {
  readonly format: "q8";
  readonly values: Int8Array<ArrayBuffer>;
  /** float16 bits. */
  readonly scales: Uint16Array<ArrayBuffer>;
}

export interface Q4Blocks {
  readonly format: "q4";
  /** One weight in each byte. */
  readonly values: Uint8Array<ArrayBuffer>;
  readonly scales: Uint16Array<ArrayBuffer>;
  readonly minima: Uint16Array<ArrayBuffer>;
}

export type Blocks = Q8Blocks | Q4Blocks;

/** The axes of a weight `[outputs, inputs, ...taps]` that decide where a block lies; inputs are a multiple of 32. */
export interface BlockShape {
  readonly inputs: number;
  readonly taps: number;
}

/** Scales up to these are all that weights within float16 need; they leave room for what the engine multiplies scales by. */
const MOST_SCALE = { q8: 1023, q4: 16376 } as const satisfies Record<QuantisedFormat, number>;

/** The largest value, and the number of steps over a block's range. */
const STEPS = { q8: 127, q4: 15 } as const satisfies Record<QuantisedFormat, number>;

export function blockShape([, inputs = 1, ...taps]: readonly number[]): BlockShape {
  return { inputs, taps: taps.reduce((size, axis) => size * axis, 1) };
}

/** @param weights finite, and within float16 */
export function quantise(weights: Float32Array, shape: BlockShape, format: QuantisedFormat): Blocks {
  return format === "q8" ? quantiseTo8(weights, shape) : quantiseTo4(weights, shape);
}

/** The weights that blocks stand for. */
export function dequantise(blocks: Blocks, shape: BlockShape): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(blocks.values.length);
  eachBlock(weights.length, shape, (block, begin, end, stride) => {
    const scale = fromFloat16(blocks.scales[block] ?? 0);
    const minimum = blocks.format === "q4" ? fromFloat16(blocks.minima[block] ?? 0) : 0;
    for (let i = begin; i < end; i += stride) weights[i] = minimum + scale * (blocks.values[i] ?? 0);
  });
  return weights;
}

/** Whether all scales and minima are finite, and no scale is of weights beyond float16. */
export function isWithinFloat16(blocks: Blocks): boolean {
  const most = MOST_SCALE[blocks.format];
  const scales = blocks.scales.every((bits) => Math.abs(fromFloat16(bits)) <= most);
  return scales && (blocks.format === "q8" || blocks.minima.every((bits) => Number.isFinite(fromFloat16(bits))));
}

function quantiseTo8(weights: Float32Array, shape: BlockShape): Q8Blocks {
  const values = new Int8Array(weights.length);
  const scales = new Uint16Array(weights.length / BLOCK_INPUTS);
  eachBlock(weights.length, shape, (block, begin, end, stride) => {
    let largest = 0;
    for (let i = begin; i < end; i += stride) {
      const weight = weights[i] ?? 0;
      const size = weight < 0 ? -weight : weight;
      if (size > largest) largest = size;
    }
    const bits = scaleFor(largest, STEPS.q8);
    scales[block] = bits;
    if (bits === 0) return;
    const steps = 1 / fromFloat16(bits);
    for (let i = begin; i < end; i += stride) {
      // Rounded to the nearest: positive numbers are, where their fraction is cut off.
      const value = (((weights[i] ?? 0) * steps + 128.5) | 0) - 128;
      values[i] = value > STEPS.q8 ? STEPS.q8 : value;
    }
  });
  return { format: "q8", values, scales };
}

function quantiseTo4(weights: Float32Array, shape: BlockShape): Q4Blocks {
  const values = new Uint8Array(weights.length);
  const scales = new Uint16Array(weights.length / BLOCK_INPUTS);
  const minima = new Uint16Array(weights.length / BLOCK_INPUTS);
  eachBlock(weights.length, shape, (block, begin, end, stride) => {
    let [least, largest] = [Infinity, -Infinity];
    for (let i = begin; i < end; i += stride) {
      const weight = weights[i] ?? 0;
      if (weight < least) least = weight;
      if (weight > largest) largest = weight;
    }
    const minimumBits = roundedDown(least);
    const minimum = fromFloat16(minimumBits);
    const bits = scaleFor(largest - minimum, STEPS.q4);
    minima[block] = minimumBits;
    scales[block] = bits;
    if (bits === 0) return;
    const steps = 1 / fromFloat16(bits);
    for (let i = begin; i < end; i += stride) {
      const value = (((weights[i] ?? 0) - minimum) * steps + 0.5) | 0;
      values[i] = value > STEPS.q4 ? STEPS.q4 : value;
    }
  });
  return { format: "q4", values, scales, minima };
}

/** Calls `visit` with each block's number, and where its weights begin, end and follow each other. */
function eachBlock(
  length: number,
  { inputs, taps }: BlockShape,
  visit: (block: number, begin: number, end: number, stride: number) => void,
): void {
  const span = BLOCK_INPUTS * taps;
  // Inputs are whole blocks, so runs of a block for every tap follow each other through the whole weight.
  if (inputs % BLOCK_INPUTS !== 0) throw new RangeError(`${inputs} inputs are not whole blocks of ${BLOCK_INPUTS}`);
  for (let first = 0, block = 0; first < length; first += span) {
    for (let tap = 0; tap < taps; tap++, block++) visit(block, first + tap, first + span, taps);
  }
}

/** The float16 scale with which `range` is at most half a step beyond `steps` steps. */
function scaleFor(range: number, steps: number): number {
  const nearest = toFloat16(range / steps);
  return range > (steps + 0.5) * fromFloat16(nearest) ? nearest + 1 : nearest;
}

/** The largest float16 that is not above `value`. */
function roundedDown(value: number): number {
  const nearest = toFloat16(value);
  if (fromFloat16(nearest) <= value) return nearest;
  return nearest & 0x8000 ? nearest + 1 : nearest - 1;
}
