// How packing kernels read a part of a stored tensor, as float16 bits, two in each word. float16 is moved, whatever it stands for, and
// eight at a time where it lies so; float32 and bfloat16 are rounded to the nearest, ties to even.
import type { StoredNumbers } from "../../../common/stored-pieces";
import type { Binding } from "../../kernel";
import { wgsl } from "../../wgsl";
import { HALF_BITS } from "../half-bits";

export interface Reading {
  /** Words that are read at once: four, or one that may begin at any byte. */
  readonly words: 1 | 4;
  readonly binding: Binding;
  /**
   * WGSL of functions on one word or four, `Halves`:
   * - `halves_at(element)`: the values from an element of the part on
   * - `kept(count)`: ones for the first so many of them
   * - `not_finite(halves)`: the sign bit of each that is infinite or no number
   * - `count_not_finite(element, halves)`: adds what there is of them to the tensor's counters
   */
  readonly code: string;
}

/** @param isWide all that is asked for begins where four words do */
export function readingOf(numbers: StoredNumbers, isWide: boolean): Reading {
  const words = isWide ? 4 : 1;
  return {
    words,
    binding: { name: "stored", access: "read", element: "u32", lanes: words },
    code: wgsl`
      ${isWide ? WIDE : NARROW}

      ${isWide ? WIDE_HALVES : READINGS[numbers]}

      fn not_finite(halves: Halves) -> Halves {
        return ((halves & Halves(0x7c007c00u)) + Halves(0x04000400u)) & Halves(0x80008000u);
      }

      fn count_not_finite(element: u32, halves: Halves) {
        let found = not_finite(halves);
        let stored = found & stored_not_finite(element);
        count_up_counts(2u * sizes.tensor, bits_of(stored));
        count_up_counts(2u * sizes.tensor + 1u, bits_of(found ^ stored));
      }
    `,
  };
}

const WIDE = wgsl`
  alias Halves = vec4<u32>;

  fn kept(count: u32) -> Halves {
    let low = select(Halves(0u), Halves(0xffffu), Halves(count) > Halves(0u, 2u, 4u, 6u));
    return low | select(Halves(0u), Halves(0xffff0000u), Halves(count) > Halves(1u, 3u, 5u, 7u));
  }

  fn bits_of(words: Halves) -> u32 {
    let bits = countOneBits(words);
    return bits.x + bits.y + bits.z + bits.w;
  }
`;

const WIDE_HALVES = wgsl`
  fn halves_at(element: u32) -> Halves { return load_stored((sizes.begin + 2u * element) >> 4u); }

  fn stored_not_finite(element: u32) -> Halves { return Halves(0x80008000u); }
`;

const NARROW = wgsl`
  alias Halves = u32;

  fn kept(count: u32) -> Halves { return select(0xffffu, 0xffffffffu, count > 1u); }

  fn bits_of(word: Halves) -> u32 { return countOneBits(word); }

  // Four bytes from any place on.
  fn word_at(at: u32) -> u32 {
    let shift = 8u * (at & 3u);
    let word = load_stored(at >> 2u);
    if (shift == 0u) { return word; }
    return (word >> shift) | (load_stored((at >> 2u) + 1u) << (32u - shift));
  }
`;

const READINGS: Readonly<Record<StoredNumbers, string>> = {
  f16: wgsl`
    fn halves_at(element: u32) -> Halves { return word_at(sizes.begin + 2u * element); }

    fn stored_not_finite(element: u32) -> Halves { return 0x80008000u; }
  `,
  bf16: wgsl`
    ${HALF_BITS}

    fn halves_at(element: u32) -> Halves {
      let pair = word_at(sizes.begin + 2u * element);
      return half_bits(pair << 16u) | (half_bits(pair & 0xffff0000u) << 16u);
    }

    fn stored_not_finite(element: u32) -> Halves {
      return ((word_at(sizes.begin + 2u * element) & 0x7f807f80u) + 0x00800080u) & 0x80008000u;
    }
  `,
  f32: wgsl`
    ${HALF_BITS}

    fn bits_at(element: u32) -> u32 { return word_at(sizes.begin + 4u * element); }

    fn halves_at(element: u32) -> Halves { return half_bits(bits_at(element)) | (half_bits(bits_at(element + 1u)) << 16u); }

    fn exponent_of(bits: u32) -> u32 { return bits & 0x7f800000u; }

    fn stored_not_finite(element: u32) -> Halves {
      let low = select(0u, 0x8000u, exponent_of(bits_at(element)) == 0x7f800000u);
      return low | select(0u, 0x80000000u, exponent_of(bits_at(element + 1u)) == 0x7f800000u);
    }
  `,
};
