// Which nodes can add up the parts that a split product leaves its result in (kernels/gemm/parts.ts).
import type { KernelTarget } from "./kernel";
import { groupNormAddsUpParts } from "./kernels/group-norm/kernel";
import { layerNormAddsUpParts } from "./kernels/layer-norm/kernel";
import type { Node } from "./ops";
import type { Tensor } from "./tensor";

/** Whether `tensor` is what the node normalises, and may be in parts. */
export function addsUpParts({ op, output }: Node, tensor: Tensor, target: KernelTarget): boolean {
  if (op.kind === "group-norm") return op.inputs.x.id === tensor.id && groupNormAddsUpParts(op, output, target);
  return op.kind === "layer-norm" && op.inputs.x.id === tensor.id && layerNormAddsUpParts(op, target);
}
