// NHWC convolution as an implicit matrix product on ../gemm: rows are output pixels, the
// reduction runs tap by tap and, within a tap, over channels, so a slice needs one bounds
// test per row. Any kernel size, stride and padding. With `upsample` 2 x is read at half the
// coordinates instead of an upsampled copy: as four products (phases.ts), or by each tap for itself.
import type { Dispatch, Lowering } from "../../kernel";
import { inputsOf, type Conv2d } from "../../ops";
import { axis, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { sourceOf, type Rows } from "../bands";
import { gemmDispatches, weightQuadsOf } from "../gemm/dispatch";
import type { Epilogue } from "../gemm/epilogue";
import { rowBands } from "../gemm/row-bands";
import { planGemm } from "../gemm/plan";
import { cellsOf, cellsOfBand, computesInPhases, PHASES, phaseSizes, phaseSource } from "./phases";
import { pixelSource } from "./pixels";
import { furtherOf, shortcutSlices } from "./shortcut";

/** x: `[batch, height, width, k]`, output: `[batch, height, width, n]`. */
export function lowerConv2d(op: Conv2d, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { target } = lowering;
  const { x, channelBias } = op.inputs;
  // A shortcut that is computed here is no residual.
  const shortcut = op.inputs.residual && lowering.shortcuts.get(op.inputs.residual.id);
  const residual = shortcut ? undefined : op.inputs.residual;
  const inPhases = computesInPhases(op, output, target);
  const [kernelHeight, kernelWidth] = inPhases ? [2, 2] : op.kernel;
  const quads = quadsOf(x);
  const slicesPerTap = (depth: number) => Math.ceil(quads / (depth / 4));
  const weightQuads = weightQuadsOf(output, false);
  const rows = inPhases ? axis(output, 0) * cellsOf(output) : rowsOf(output);
  const products = inPhases ? { products: PHASES } : {};
  const slices = (depth: number) => kernelHeight * kernelWidth * slicesPerTap(depth);
  const allSlices = (depth: number) => slices(depth) + (shortcut ? shortcutSlices(shortcut, depth) : 0);
  const plan = planGemm(
    { kind: kindOf(op, shortcut !== undefined), rows, ...products, columns: weightQuads * 4, slices: allSlices, gated: false },
    target,
  );
  const { depth } = plan.tile;
  const around = [{ tensor: x, rows: (band: Rows) => inputRows(op, output, band) }];
  const aligned: [Tensor, ...Tensor[]] = [output, ...(residual ? [residual] : []), ...(shortcut ? inputsOf(shortcut) : [])];
  // Cells are two lines high.
  const unit = inPhases ? { rows: 2 * axis(output, 2), products: PHASES } : undefined;
  const bands = rowBands(aligned, around, plan.tile, target, unit);
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
        source: inPhases ? phaseSource(depth) : pixelSource(depth),
        inputs: [{ name: "x", tensor: x, buffer: sourceOf(input) }],
        weight,
        weightQuads,
        epilogue,
        sizes: {
          quads,
          slices_per_tap: slicesPerTap(depth),
          ...(inPhases ? phaseSizes(op, output) : pixelSizes(op, output)),
          height: axis(x, 1),
          width: axis(x, 2),
          row_offset: band.rows.begin,
          input_offset: input.begin,
        },
        slices: slices(depth),
        ...(inPhases ? { rows: cellsOfBand(band.rows, output) } : {}),
        further: shortcut && furtherOf(shortcut, band, depth),
        band,
        batchRows: axis(output, 1) * axis(output, 2),
      },
      lowering,
    );
  });
}

function pixelSizes({ kernel: [height, width], stride, upsample, padding }: Conv2d, output: Tensor) {
  return {
    taps: height * width,
    kernel_width: width,
    stride,
    // Times that coordinates are halved to read x.
    halvings: upsample === 2 ? 1 : 0,
    // A negative one wraps, as the coordinates do.
    top: padding.top >>> 0,
    left: padding.left,
    output_width: axis(output, 2),
    output_pixels: axis(output, 1) * axis(output, 2),
  };
}

/** What, beside the sizes of its product, decides how long it takes. */
function kindOf({ kernel, stride, upsample, weights }: Conv2d, hasShortcut: boolean): string {
  const steps = `${stride > 1 ? ` by ${stride}` : ""}${upsample > 1 ? ` of ${upsample}-fold` : ""}`;
  return `conv2d ${kernel.join("x")}${steps} ${weights.weight.format ?? "f16"}${hasShortcut ? " and shortcut" : ""}`;
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
