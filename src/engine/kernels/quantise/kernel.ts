// Makes blocks of float32 (common/blocks.ts) on the GPU, in the layout of weight-layout.ts, after a product of two thin matrices has been
// added. It is no op of a graph: it runs once, when the weight is loaded.
//
// A workgroup has the 32 inputs of a block for each of eight quads of outputs. Each invocation adds up four sums, one an output; then they
// find the range of their blocks together. So no sum is worked out twice, and no invocation holds a block.
import { BLOCK_INPUTS, type QuantisedFormat } from "../../../common/weight-format";
import type { Binding, Kernel } from "../../kernel";
import { SCALE_FACTORS } from "../../weight-layout";
import { entryPoint, wgsl } from "../../wgsl";
import { HALF_BITS } from "../half-bits";
import { COLUMN_OF } from "../pack/kernel";

export interface QuantisedOutputs {
  readonly format: QuantisedFormat;
  readonly outputs: number;
  /** A multiple of 32. */
  readonly inputs: number;
  readonly taps: number;
  readonly rank: number;
  /** Quads of a row of `up`, and the one that belongs to the first outputs. */
  readonly upQuads: number;
  readonly firstUpQuad: number;
  /** As in pack/kernel.ts. */
  readonly rowQuads: number;
  readonly firstQuad: number;
  readonly halfQuads: number;
  readonly tensor: number;
}

const QUADS = 8;
const THREADS = BLOCK_INPUTS * QUADS;

export function quantiseOutputs(part: QuantisedOutputs): Kernel {
  const { format, outputs, inputs, taps, rank, upQuads, firstUpQuad, rowQuads, firstQuad, halfQuads, tensor } = part;
  const scales: Binding = { name: "scales", access: "write", element: "u32", lanes: format === "q8" ? 2 : 4 };
  return {
    name: `quantise-${format}`,
    bindings: [
      { name: "stored", access: "read", element: "f32", lanes: 1 },
      { name: "values", access: "write", element: "u32", lanes: 1 },
      scales,
      { name: "counts", access: "count", element: "u32", lanes: 1 },
      { name: "up", access: "read", element: "f32", lanes: 4 },
      { name: "down", access: "read", element: "f32", lanes: 1 },
    ],
    sizes: {
      outputs,
      inputs,
      taps,
      rank,
      up_quads: upQuads,
      first_up_quad: firstUpQuad,
      row_quads: rowQuads,
      first_quad: firstQuad,
      half_quads: halfQuads,
      tensor,
    },
    workgroups: [Math.ceil(outputs / (4 * QUADS)), (taps * inputs) / BLOCK_INPUTS, 1],
    code: TEXTS[format],
  };
}

const HALF_VALUE = wgsl`
  // Exact, also below 2^-14, where the device may take float16 for zero.
  fn half_value(bits: u32) -> f32 {
    let magnitude = bits & 0x7fffu;
    let size = select(bitcast<f32>((magnitude << 13u) + 0x38000000u), f32(magnitude) * ${2 ** -24}f, magnitude < 0x400u);
    return select(size, -size, (bits & 0x8000u) != 0u);
  }
`;

/** What each format makes of `merged`, and of the least and the largest of its block. */
const FORMATS = {
  q8: {
    steps: 127,
    blocks: wgsl`
      let scales = scale_bits(max(-least[of_block], largest[of_block]));
      let value = vec4<i32>(floor(merged * steps_of(scales) + 0.5));
      let bytes = bitcast<vec4<u32>>(clamp(value, vec4<i32>(-127), vec4<i32>(127))) & vec4<u32>(255u);
      if (is_kept) {
        store_values((tap * sizes.inputs + input) * sizes.row_quads + column, bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u));
        if (lane == 0u) { store_scales(group.y * sizes.row_quads + column, stored_scales(scales)); }
      }
    `,
  },
  q4: {
    steps: 15,
    blocks: wgsl`
      let minima = rounded_down(least[of_block]);
      let lowest = half_values(minima);
      let scales = scale_bits(largest[of_block] - lowest);
      let value = vec4<u32>(clamp(floor((merged - lowest) * steps_of(scales) + 0.5), vec4<f32>(0.0), vec4<f32>(15.0)));

      // A word has two inputs: the odd one's half comes through workgroup memory.
      nibbles[thread] = value.x | (value.y << 4u) | (value.z << 8u) | (value.w << 12u);
      workgroupBarrier();
      if (is_kept && lane % 2u == 0u) {
        let word = nibbles[thread] | (nibbles[thread + ${QUADS}u] << 16u);
        store_values((tap * sizes.inputs + input) / 2u * sizes.row_quads + column, word);
        if (lane == 0u) { store_scales(group.y * sizes.row_quads + column, vec4<u32>(stored_scales(scales), pairs(minima))); }
      }
    `,
  },
} as const satisfies Record<QuantisedFormat, object>;

function codeOf(format: QuantisedFormat): string {
  const { steps, blocks } = FORMATS[format];
  const four = (text: (component: string) => string): string => [..."xyzw"].map(text).join(", ");
  return wgsl`
    ${HALF_BITS}

    ${HALF_VALUE}

    fn half_values(bits: vec4<u32>) -> vec4<f32> { return vec4<f32>(${four((c) => `half_value(bits.${c})`)}); }

    // The largest float16 that is not above a value.
    fn half_below(value: f32) -> u32 {
      let nearest = half_bits(bitcast<u32>(value));
      if (half_value(nearest) <= value) { return nearest; }
      return select(nearest - 1u, nearest + 1u, (nearest & 0x8000u) != 0u);
    }

    fn rounded_down(values: vec4<f32>) -> vec4<u32> { return vec4<u32>(${four((c) => `half_below(values.${c})`)}); }

    // The float16 with which a range is at most half a step beyond ${steps} steps.
    fn scale_for(size: f32) -> u32 {
      let nearest = half_bits(bitcast<u32>(size / ${steps}.0));
      return select(nearest, nearest + 1u, size > ${steps + 0.5} * half_value(nearest));
    }

    fn scale_bits(sizes_of: vec4<f32>) -> vec4<u32> { return vec4<u32>(${four((c) => `scale_for(sizes_of.${c})`)}); }

    // Zero for a block that is all one number.
    fn steps_of(bits: vec4<u32>) -> vec4<f32> { return select(vec4<f32>(0.0), 1.0 / half_values(bits), bits != vec4<u32>(0u)); }

    fn pairs(bits: vec4<u32>) -> vec2<u32> { return bits.xz | (bits.yw << vec2<u32>(16u)); }

    fn stored_scales(bits: vec4<u32>) -> vec2<u32> {
      let scaled = bitcast<vec4<u32>>(half_values(bits) * ${SCALE_FACTORS[format]}.0);
      return pairs(vec4<u32>(${four((c) => `half_bits(scaled.${c})`)}));
    }

    ${COLUMN_OF}

    var<workgroup> least: array<vec4<f32>, ${THREADS}>;
    var<workgroup> largest: array<vec4<f32>, ${THREADS}>;
    ${format === "q4" ? `var<workgroup> nibbles: array<u32, ${THREADS}>;` : ""}

    ${entryPoint(
      THREADS,
      wgsl`
        // Which four outputs, and which input and tap of them.
        let of_block = thread % ${QUADS}u;
        let lane = thread / ${QUADS}u;
        let blocks = sizes.inputs / ${BLOCK_INPUTS}u;
        let tap = group.y / blocks;
        let input = group.y % blocks * ${BLOCK_INPUTS}u + lane;
        let quad = group.x * ${QUADS}u + of_block;
        let is_kept = 4u * quad < sizes.outputs;
        let column = column_of(quad);

        // What is stored of them; outputs that are padding are zero.
        let last = sizes.outputs - 1u;
        let output = 4u * quad + vec4<u32>(0u, 1u, 2u, 3u);
        let place = (min(output, vec4<u32>(last)) * sizes.inputs + input) * sizes.taps + tap;
        let stored_four = vec4<f32>(${four((c) => `load_stored(place.${c})`)});

        // With the product added.
        var sum = stored_four;
        let up_quad = sizes.first_up_quad + min(quad, last / 4u);
        for (var r = 0u; r < sizes.rank; r++) {
          sum += load_down((r * sizes.inputs + input) * sizes.taps + tap) * load_up(r * sizes.up_quads + up_quad);
        }
        let merged = select(vec4<f32>(0.0), sum, output <= vec4<u32>(last));

        // Counted, if they are no finite float16.
        let exponents = bitcast<vec4<u32>>(stored_four) & vec4<u32>(0x7f800000u);
        let magnitudes = bitcast<vec4<u32>>(merged) & vec4<u32>(0x7fffffffu);
        for (var i = 0u; i < 4u; i++) {
          if (output[i] <= last && magnitudes[i] >= 0x477ff000u) {
            count_up_counts(2u * sizes.tensor + select(1u, 0u, exponents[i] == 0x7f800000u), 1u);
          }
        }

        // The range of each block.
        least[thread] = merged;
        largest[thread] = merged;
        workgroupBarrier();
        for (var half = ${THREADS / 2}u; half >= ${QUADS}u; half /= 2u) {
          if (thread < half) {
            least[thread] = min(least[thread], least[thread + half]);
            largest[thread] = max(largest[thread], largest[thread + half]);
          }
          workgroupBarrier();
        }

        // Rounded.
        ${blocks}
      `,
    )}
  `;
}

/** A network has a thousand parts, and a text for each format. */
const TEXTS: Readonly<Record<QuantisedFormat, string>> = { q8: codeOf("q8"), q4: codeOf("q4") };
