// NHWC convolution as an implicit matrix product on ../gemm: rows are output pixels, the
// reduction runs tap by tap and, within a tap, over channels, so a slice needs one bounds
// test per row. Any kernel size, stride and padding; `upsample` 2 reads x at half the
// coordinates instead of an upsampled copy.
import type { Dispatch, Lowering } from "../../kernel";
import { inputsOf, type Conv2d } from "../../ops";
import { axis, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { unroll, wgsl } from "../../wgsl";
import { sourceOf, type Rows } from "../bands";
import { gemmDispatches, weightQuadsOf } from "../gemm/dispatch";
import type { Epilogue } from "../gemm/epilogue";
import { rowBands } from "../gemm/row-bands";
import type { RowSource } from "../gemm/source";
import { planGemm } from "../gemm/plan";
import { furtherOf, shortcutSlices } from "./shortcut";

/** x: `[batch, height, width, k]`, output: `[batch, height, width, n]`. */
export function lowerConv2d(op: Conv2d, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { target } = lowering;
  const { x, channelBias } = op.inputs;
  // A shortcut that is computed here is no residual.
  const shortcut = op.inputs.residual && lowering.shortcuts.get(op.inputs.residual.id);
  const residual = shortcut ? undefined : op.inputs.residual;
  const [kernelHeight, kernelWidth] = op.kernel;
  const quads = quadsOf(x);
  const slicesPerTap = (depth: number) => Math.ceil(quads / (depth / 4));
  const weightQuads = weightQuadsOf(output, false);
  const rows = rowsOf(output);
  const slices = (depth: number) => kernelHeight * kernelWidth * slicesPerTap(depth);
  const allSlices = (depth: number) => slices(depth) + (shortcut ? shortcutSlices(shortcut, depth) : 0);
  const plan = planGemm({ rows, columns: weightQuads * 4, slices: allSlices, gated: false }, target.traits);
  const { depth } = plan.tile;
  const around = [{ tensor: x, rows: (band: Rows) => inputRows(op, output, band) }];
  const bands = rowBands([output, ...(residual ? [residual] : []), ...(shortcut ? inputsOf(shortcut) : [])], around, plan.tile, target);
  const { weight, bias } = op.weights;
  const { activation, finalActivation, channelBiasBegin } = op;
  const activationsAtRunTime = target.traits.choosesActivationsAtRunTime;
  const epilogue: Epilogue = {
    bias,
    furtherBias: shortcut?.weights.bias,
    channelBias,
    channelBiasBegin,
    residual,
    activation,
    finalActivation,
    gated: false,
    activationsAtRunTime,
    output,
  };
  return bands.flatMap((band) => {
    const input = band.around.get(x.id) ?? { tensor: x, begin: 0, end: rowsOf(x) };
    return gemmDispatches(
      {
        name: "conv2d",
        plan,
        source: pixelSource(op, depth),
        inputs: [{ name: "x", tensor: x, buffer: sourceOf(input) }],
        weight,
        weightQuads,
        epilogue,
        sizes: {
          quads,
          slices_per_tap: slicesPerTap(depth),
          taps: kernelHeight * kernelWidth,
          kernel_width: kernelWidth,
          stride: op.stride,
          // A negative one wraps, as the coordinates do.
          top: op.padding.top >>> 0,
          left: op.padding.left,
          height: axis(x, 1),
          width: axis(x, 2),
          output_width: axis(output, 2),
          output_pixels: axis(output, 1) * axis(output, 2),
          row_offset: band.rows.begin,
          input_offset: input.begin,
        },
        slices: slices(depth),
        further: shortcut && furtherOf(shortcut, band, depth),
        band,
        batchRows: axis(output, 1) * axis(output, 2),
      },
      lowering,
    );
  });
}

/** Pixels of x (flattened) that a band of output pixels reads. */
function inputRows(op: Conv2d, output: Tensor, band: Rows): Rows {
  const [height, width] = [axis(op.inputs.x, 1), axis(op.inputs.x, 2)];
  const outputWidth = axis(output, 2);
  const outputPixels = axis(output, 1) * outputWidth;
  const lineBegin = (pixel: number, tap: number) => {
    const line = Math.floor((pixel % outputPixels) / outputWidth) * op.stride - op.padding.top + tap;
    const clamped = Math.min(Math.max(Math.floor(line / op.upsample), 0), height - 1);
    return (Math.floor(pixel / outputPixels) * height + clamped) * width;
  };
  return { begin: lineBegin(band.begin, 0), end: lineBegin(band.end - 1, op.kernel[0] - 1) + width };
}

/**
 * Coordinates are u32 and wrap: a tap left of or above the image becomes a huge number,
 * so one comparison tests both sides.
 */
function pixelSource(op: Conv2d, depth: number): RowSource {
  const halves = op.upsample === 2;
  const limit = (size: string) => (halves ? `2u * ${size}` : size);
  const placeOfTap = (declare: "let " | "var " | "") => wgsl`
    ${declare}tap_row = tap / sizes.kernel_width;
    ${declare}tap_column = tap % sizes.kernel_width;
    ${halves ? "" : `${declare}tap_begin = (tap_row * sizes.width + tap_column) * sizes.quads;`}
  `;
  // The way from a row's first tap to another is the same for all rows, unless coordinates are halved.
  const at = (index: number, line: string, column: string) =>
    halves ? `(image_${index} + (${line} >> 1u) * sizes.width + (${column} >> 1u)) * sizes.quads` : `corner_${index} + tap_begin`;
  const inImage = (line: string, column: string) => `${line} < ${limit("sizes.height")} && ${column} < ${limit("sizes.width")}`;
  const setup = (index: number, row: string) => wgsl`
    let pixel_${index} = ${row} + sizes.row_offset;
    let place_${index} = pixel_${index} % sizes.output_pixels;
    let top_${index} = place_${index} / sizes.output_width * sizes.stride - sizes.top;
    let left_${index} = place_${index} % sizes.output_width * sizes.stride - sizes.left;
    let image_${index} = pixel_${index} / sizes.output_pixels * sizes.height * sizes.width - sizes.input_offset;
    ${halves ? "" : `let corner_${index} = (image_${index} + top_${index} * sizes.width + left_${index}) * sizes.quads;`}
  `;
  return {
    tiled: {
      setup,
      carried: (first) => wgsl`
        // The slice's tap, and its place there: counted along, so that no slice divides by a size.
        var tap = ${first} / sizes.slices_per_tap;
        var tap_slice = ${first} % sizes.slices_per_tap;
        ${placeOfTap("var ")}
      `,
      slice: wgsl`
        let slice_quad = tap_slice * ${depth / 4}u;
        let channel_quad = slice_quad + a_quad;
        let weight_row = 4u * (tap * sizes.quads + slice_quad);
      `,
      next: wgsl`
        tap_slice += 1u;
        if (tap_slice == sizes.slices_per_tap) {
          tap_slice = 0u;
          tap += 1u;
          ${placeOfTap("")}
        }
      `,
      // Outside the image the first pixel is read.
      read: (count) =>
        unroll(
          count,
          (i) => wgsl`
            let line_${i} = top_${i} + tap_row;
            let column_${i} = left_${i} + tap_column;
            let inside_${i} = ${inImage(`line_${i}`, `column_${i}`)} && channel_quad < sizes.quads;
            let read_${i} = load_x(select(0u, ${at(i, `line_${i}`, `column_${i}`)} + channel_quad, inside_${i}));
          `,
        ),
    },
    direct: {
      setup,
      segments: "sizes.taps",
      segment: wgsl`
        let tap = segment;
        let segment_quads = sizes.quads;
        let weight_row = 4u * tap * sizes.quads;
        ${placeOfTap("let ")}
      `,
      // Outside the image the first pixel is read, and a zero taken instead.
      place: (index) => wgsl`
        var at_${index} = 0u;
        var inside_${index} = false;
        {
          let line = top_${index} + tap_row;
          let column = left_${index} + tap_column;
          if (${inImage("line", "column")}) {
            at_${index} = ${at(index, "line", "column")};
            inside_${index} = true;
          }
        }
      `,
      read: (index, name) => `${name} = select(vec4<f32>(0.0), load_x(at_${index} + quad), inside_${index});`,
    },
  };
}
