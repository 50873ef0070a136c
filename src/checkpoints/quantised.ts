// Weights quantised in blocks as llama.cpp (ggml) stores them: a scale for each block, in some formats with a minimum, and a few bits
// for each weight. The layouts are those of ggml-common.h and ggml-quants.c.
import { isWithinFloat16, type Blocks } from "../common/blocks";
import { fromFloat16, toFloat16 } from "../common/float16";
import type { QuantisedFormat } from "../common/weight-format";

/** Weights in a block, and the bytes that they take. */
export const QUANTISED_BLOCKS = {
  Q8_0: { elements: 32, bytes: 34 },
  Q4_0: { elements: 32, bytes: 18 },
  Q5_0: { elements: 32, bytes: 22 },
  Q4_K: { elements: 256, bytes: 144 },
} as const;

export type QuantisedDtype = keyof typeof QUANTISED_BLOCKS;

/** The format of ours that holds most of what each was rounded to. */
export const NEAREST_FORMAT = { Q8_0: "q8", Q5_0: "q8", Q4_0: "q4", Q4_K: "q4" } as const satisfies Record<QuantisedDtype, QuantisedFormat>;

export function isQuantised(dtype: string): dtype is QuantisedDtype {
  return Object.hasOwn(QUANTISED_BLOCKS, dtype);
}

/** @param from whole blocks */
export function dequantise(from: Uint8Array<ArrayBuffer>, dtype: QuantisedDtype, into: Float32Array): void {
  const { elements, bytes } = QUANTISED_BLOCKS[dtype];
  const block = BLOCKS[dtype];
  for (let at = 0, to = 0; to < into.length; at += bytes, to += elements) {
    block(from.subarray(at, at + bytes), into.subarray(to, to + elements));
  }
}

type Dequantise = (block: Uint8Array, into: Float32Array) => void;

const byte = (block: Uint8Array, at: number): number => block[at] ?? 0;
const half = (block: Uint8Array, at: number): number => fromFloat16(byte(block, at) | (byte(block, at + 1) << 8));

const BLOCKS: Readonly<Record<QuantisedDtype, Dequantise>> = {
  // A float16 scale, then 32 signed bytes.
  Q8_0: (block, into) => {
    const scale = half(block, 0);
    for (let i = 0; i < 32; i++) into[i] = scale * ((byte(block, 2 + i) << 24) >> 24);
  },
  // A float16 scale, then 16 bytes: the low halves are the first 16 weights, the high halves the others; 8 stands for zero.
  Q4_0: (block, into) => {
    const scale = half(block, 0);
    for (let i = 0; i < 16; i++) {
      const pair = byte(block, 2 + i);
      into[i] = scale * ((pair & 15) - 8);
      into[i + 16] = scale * ((pair >> 4) - 8);
    }
  },
  // As Q4_0, with the fifth bits of all weights in four bytes between scale and pairs; 16 stands for zero.
  Q5_0: (block, into) => {
    const scale = half(block, 0);
    const fifth = (i: number): number => ((byte(block, 2 + (i >> 3)) >> (i & 7)) & 1) << 4;
    for (let i = 0; i < 16; i++) {
      const pair = byte(block, 6 + i);
      into[i] = scale * (((pair & 15) | fifth(i)) - 16);
      into[i + 16] = scale * (((pair >> 4) | fifth(i + 16)) - 16);
    }
  },
  // Two float16 scales, for scales and for minima; 8 scales and 8 minima of 6 bits in 12 bytes; then 128 bytes of pairs.
  Q4_K: (block, into) => {
    const [scaleOfScales, scaleOfMinima] = [half(block, 0), half(block, 2)];
    for (let group = 0; group < 8; group++) {
      const { scale, minimum } = sixBits(block, group);
      const pairs = 16 + 32 * (group >> 1);
      const shift = group % 2 === 0 ? 0 : 4;
      for (let i = 0; i < 32; i++) {
        const value = (byte(block, pairs + i) >> shift) & 15;
        into[32 * group + i] = scaleOfScales * scale * value - scaleOfMinima * minimum;
      }
    }
  },
};

/**
 * Whole blocks as the engine has them (common/blocks.ts), where that loses nothing or, for Q4_K, no more than a rounding of scales.
 * @returns undefined where these numbers must be quantised anew
 */
export function blocksFrom(from: Uint8Array, dtype: QuantisedDtype, format: QuantisedFormat): Blocks | undefined {
  const keep = format === "q8" ? KEPT_Q8[dtype] : KEPT_Q4[dtype];
  const { elements, bytes } = QUANTISED_BLOCKS[dtype];
  if (keep === undefined) return undefined;
  const length = (from.byteLength / bytes) * elements;
  const [scales, minima] = [new Uint16Array(length / 32), new Uint16Array(length / 32)];
  const values = new Uint8Array(length);
  for (let at = 0, to = 0; to < length; at += bytes, to += elements) {
    keep(from.subarray(at, at + bytes), {
      values: values.subarray(to, to + elements),
      scales: scales.subarray(to / 32, (to + elements) / 32),
      minima: minima.subarray(to / 32, (to + elements) / 32),
    });
  }
  const blocks: Blocks = format === "q8" ? { format, values: new Int8Array(values.buffer), scales } : { format, values, scales, minima };
  return isWithinFloat16(blocks) ? blocks : undefined;
}

/** The part of our blocks that one of ggml's becomes; `values` hold negative numbers as their lowest eight bits. */
interface Kept {
  readonly values: Uint8Array;
  readonly scales: Uint16Array;
  readonly minima: Uint16Array;
}

type Keep = (block: Uint8Array, into: Kept) => void;

/** Each weight of a block of 32 is a whole number times the block's scale. */
function integers(dtype: "Q4_0" | "Q5_0" | "Q8_0", offset: number): Keep {
  const numbers = new Float32Array(32);
  const ofScaleOne = Uint8Array.of(0x00, 0x3c);
  return (block, { values, scales, minima }) => {
    const scale = byte(block, 0) | (byte(block, 1) << 8);
    const unscaled = Uint8Array.from(block);
    unscaled.set(ofScaleOne);
    BLOCKS[dtype](unscaled, numbers);
    for (let i = 0; i < 32; i++) values[i] = (numbers[i] ?? 0) + offset;
    scales[0] = scale;
    minima[0] = toFloat16(-offset * fromFloat16(scale));
  };
}

/** Q4_K's groups are blocks with a scale and a minimum; these are products of two numbers each, which are rounded to float16. */
const groups: Keep = (block, { values, scales, minima }) => {
  const [scaleOfScales, scaleOfMinima] = [half(block, 0), half(block, 2)];
  for (let group = 0; group < 8; group++) {
    const { scale, minimum } = sixBits(block, group);
    const pairs = 16 + 32 * (group >> 1);
    const shift = group % 2 === 0 ? 0 : 4;
    for (let i = 0; i < 32; i++) values[32 * group + i] = (byte(block, pairs + i) >> shift) & 15;
    scales[group] = toFloat16(scaleOfScales * scale);
    minima[group] = toFloat16(-scaleOfMinima * minimum);
  }
};

const KEPT_Q8: Readonly<Partial<Record<QuantisedDtype, Keep>>> = {
  Q8_0: integers("Q8_0", 0),
  Q5_0: integers("Q5_0", 0),
  Q4_0: integers("Q4_0", 0),
};
const KEPT_Q4: Readonly<Partial<Record<QuantisedDtype, Keep>>> = { Q4_0: integers("Q4_0", 8), Q4_K: groups };

/** Bytes 4 to 15 hold the low six bits of groups 0 to 3 whole; those of groups 4 to 7 are split between the bytes' high bits and halves. */
function sixBits(block: Uint8Array, group: number): { readonly scale: number; readonly minimum: number } {
  if (group < 4) return { scale: byte(block, 4 + group) & 63, minimum: byte(block, 8 + group) & 63 };
  const low = byte(block, 8 + group);
  return {
    scale: (low & 15) | ((byte(block, group) >> 6) << 4),
    minimum: (low >> 4) | ((byte(block, 4 + group) >> 6) << 4),
  };
}
