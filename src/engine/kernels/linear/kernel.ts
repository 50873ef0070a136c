// y = epilogue(x W + b) over the rows of x, on the tiled product of ../gemm.
// x may be two tensors side by side along channels (`second`): the reduction then runs
// over the channels of the first, then of the second. The first must have a multiple of
// four channels, so that both begin on a quad of the weight.
import { invariant } from "../../../common/errors";
import type { Dispatch, Lowering } from "../../kernel";
import type { Linear } from "../../ops";
import { channelsOf, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { unroll, wgsl } from "../../wgsl";
import { gemmDispatches, weightQuadsOf } from "../gemm/dispatch";
import type { Epilogue } from "../gemm/epilogue";
import { rowBands } from "../gemm/row-bands";
import type { RowSource } from "../gemm/source";
import { planGemm } from "../gemm/plan";

/** x: `[..., k]`, output: `[..., n]`. Gated: W has 2n columns, interleaved in quads. */
export function lowerLinear(op: Linear, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { target } = lowering;
  const { x, second, residual } = op.inputs;
  invariant(!second || channelsOf(x) % 4 === 0, "the first of two sources has a multiple of four channels");
  invariant(!op.gated || channelsOf(output) % 4 === 0, "a gated linear has a multiple of four outputs");
  const rows = rowsOf(output);
  const weightQuads = weightQuadsOf(output, op.gated);
  const sources = second ? [x, second] : [x];
  const slicesOf = (tensor: Tensor, depth: number) => Math.ceil(quadsOf(tensor) / (depth / 4));
  const shape = {
    rows,
    columns: weightQuads * 4,
    slices: (depth: number) => sources.reduce((sum, tensor) => sum + slicesOf(tensor, depth), 0),
    gated: op.gated,
  };
  const plan = planGemm(shape, target.traits);
  const { depth } = plan.tile;
  const bands = rowBands([output, ...sources, ...(residual ? [residual] : [])], [], plan.tile, target);
  const { weight, bias } = op.weights;
  const epilogue: Epilogue = {
    bias,
    residual,
    activation: op.activation,
    finalActivation: "none",
    gated: op.gated,
    activationsAtRunTime: target.traits.choosesActivationsAtRunTime,
    output,
  };
  return bands.flatMap((band) =>
    gemmDispatches(
      {
        name: "linear",
        plan,
        source: second ? twoSources(depth) : oneSource(depth),
        inputs: sources.map((tensor, index) => ({ name: index === 0 ? "x" : "second", tensor, buffer: band.windowOf(tensor) })),
        weight,
        weightQuads,
        epilogue,
        sizes: {
          quads: quadsOf(x),
          ...(second ? { second_quads: quadsOf(second), first_slices: slicesOf(x, depth) } : {}),
        },
        slices: shape.slices(depth),
        band,
        batchRows: 1,
      },
      lowering,
    ),
  );
}

function oneSource(depth: number): RowSource {
  const setup = (index: number, row: string) => `let base_${index} = (${row}) * sizes.quads;`;
  return {
    tiled: {
      setup,
      slice: wgsl`
        let channel_quad = slice * ${depth / 4}u + a_quad;
        let weight_row = slice * ${depth}u;
        let inside = channel_quad < sizes.quads;
        let read_quad = min(channel_quad, sizes.quads - 1u);
      `,
      read: (count) => wgsl`
        ${unroll(count, (i) => `let inside_${i} = inside;`)}
        ${unroll(count, (i) => `let read_${i} = load_x(base_${i} + read_quad);`)}
      `,
    },
    direct: {
      setup,
      segments: "1u",
      segment: wgsl`
        let segment_quads = sizes.quads;
        let weight_row = 0u;
      `,
      place: () => "",
      read: (index, name) => `${name} = load_x(base_${index} + quad);`,
    },
  };
}

function twoSources(depth: number): RowSource {
  const setup = (index: number, row: string) => `let row_${index} = ${row};`;
  return {
    tiled: {
      setup,
      slice: wgsl`
        let in_second = slice >= sizes.first_slices;
        let slice_quad = select(slice, slice - sizes.first_slices, in_second) * ${depth / 4}u;
        let channel_quad = slice_quad + a_quad;
        let weight_row = 4u * (slice_quad + select(0u, sizes.quads, in_second));
      `,
      read: (count) => wgsl`
        let source_quads = select(sizes.quads, sizes.second_quads, in_second);
        let read_quad = min(channel_quad, source_quads - 1u);
        ${unroll(count, (i) => `let inside_${i} = channel_quad < source_quads;\nvar read_${i}: vec4<f32>;`)}
        if (in_second) {
          ${unroll(count, (i) => `read_${i} = load_second(row_${i} * sizes.second_quads + read_quad);`)}
        } else {
          ${unroll(count, (i) => `read_${i} = load_x(row_${i} * sizes.quads + read_quad);`)}
        }
      `,
    },
    direct: {
      setup,
      segments: "2u",
      segment: wgsl`
        let in_second = segment == 1u;
        let segment_quads = select(sizes.quads, sizes.second_quads, in_second);
        let weight_row = select(0u, 4u * sizes.quads, in_second);
      `,
      place: (index) => `let base_${index} = row_${index} * segment_quads;`,
      read: (index, name) =>
        `if (in_second) { ${name} = load_second(base_${index} + quad); } else { ${name} = load_x(base_${index} + quad); }`,
    },
  };
}
