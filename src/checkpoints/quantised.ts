// Weights quantised in blocks as llama.cpp (ggml) stores them: a scale for each block, in some formats with a minimum, and a few bits
// for each weight. The layouts are those of ggml-common.h and ggml-quants.c.
import { fromFloat16 } from "../common/float16";

/** Weights in a block, and the bytes that they take. */
export const QUANTISED_BLOCKS = {
  Q8_0: { elements: 32, bytes: 34 },
  Q4_0: { elements: 32, bytes: 18 },
  Q5_0: { elements: 32, bytes: 22 },
  Q4_K: { elements: 256, bytes: 144 },
} as const;

export type QuantisedDtype = keyof typeof QUANTISED_BLOCKS;

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

/** Bytes 4 to 15 hold the low six bits of groups 0 to 3 whole; those of groups 4 to 7 are split between the bytes' high bits and halves. */
function sixBits(block: Uint8Array, group: number): { readonly scale: number; readonly minimum: number } {
  if (group < 4) return { scale: byte(block, 4 + group) & 63, minimum: byte(block, 8 + group) & 63 };
  const low = byte(block, 8 + group);
  return {
    scale: (low & 15) | ((byte(block, group) >> 6) << 4),
    minimum: (low >> 4) | ((byte(block, 4 + group) >> 6) << 4),
  };
}
