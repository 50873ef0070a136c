// to-rgba(scale-shift(x)): two affine maps in a row are one.
import type { Rewrite } from "./rewrite";

export const fuseRgbaRange: Rewrite = ({ op, output }, uses) => {
  if (op.kind !== "to-rgba") return undefined;
  const before = uses.producer(op.inputs.x)?.op;
  if (before?.kind !== "scale-shift") return undefined;
  const scale = op.scale * before.scale;
  const shift = op.scale * before.shift + op.shift;
  return [{ op: { ...op, inputs: before.inputs, scale, shift }, output }];
};
