// gated-activation(linear), value first (GEGLU): one linear whose weight interleaves
// value and gate columns, so that the epilogue holds both halves of an output.
import { channelsOf } from "../tensor";
import type { Rewrite } from "./rewrite";

export const fuseGated: Rewrite = ({ op, output }, uses) => {
  if (op.kind !== "gated-activation" || op.gateFirst || channelsOf(output) % 4 !== 0) return undefined;
  const linear = uses.soleProducer(op.inputs.x)?.op;
  if (linear?.kind !== "linear" || linear.gated || linear.activation !== "none" || linear.inputs.residual) return undefined;
  const { weight, bias } = linear.weights;
  const weights = {
    weight: { ...weight, interleaved: true as const },
    ...(bias ? { bias: { ...bias, interleaved: true as const } } : {}),
  };
  return [{ op: { ...linear, weights, activation: op.activation, gated: true }, output }];
};
