// How packing kernels read a part of a stored tensor: two values at a time, as float16 bits. float16 is moved, whatever it stands for;
// float32 and bfloat16 are rounded to the nearest, ties to even.
import type { StoredNumbers } from "../../../common/stored-pieces";
import { range, wgsl } from "../../wgsl";
import { HALF_BITS } from "../half-bits";

/**
 * - `halves_at(element)`: a value in the low bits and the next one in the high bits
 * - `not_finite(halves)`: the sign bit of each that is infinite or no number
 * - `stored_not_finite(element)`: the same for the values as they are stored
 * @param isAligned every two values that are asked for begin at a word
 */
export function reading(numbers: StoredNumbers, isAligned: boolean): string {
  return wgsl`
    ${isAligned ? "" : ANYWHERE}

    ${READINGS[numbers](isAligned)}

    fn not_finite(halves: u32) -> u32 { return ((halves & 0x7c007c00u) + 0x04000400u) & 0x80008000u; }
  `;
}

/** Counts what is not finite among values read before: `halves_I` from `element_I` on, for every I below `count`. */
export function countNotFinite(numbers: StoredNumbers, count: number): string {
  const all = range(count);
  const sum = (text: (i: number) => string): string => all.map((i) => `countOneBits(${text(i)})`).join(" + ");
  return wgsl`
    if ((${all.map((i) => `not_finite(halves_${i})`).join(" | ")}) != 0u) {
      let found = ${sum((i) => `not_finite(halves_${i})`)};
      let stored = ${numbers === "f16" ? "found" : sum((i) => `not_finite(halves_${i}) & stored_not_finite(element_${i})`)};
      count_up_counts(2u * sizes.tensor, stored);
      count_up_counts(2u * sizes.tensor + 1u, found - stored);
    }
  `;
}

const ANYWHERE = wgsl`
  // Four bytes from any place on.
  fn word_at(at: u32) -> u32 {
    let shift = 8u * (at & 3u);
    let word = load_stored(at >> 2u);
    if (shift == 0u) { return word; }
    return (word >> shift) | (load_stored((at >> 2u) + 1u) << (32u - shift));
  }
`;

const pairOf16 = (isAligned: boolean): string =>
  isAligned ? "load_stored((sizes.begin >> 2u) + (element >> 1u))" : "word_at(sizes.begin + 2u * element)";

const READINGS: Readonly<Record<StoredNumbers, (isAligned: boolean) => string>> = {
  f16: (isAligned) => `fn halves_at(element: u32) -> u32 { return ${pairOf16(isAligned)}; }`,
  bf16: (isAligned) => wgsl`
    ${HALF_BITS}

    fn halves_at(element: u32) -> u32 {
      let pair = ${pairOf16(isAligned)};
      return half_bits(pair << 16u) | (half_bits(pair & 0xffff0000u) << 16u);
    }

    fn stored_not_finite(element: u32) -> u32 { return ((${pairOf16(isAligned)} & 0x7f807f80u) + 0x00800080u) & 0x80008000u; }
  `,
  f32: (isAligned) => wgsl`
    ${HALF_BITS}

    fn bits_at(element: u32) -> u32 { return ${isAligned ? "load_stored((sizes.begin >> 2u) + element)" : "word_at(sizes.begin + 4u * element)"}; }

    fn halves_at(element: u32) -> u32 { return half_bits(bits_at(element)) | (half_bits(bits_at(element + 1u)) << 16u); }

    fn is_not_finite(bits: u32) -> bool { return (bits & 0x7f800000u) == 0x7f800000u; }

    fn stored_not_finite(element: u32) -> u32 {
      return select(0u, 0x8000u, is_not_finite(bits_at(element))) | select(0u, 0x80000000u, is_not_finite(bits_at(element + 1u)));
    }
  `,
};
