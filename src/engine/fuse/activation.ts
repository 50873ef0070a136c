// activate(linear | conv2d | group-norm) becomes the producer's epilogue. After a
// convolution's residual it becomes the final activation.
import type { Op } from "../ops";
import type { Rewrite } from "./rewrite";

export const fuseActivation: Rewrite = ({ op, output }, uses) => {
  if (op.kind !== "activate") return undefined;
  const producer = uses.soleProducer(op.inputs.x)?.op;
  const fused = producer && withActivation(producer, op.activation);
  return fused && [{ op: fused, output }];
};

function withActivation(op: Op, activation: (Op & { kind: "activate" })["activation"]): Op | undefined {
  switch (op.kind) {
    case "group-norm":
      return op.activation === "none" ? { ...op, activation } : undefined;
    case "linear":
      return op.activation === "none" && !op.gated && !op.inputs.residual ? { ...op, activation } : undefined;
    case "conv2d":
      if (op.finalActivation !== "none") return undefined;
      if (op.inputs.residual) return { ...op, finalActivation: activation };
      return op.activation === "none" ? { ...op, activation } : undefined;
    default:
      return undefined;
  }
}
