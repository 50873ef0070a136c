// Packs part of a checkpoint tensor, as it is stored, into the layouts of `weight-layout.ts`. It is no op of a graph: it runs once, when weights are
// loaded.
//
// An invocation writes whole quads of four neighbouring outputs, and no other one writes those. So a part begins at an output that is a
// multiple of four. What is padding within a quad becomes zero; whole rows of padding are not written.
import { invariant } from "../../../common/errors";
import type { StoredNumbers } from "../../../common/stored-pieces";
import { linearWorkgroups, MAX_WORKGROUPS, type Kernel } from "../../kernel";
import { entryPoint, linearEntryPoint, range, unroll, wgsl } from "../../wgsl";
import { readingOf, type Reading } from "./reading";

interface StoredPart {
  readonly numbers: StoredNumbers;
  /** Where it begins among the stored bytes; it need not be aligned. */
  readonly begin: number;
  /** Which counters are this tensor's: of values that are not finite as stored, and of values that are beyond float16. */
  readonly tensor: number;
  /** Quads of a packed row, and the one that the part's first outputs become. */
  readonly rowQuads: number;
  readonly firstQuad: number;
  /** Quads of each half where halves alternate in blocks of four; 0 where they do not. */
  readonly halfQuads: number;
}

/** Rows of outputs, stored as they are packed: a vector, or rows of a table. */
export interface StoredRows extends StoredPart {
  readonly rows: number;
  readonly firstRow: number;
  /** Values of a stored row. */
  readonly rowValues: number;
}

/** Outputs of a matrix or of a convolution: all inputs and taps of one output are stored together, and packed in rows of their own. */
export interface StoredOutputs extends StoredPart {
  readonly outputs: number;
  readonly inputs: number;
  readonly taps: number;
}

const THREADS = 64;
/** Quads of outputs side by side in a workgroup; the other invocations have the values that follow. */
const TILE_QUADS = 16;
/** Values of each of its four outputs that an invocation packs: where there is no GPU, beginning with one costs more than they do. */
const CHUNK = 32;
const TILE_VALUES = (THREADS / TILE_QUADS) * CHUNK;

export function packRows(part: StoredRows): Kernel {
  const { rows, firstRow, rowValues, numbers } = part;
  const texts = textsFor(part, rows === 1 ? 0 : rowValues);
  const together = valuesTogether(texts.reading);
  return {
    name: `pack-rows-${numbers}`,
    ...sharedBy(part, texts.reading, { rows, first_row: firstRow, row_values: rowValues }),
    workgroups: linearWorkgroups(Math.ceil((rows * Math.ceil(rowValues / together)) / THREADS)),
    code: texts.rows,
  };
}

export function packOutputs(part: StoredOutputs): Kernel {
  const { outputs, inputs, taps, numbers, rowQuads } = part;
  const texts = textsFor(part, inputs * taps);
  // From a packed row to that of the next tap, and from the last tap's to that of the next input.
  const across = Math.ceil(inputs / 4) * 4 * rowQuads;
  const back = (rowQuads - (taps - 1) * across) >>> 0;
  const workgroups = [Math.ceil(outputs / (4 * TILE_QUADS)), Math.ceil((inputs * taps) / TILE_VALUES), 1] as const;
  invariant(Math.max(...workgroups) <= MAX_WORKGROUPS, `${outputs} outputs of ${inputs * taps} values fit one dispatch`);
  return {
    name: `pack-outputs-${numbers}`,
    ...sharedBy(part, texts.reading, { outputs, row_values: inputs * taps, taps, across, back }),
    workgroups,
    code: texts.outputs,
  };
}

function sharedBy(
  { tensor, begin, rowQuads, firstQuad, halfQuads }: StoredPart,
  { binding }: Reading,
  sizes: Readonly<Record<string, number>>,
): Pick<Kernel, "bindings" | "sizes"> {
  return {
    bindings: [
      binding,
      { name: "packed", access: "write", element: "u32", lanes: 2 },
      { name: "counts", access: "count", element: "u32", lanes: 1 },
    ],
    sizes: { ...sizes, tensor, begin, row_quads: rowQuads, first_quad: firstQuad, half_quads: halfQuads },
  };
}

/** Reads `sizes.first_quad` and `sizes.half_quads`. */
export const COLUMN_OF = wgsl`
  // The quad of a packed row that the part's quad becomes.
  fn column_of(quad: u32) -> u32 {
    let column = sizes.first_quad + quad;
    if (sizes.half_quads == 0u) { return column; }
    return select(2u * column, 2u * (column - sizes.half_quads) + 1u, column >= sizes.half_quads);
  }
`;

/** What an invocation packs of a row: whole quads. */
function valuesTogether({ words }: Reading): number {
  return words === 4 ? 8 : 4;
}

function rowsCode(reading: Reading): string {
  const { code, words } = reading;
  const moved =
    words === 4
      ? wgsl`
          let halves = halves_at(element) & kept(count);
          store_packed(begin + column_of(value / 4u), halves.xy);
          if (count > 4u) { store_packed(begin + column_of(value / 4u + 1u), halves.zw); }
          if (any(not_finite(halves) != Halves(0u))) { count_not_finite(element, halves); }
        `
      : wgsl`
          let first = halves_at(element) & kept(count);
          var second = 0u;
          if (count > 2u) { second = halves_at(element + 2u) & kept(count - 2u); }
          store_packed(begin + column_of(value / 4u), vec2<u32>(first, second));
          if (not_finite(first) != 0u) { count_not_finite(element, first); }
          if (not_finite(second) != 0u) { count_not_finite(element + 2u, second); }
        `;
  const together = valuesTogether(reading);
  return wgsl`
    ${code}

    ${COLUMN_OF}

    ${linearEntryPoint(
      THREADS,
      wgsl`
        // Which values of which row, and how many there are from the first of them on.
        let pieces = (sizes.row_values + ${together - 1}u) / ${together}u;
        let piece = flat_group * ${THREADS}u + thread;
        let row = piece / pieces;
        let value = ${together}u * (piece % pieces);
        if (row >= sizes.rows) { return; }
        let count = sizes.row_values - value;
        let element = row * sizes.row_values + value;

        // Moved, or rounded; and counted, if they are no numbers.
        let begin = (sizes.first_row + row) * sizes.row_quads;
        ${moved}
      `,
    )}
  `;
}

function outputsCode({ code, words }: Reading): string {
  const step = 2 * words;
  const component = (i: number, value: number): string => (words === 4 ? `halves_${i}.${"xyzw"[value >> 1]}` : `halves_${i}`);
  /** One value of each of the four outputs. */
  const quadOf = (value: number): string => {
    const [a, b, c, d] = range(4).map((i) => component(i, value));
    return value % 2 === 0
      ? `vec2<u32>((${a} & 0xffffu) | (${b} << 16u), (${c} & 0xffffu) | (${d} << 16u))`
      : `vec2<u32>((${a} >> 16u) | (${b} & 0xffff0000u), (${c} >> 16u) | (${d} & 0xffff0000u))`;
  };
  // Four words are read at once only where outputs are whole reads.
  const stored = (value: number): string => wgsl`
    ${words === 1 && value === 1 ? "if (value + 1u == end) { break; }" : ""}
    store_packed(place, ${quadOf(value)});
    let ends_${value} = tap + 1u == sizes.taps;
    tap = select(tap + 1u, 0u, ends_${value});
    place += select(sizes.across, sizes.back, ends_${value});
  `;
  return wgsl`
    ${code}

    ${COLUMN_OF}

    // Values of an output, zero for outputs that are padding and for values beyond the last.
    fn halves_of(output: u32, value: u32) -> Halves {
      let last = sizes.outputs - 1u;
      let halves = halves_at(min(output, last) * sizes.row_values + value)${words === 1 ? " & kept(sizes.row_values - value)" : ""};
      return select(Halves(0u), halves, output <= last);
    }

    ${entryPoint(
      THREADS,
      wgsl`
        // Which four outputs, and which of their values.
        let quad = group.x * ${TILE_QUADS}u + thread % ${TILE_QUADS}u;
        let begin = group.y * ${TILE_VALUES}u + thread / ${TILE_QUADS}u * ${CHUNK}u;
        let end = min(begin + ${CHUNK}u, sizes.row_values);
        if (4u * quad >= sizes.outputs || begin >= end) { return; }

        // Moved, or rounded. Taps of an input follow each other where they are stored.
        var tap = begin % sizes.taps;
        var place = tap * sizes.across + begin / sizes.taps * sizes.row_quads + column_of(quad);
        var found = Halves(0u);
        for (var value = begin; value < end; value += ${step}u) {
          ${unroll(4, (i) => `let halves_${i} = halves_of(4u * quad + ${i}u, value);`)}
          found |= ${range(4)
            .map((i) => `not_finite(halves_${i})`)
            .join(" | ")};
          ${unroll(step, stored)}
        }
        if (bits_of(found) == 0u) { return; }

        // Counted, because some are no numbers.
        for (var value = begin; value < end; value += ${step}u) {
          for (var output = 4u * quad; output < min(4u * quad + 4u, sizes.outputs); output++) {
            count_not_finite(output * sizes.row_values + value, halves_of(output, value));
          }
        }
      `,
    )}
  `;
}

interface Texts {
  readonly reading: Reading;
  readonly rows: string;
  readonly outputs: string;
}

/** A network has a thousand parts to pack, and a few texts. */
const TEXTS: Readonly<Record<StoredNumbers, Texts>> = {
  f16: textsFrom(readingOf("f16", false)),
  bf16: textsFrom(readingOf("bf16", false)),
  f32: textsFrom(readingOf("f32", false)),
};

const WIDE_TEXTS = textsFrom(readingOf("f16", true));

function textsFrom(reading: Reading): Texts {
  return { reading, rows: rowsCode(reading), outputs: outputsCode(reading) };
}

/** @param rowValues values of a row that another one follows */
function textsFor({ numbers, begin }: StoredPart, rowValues: number): Texts {
  return numbers === "f16" && begin % 16 === 0 && rowValues % 8 === 0 ? WIDE_TEXTS : TEXTS[numbers];
}
