// A 3x3 conv2d(resize-nearest by exactly two) reads the small image: the large one is never written.
import type { Conv2d } from "../ops";
import { axis } from "../tensor";
import type { Rewrite } from "./rewrite";

export const fuseUpsample: Rewrite = ({ op, output }, uses) => {
  if (op.kind !== "conv2d" || op.upsample !== 1 || !is3x3(op)) return undefined;
  const resize = uses.producer(op.inputs.x)?.op;
  if (resize?.kind !== "resize-nearest") return undefined;
  const small = resize.inputs.x;
  const large = op.inputs.x;
  if (axis(large, 1) !== 2 * axis(small, 1) || axis(large, 2) !== 2 * axis(small, 2)) return undefined;
  return [{ op: { ...op, inputs: { ...op.inputs, x: small }, upsample: 2 }, output }];
};

/** What the kernel is for (../kernels/conv2d/phases.ts): as many results as the large image has pixels. */
function is3x3({ kernel, stride, padding }: Conv2d): boolean {
  const { top, left, bottom, right } = padding;
  return stride === 1 && kernel.every((length) => length === 3) && [top, left, bottom, right].every((length) => length === 1);
}
