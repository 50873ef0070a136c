// y = epilogue(x W + b) over the rows of x, on the tiled product of ../gemm.
// x may be two tensors side by side along channels (`second`): the reduction then runs
// over the channels of the first, then of the second. On GPUs its rows may be layer-normalised
// as they are read, and the moments of the result's rows be left for a product that does so.
import { invariant } from "../../../common/errors";
import type { Dispatch, KernelTarget, Lowering, RowMoments } from "../../kernel";
import type { LayerNorm, Linear } from "../../ops";
import { channelsOf, quadsOf, rowsOf, type Tensor } from "../../tensor";
import { gemmDispatches, weightQuadsOf } from "../gemm/dispatch";
import { epilogueBindings, type Epilogue } from "../gemm/epilogue";
import { rowBands } from "../gemm/row-bands";
import { planGemm } from "../gemm/plan";
import { weightLoad } from "../gemm/weight-load";
import { normalisedRows, rowNorm } from "./normalised-rows";
import { oneSource, twoSources } from "./rows";

/** x: `[..., k]`, output: `[..., n]`. Gated: W has 2n columns, interleaved in quads. */
export function lowerLinear(op: Linear, output: Tensor, lowering: Lowering): readonly Dispatch[] {
  const { second } = op.inputs;
  invariant(!second || channelsOf(op.inputs.x) % 4 === 0, "the first of two sources has a multiple of four channels");
  invariant(!op.gated || channelsOf(output) % 4 === 0, "a gated linear has a multiple of four outputs");
  // What is normalised here is read as it is before its norm.
  const normed = lowering.norms.get(op.inputs.x.id);
  const x = normed?.inputs.x ?? op.inputs.x;
  const sources = second ? [x, second] : [x];
  const { plan, weightQuads, slices } = planOf(op, output, lowering.target);
  const { tile } = plan;
  const rows = second ? twoSources(tile.depth) : oneSource(tile.depth);
  const moments = lowering.leavesMoments ? momentsOf(output, tile.columns, lowering) : undefined;
  if (moments) lowering.moments.set(output.id, moments);
  return bandsOf(op, output, lowering.target).flatMap((band) =>
    gemmDispatches(
      {
        name: "linear",
        plan,
        source: normed ? { ...rows, tiled: normalisedRows(rows.tiled, normed, tile) } : rows,
        inputs: sources.map((tensor, index) => ({ name: index === 0 ? "x" : "second", tensor, buffer: band.windowOf(tensor) })),
        norm: normed && rowNorm(normed, lowering),
        moments,
        weight: op.weights.weight,
        weightQuads,
        epilogue: epilogueOf(op, output, lowering.target),
        sizes: {
          x_quads: quadsOf(x),
          ...(second ? { second_quads: quadsOf(second), x_slices: slicesOf(x, tile.depth) } : {}),
        },
        slices,
        band,
        batchRows: 1,
      },
      lowering,
    ),
  );
}

/** Whether the product can normalise the rows that it reads. Their moments and the norm's weights take three bindings. */
export function canNormalise(op: Linear, { weights: { scale, shift } }: LayerNorm, output: Tensor, target: KernelTarget): boolean {
  const { tile, direct } = planOf(op, output, target).plan;
  const bindings = bindingsOf(op, output, target) + 1 + (scale ? 1 : 0) + (shift ? 1 : 0);
  return (
    !direct && !op.inputs.second && tile.columns >= 32 && bindings <= target.storageBuffers && bandsOf(op, output, target).length === 1
  );
}

/** Whether the product can leave the moments of its result's rows: it has whole sums, and its tiles only columns that are there. */
export function canLeaveMoments(op: Linear, output: Tensor, target: KernelTarget): boolean {
  const { tile, direct, splits } = planOf(op, output, target).plan;
  if (direct || splits > 1 || op.gated || channelsOf(output) % tile.columns !== 0) return false;
  return bindingsOf(op, output, target) + 1 <= target.storageBuffers && bandsOf(op, output, target).length === 1;
}

function momentsOf(output: Tensor, channels: number, lowering: Lowering): RowMoments {
  const parts = channelsOf(output) / channels;
  return { tensor: lowering.scratch([parts, 2 * rowsOf(output)], "f32"), parts, channels };
}

function planOf(op: Linear, output: Tensor, target: KernelTarget) {
  const { x, second } = op.inputs;
  const weightQuads = weightQuadsOf(output, op.gated);
  const slices = (depth: number) => [x, ...(second ? [second] : [])].reduce((sum, tensor) => sum + slicesOf(tensor, depth), 0);
  const kind = `linear ${op.weights.weight.format ?? "f16"}${second ? " of two" : ""}`;
  const plan = planGemm({ kind, rows: rowsOf(output), columns: weightQuads * 4, slices, gated: op.gated }, target);
  return { plan, weightQuads, slices: slices(plan.tile.depth) };
}

function slicesOf(tensor: Tensor, depth: number): number {
  return Math.ceil(quadsOf(tensor) / (depth / 4));
}

function bandsOf(op: Linear, output: Tensor, target: KernelTarget) {
  const { x, second, residual } = op.inputs;
  const others = [x, ...(second ? [second] : []), ...(residual ? [residual] : [])];
  return rowBands([output, ...others], [], planOf(op, output, target).plan.tile, target);
}

function bindingsOf(op: Linear, output: Tensor, target: KernelTarget): number {
  const sources = op.inputs.second ? 2 : 1;
  return sources + weightLoad(op.weights.weight).bindings.length + epilogueBindings(epilogueOf(op, output, target)).length;
}

function epilogueOf(op: Linear, output: Tensor, target: KernelTarget): Epilogue {
  return {
    bias: op.weights.bias,
    residual: op.inputs.residual,
    activation: op.activation,
    finalActivation: "none",
    gated: op.gated,
    activationsAtRunTime: target.traits.choosesActivationsAtRunTime,
    output,
  };
}
