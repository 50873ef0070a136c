// How a matrix product reads its weight, four outputs of one input at a time, in float32 whatever they are stored in
// (../../weight-layout.ts). What is done with them is the same for all formats.
import { BLOCK_INPUTS, type QuantisedFormat } from "../../../common/weight-format";
import type { Binding, BufferSource } from "../../kernel";
import { unroll, wgsl } from "../../wgsl";
import { type Weight, SCALE_FACTORS } from "../../weight-layout";

export interface WeightLoad {
  readonly bindings: readonly Binding[];
  readonly buffers: Readonly<Record<string, BufferSource>>;
  /** Functions that the texts below call. */
  readonly functions: string;
  /** One that only `read` calls. */
  readonly rowFunction: string;
  /** For tiled.ts: declares what stays the same over the reduction of quad `quad` of row `weight_row + row`, numbered by `index`. */
  setup(index: number, row: string, quad: string): string;
  /** An expression for that quad, or for the one of another row in place of `weight_row`. */
  read(index: number, weightRow?: string): string;
  /** For direct.ts: declares `w_K_J`, for each `quad_J` of `quads`, of the four rows from `weight_row + 4 * quad` on. */
  fourRows(quads: number): string;
}

export function weightLoad(weight: Weight): WeightLoad {
  const { format } = weight;
  return format === undefined ? float16Load(weight) : { ...TEXTS[format], ...quantised(weight) };
}

type Texts = Pick<WeightLoad, "functions" | "rowFunction" | "setup" | "read" | "fourRows">;

/** Of a weight in float16, whose binding has a name. */
export function float16Load(weight: Weight, name = "weight"): WeightLoad {
  return {
    bindings: [{ name, access: "read", element: "weight", lanes: 4 }],
    buffers: { [name]: { weight } },
    functions: "",
    rowFunction: "",
    setup: (index, row, quad) => `let ${name}_place_${index} = (${row}) * sizes.weight_quads + ${quad};`,
    read: (index, weightRow = "weight_row") => `load_${name}(${weightRow} * sizes.weight_quads + ${name}_place_${index})`,
    fourRows: (quads) => wgsl`
      let w_begin = (weight_row + 4u * quad) * sizes.weight_quads;
      ${eachOf(quads, (k, j) => `let w_${k}_${j} = load_${name}(w_begin + ${k}u * sizes.weight_quads + quad_${j});`)}
    `,
  };
}

function quantised(weight: Weight): Pick<WeightLoad, "bindings" | "buffers"> {
  return {
    bindings: [
      { name: "weight", access: "read", element: "u32", lanes: 1 },
      { name: "scales", access: "read", element: "weight", lanes: 4 },
    ],
    buffers: { weight: { weight }, scales: { weight, region: "scales" } },
  };
}

/** By the row, of which the format's function finds block and bits. */
const AT: Pick<Texts, "setup" | "read"> = {
  setup: (index, row, quad) => `let weight_row_${index} = ${row};\nlet weight_quad_${index} = ${quad};`,
  read: (index, weightRow = "weight_row") => `weight_at(${weightRow} + weight_row_${index}, weight_quad_${index})`,
};

const Q8: Texts = {
  functions: wgsl`
    // Four signed bytes, the lowest first.
    fn signed_bytes(word: u32) -> vec4<f32> {
      return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));
    }

    // The scales of four outputs in a block of inputs.
    fn block_scale(index: u32) -> vec4<f32> { return load_scales(index) * ${1 / SCALE_FACTORS.q8}; }
  `,
  rowFunction: wgsl`
    fn weight_at(row: u32, quad: u32) -> vec4<f32> {
      return block_scale(row / ${BLOCK_INPUTS}u * sizes.weight_quads + quad) * signed_bytes(load_weight(row * sizes.weight_quads + quad));
    }
  `,
  ...AT,
  fourRows: (quads) => wgsl`
    let w_row = weight_row + 4u * quad;
    let w_begin = w_row * sizes.weight_quads;
    let block = w_row / ${BLOCK_INPUTS}u * sizes.weight_quads;
    ${unroll(quads, (j) => `let scale_${j} = block_scale(block + quad_${j});`)}
    ${eachOf(quads, (k, j) => `let w_${k}_${j} = scale_${j} * signed_bytes(load_weight(w_begin + ${k}u * sizes.weight_quads + quad_${j}));`)}
  `,
};

const Q4: Texts = {
  functions: wgsl`
    // Four numbers of four bits, the lowest first; what is above them counts for nothing.
    fn four_bits(word: u32) -> vec4<f32> {
      return vec4<f32>((vec4<u32>(word) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u));
    }

    // The scales of four outputs in a block of inputs; their minima stand behind them.
    fn block_scale(index: u32) -> vec4<f32> { return load_scales(2u * index) * ${1 / SCALE_FACTORS.q4}; }
    fn block_minimum(index: u32) -> vec4<f32> { return load_scales(2u * index + 1u); }
  `,
  rowFunction: wgsl`
    fn weight_at(row: u32, quad: u32) -> vec4<f32> {
      let block = row / ${BLOCK_INPUTS}u * sizes.weight_quads + quad;
      let word = load_weight(row / 2u * sizes.weight_quads + quad);
      return block_minimum(block) + block_scale(block) * four_bits(word >> (row % 2u * 16u));
    }
  `,
  ...AT,
  fourRows: (quads) => wgsl`
    let w_row = weight_row + 4u * quad;
    let w_begin = w_row / 2u * sizes.weight_quads;
    let block = w_row / ${BLOCK_INPUTS}u * sizes.weight_quads;
    ${unroll(quads, (j) => `let scale_${j} = block_scale(block + quad_${j});\nlet minimum_${j} = block_minimum(block + quad_${j});`)}
    ${unroll(2, (pair) => unroll(quads, (j) => `let word_${pair}_${j} = load_weight(w_begin + ${pair}u * sizes.weight_quads + quad_${j});`))}
    ${eachOf(quads, (k, j) => `let w_${k}_${j} = minimum_${j} + scale_${j} * four_bits(word_${k >> 1}_${j}${k % 2 === 1 ? " >> 16u" : ""});`)}
  `,
};

const TEXTS: Readonly<Record<QuantisedFormat, Texts>> = { q8: Q8, q4: Q4 };

function eachOf(quads: number, line: (k: number, j: number) => string): string {
  return unroll(4, (k) => unroll(quads, (j) => line(k, j)));
}
