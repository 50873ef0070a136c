// group-norm and linear over a channel concatenation read both sources themselves.
// The seam must lie on a vec4.
import { channelsOf } from "../tensor";
import type { Rewrite } from "./rewrite";

export const fuseConcat: Rewrite = ({ op, output }, uses) => {
  if ((op.kind !== "group-norm" && op.kind !== "linear") || op.inputs.second) return undefined;
  const concat = uses.producer(op.inputs.x)?.op;
  if (concat?.kind !== "concat" || concat.along !== "channels") return undefined;
  const { x, b: second } = concat.inputs;
  if (channelsOf(x) % 4 !== 0 || channelsOf(second) % 4 !== 0) return undefined;
  if (op.kind === "linear") return [{ op: { ...op, inputs: { ...op.inputs, x, second } }, output }];
  return [{ op: { ...op, inputs: { ...op.inputs, x, second } }, output }];
};
