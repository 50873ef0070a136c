// The least that one dispatch costs: its multiply-adds, and every byte that it binds, counted once. Bytes that a
// tile reads again are not counted, nor is the arithmetic of norms and of elementwise kernels.
import type { BufferSource } from "../../../engine/kernel";
import type { Op } from "../../../engine/ops";
import { tensorOf, type StagedDispatch } from "../../../engine/stages";
import { axis, byteLengthOf, channelsOf, elementBytes, strideOf, type NumberFormat } from "../../../engine/tensor";
import { packedBytes } from "../../../engine/weight-layout";

export interface Cost {
  /** A multiply-add counts as two. */
  readonly flop: number;
  readonly bytes: number;
  readonly workgroups: number;
}

export function costOf(dispatch: StagedDispatch, format: NumberFormat): Cost {
  const { kernel, node } = dispatch;
  return {
    flop: 2 * multiplyAdds(node.op, kernel.name, kernel.sizes),
    bytes: bytesOf(dispatch, format),
    workgroups: kernel.workgroups.reduce((left, right) => left * right),
  };
}

function multiplyAdds(op: Op, kernel: string, sizes: Readonly<Record<string, number>>): number {
  switch (op.kind) {
    case "linear":
    case "conv2d": {
      // The second pass of a split reduction only adds.
      if (kernel !== op.kind) return 0;
      const second = op.kind === "linear" && op.inputs.second ? channelsOf(op.inputs.second) : 0;
      // As many as it has: fewer where an image is read at twice its size.
      const { taps = 1, rows = 0, result_rows: results = rows } = sizes;
      // A convolution may compute the shortcut that is added to it.
      const shortcut = 4 * ((sizes["shortcut_quads"] ?? 0) + (sizes["beside_quads"] ?? 0));
      return results * 4 * (sizes["weight_quads"] ?? 0) * ((channelsOf(op.inputs.x) + second) * taps + shortcut);
    }
    case "attention":
    case "cross-attention": {
      // The negative keys of a cross-attention are not read without a negative prompt.
      const masked = op.kind === "attention" && op.causal ? 0.5 : 1;
      // A cross-attention may project its queries.
      const queries = (sizes["rows"] ?? 0) * 16 * (sizes["weight_quads"] ?? 0) * (sizes["x_quads"] ?? 0);
      return 2 * op.heads * axis(op.inputs.q, 1) * axis(op.inputs.k, 1) * op.headSize * masked + queries;
    }
    default:
      return 0;
  }
}

/** Each tensor and weight counts once, however often it is bound; negative keys and values do not count. */
function bytesOf({ kernel, buffers }: StagedDispatch, format: NumberFormat): number {
  const largest = new Map<unknown, number>();
  for (const { name } of kernel.bindings) {
    const source = buffers[name];
    if (!source || name.startsWith("negative_")) continue;
    const identity = "weight" in source ? source.weight : tensorOf(source)?.id;
    largest.set(identity, Math.max(largest.get(identity) ?? 0, bytesBound(source, format)));
  }
  return [...largest.values()].reduce((left, right) => left + right, 0);
}

function bytesBound(source: BufferSource, format: NumberFormat): number {
  if ("weight" in source) return packedBytes(source.weight);
  if ("tensor" in source) return byteLengthOf(source.tensor, format);
  const { tensor, begin, end } = source.window;
  return (end - begin) * strideOf(tensor) * elementBytes(tensor.element, format);
}
