// Packs part of a checkpoint tensor, as it is stored, into the layouts of `ops.ts`. It is no op of a graph: it runs once, when weights are
// loaded.
//
// An invocation writes whole quads of four neighbouring outputs, and no other one writes those. So a part begins at an output that is a
// multiple of four. What is padding within a quad becomes zero; whole rows of padding are not written.
import { invariant } from "../../../common/errors";
import { STORED_BYTES, type StoredNumbers } from "../../../common/stored-pieces";
import { linearWorkgroups, MAX_WORKGROUPS, type Kernel } from "../../kernel";
import { entryPoint, linearEntryPoint, unroll, wgsl } from "../../wgsl";
import { countNotFinite, reading } from "./reading";

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
/** Quads of outputs, and pairs of values of each output, that a workgroup packs: some lines of memory on either side. */
const TILE_QUADS = 8;
const TILE_PAIRS = THREADS / TILE_QUADS;

export function packRows(part: StoredRows): Kernel {
  const { rows, firstRow, rowValues, numbers } = part;
  const isAligned = isAlignedIn(part, rowValues);
  return {
    name: `pack-rows-${numbers}`,
    ...sharedBy(part, { rows, first_row: firstRow, row_values: rowValues }),
    workgroups: linearWorkgroups(Math.ceil((rows * Math.ceil(rowValues / 4)) / THREADS)),
    code: textOf(`rows/${numbers}/${isAligned}`, () => rowsCode(numbers, isAligned)),
  };
}

export function packOutputs(part: StoredOutputs): Kernel {
  const { outputs, inputs, taps, numbers } = part;
  const isAligned = isAlignedIn(part, inputs * taps);
  const workgroups = [Math.ceil(outputs / (4 * TILE_QUADS)), Math.ceil((inputs * taps) / (2 * TILE_PAIRS)), 1] as const;
  invariant(Math.max(...workgroups) <= MAX_WORKGROUPS, `${outputs} outputs of ${inputs * taps} values fit one dispatch`);
  return {
    name: `pack-outputs-${numbers}`,
    ...sharedBy(part, { outputs, row_values: inputs * taps, padded_inputs: Math.ceil(inputs / 4) * 4 }),
    workgroups,
    code: textOf(`outputs/${numbers}/${isAligned}/${taps}`, () => outputsCode(numbers, isAligned, taps)),
  };
}

function sharedBy(
  { tensor, begin, rowQuads, firstQuad, halfQuads }: StoredPart,
  sizes: Readonly<Record<string, number>>,
): Pick<Kernel, "bindings" | "sizes"> {
  return {
    bindings: [
      { name: "stored", access: "read", element: "u32", lanes: 1 },
      { name: "packed", access: "write", element: "u32", lanes: 2 },
      { name: "counts", access: "count", element: "u32", lanes: 1 },
    ],
    sizes: { ...sizes, tensor, begin, row_quads: rowQuads, first_quad: firstQuad, half_quads: halfQuads },
  };
}

/** Whether every two values of an even place in a row begin at a word. */
function isAlignedIn({ begin, numbers }: StoredPart, rowValues: number): boolean {
  return begin % 4 === 0 && (rowValues * STORED_BYTES[numbers]) % 4 === 0;
}

/** A network has a thousand parts to pack, and a few texts. */
const texts = new Map<string, string>();

function textOf(key: string, make: () => string): string {
  const text = texts.get(key) ?? make();
  texts.set(key, text);
  return text;
}

const COLUMN_OF = wgsl`
  // The quad of a packed row that the part's quad becomes.
  fn column_of(quad: u32) -> u32 {
    let column = sizes.first_quad + quad;
    if (sizes.half_quads == 0u) { return column; }
    return select(2u * column, 2u * (column - sizes.half_quads) + 1u, column >= sizes.half_quads);
  }
`;

function rowsCode(numbers: StoredNumbers, isAligned: boolean): string {
  return wgsl`
    ${reading(numbers, isAligned)}

    ${COLUMN_OF}

    ${linearEntryPoint(
      THREADS,
      wgsl`
        // Which four values of which row, and how many of them there are.
        let quads = (sizes.row_values + 3u) / 4u;
        let flat_quad = flat_group * ${THREADS}u + thread;
        let row = flat_quad / quads;
        let quad = flat_quad % quads;
        if (row >= sizes.rows) { return; }
        let left = sizes.row_values - 4u * quad;
        let element_0 = row * sizes.row_values + 4u * quad;
        let element_1 = element_0 + 2u;

        // Moved, or rounded.
        let halves_0 = halves_at(element_0) & select(0xffffu, 0xffffffffu, left > 1u);
        var halves_1 = 0u;
        if (left > 2u) { halves_1 = halves_at(element_1) & select(0xffffu, 0xffffffffu, left > 3u); }
        store_packed((sizes.first_row + row) * sizes.row_quads + column_of(quad), vec2<u32>(halves_0, halves_1));
        ${countNotFinite(numbers, 2)}
      `,
    )}
  `;
}

/** Taps are a number in the text: division by one that is not known takes longer than all the rest, where there is no GPU. */
function outputsCode(numbers: StoredNumbers, isAligned: boolean, taps: number): string {
  return wgsl`
    ${reading(numbers, isAligned)}

    ${COLUMN_OF}

    // The packed row of a value of an output.
    fn row_of(value: u32) -> u32 { return ${taps === 1 ? "value" : `(value % ${taps}u) * sizes.padded_inputs + value / ${taps}u`}; }

    ${entryPoint(
      THREADS,
      wgsl`
        // Which four outputs, and which two values of each; the second may be none.
        let quad = group.x * ${TILE_QUADS}u + thread % ${TILE_QUADS}u;
        let value = 2u * (group.y * ${TILE_PAIRS}u + thread / ${TILE_QUADS}u);
        if (4u * quad >= sizes.outputs || value >= sizes.row_values) { return; }
        let has_second = value + 1u < sizes.row_values;
        let kept = select(0xffffu, 0xffffffffu, has_second);

        // Moved, or rounded. The last output stands for those that are padding, without a branch.
        let last = sizes.outputs - 1u;
        ${unroll(
          4,
          (i) => wgsl`
            let output_${i} = 4u * quad + ${i}u;
            let element_${i} = min(output_${i}, last) * sizes.row_values + value;
            let halves_${i} = halves_at(element_${i}) & select(0u, kept, output_${i} <= last);
          `,
        )}
        let column = column_of(quad);
        let first = vec2<u32>((halves_0 & 0xffffu) | (halves_1 << 16u), (halves_2 & 0xffffu) | (halves_3 << 16u));
        store_packed(row_of(value) * sizes.row_quads + column, first);
        if (has_second) {
          let second = vec2<u32>((halves_0 >> 16u) | (halves_1 & 0xffff0000u), (halves_2 >> 16u) | (halves_3 & 0xffff0000u));
          store_packed(row_of(value + 1u) * sizes.row_quads + column, second);
        }
        ${countNotFinite(numbers, 4)}
      `,
    )}
  `;
}
