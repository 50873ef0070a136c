// add(linear | conv2d, other) of one shape becomes the producer's residual. A
// convolution is preferred, then the second operand, which networks compute last.
import type { Op } from "../ops";
import type { Tensor } from "../tensor";
import { sameShape, type Rewrite } from "./rewrite";

export const fuseResidual: Rewrite = ({ op, output }, uses) => {
  if (op.kind !== "binary" || op.operation !== "add") return undefined;
  const { x, b } = op.inputs;
  if (!sameShape(x.shape, b.shape) || x.id === b.id) return undefined;
  const candidates = [
    { producer: uses.soleProducer(b)?.op, other: x },
    { producer: uses.soleProducer(x)?.op, other: b },
  ].toSorted((first, second) => rank(first.producer) - rank(second.producer));
  for (const { producer, other } of candidates) {
    const fused = producer && withResidual(producer, other);
    if (fused) return [{ op: fused, output }];
  }
  return undefined;
};

function rank(op: Op | undefined): number {
  return op?.kind === "conv2d" ? 0 : 1;
}

function withResidual(op: Op, residual: Tensor): Op | undefined {
  if (op.kind === "linear" && !op.inputs.residual) return { ...op, inputs: { ...op.inputs, residual } };
  if (op.kind === "conv2d" && !op.inputs.residual && op.finalActivation === "none") {
    return { ...op, inputs: { ...op.inputs, residual } };
  }
  return undefined;
}
