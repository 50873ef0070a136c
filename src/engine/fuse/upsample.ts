// conv2d(resize-nearest by exactly two) reads the small image and upsamples in its
// index arithmetic: the large one is never written.
import { axis } from "../tensor";
import type { Rewrite } from "./rewrite";

export const fuseUpsample: Rewrite = ({ op, output }, uses) => {
  if (op.kind !== "conv2d" || op.upsample !== 1) return undefined;
  const resize = uses.producer(op.inputs.x)?.op;
  if (resize?.kind !== "resize-nearest") return undefined;
  const small = resize.inputs.x;
  const large = op.inputs.x;
  if (axis(large, 1) !== 2 * axis(small, 1) || axis(large, 2) !== 2 * axis(small, 2)) return undefined;
  return [{ op: { ...op, inputs: { ...op.inputs, x: small }, upsample: 2 }, output }];
};
