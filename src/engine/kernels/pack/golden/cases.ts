// Parts of tensors whose packing is kept as WGSL in this folder, to be read in reviews.
import type { Kernel } from "../../../kernel";
import { packOutputs, packRows } from "../kernel";

const PLACE = { tensor: 7, begin: 0, firstQuad: 0, halfQuads: 0 } as const;

export const PARTS: ReadonlyMap<string, Kernel> = new Map([
  ["convolution-f16-wide", packOutputs({ ...PLACE, numbers: "f16", rowQuads: 80, outputs: 320, inputs: 320, taps: 9 })],
  ["odd-matrix-f16", packOutputs({ ...PLACE, numbers: "f16", rowQuads: 3, outputs: 9, inputs: 7, taps: 1 })],
  ["matrix-f32", packOutputs({ ...PLACE, numbers: "f32", rowQuads: 80, outputs: 320, inputs: 768, taps: 1 })],
  ["table-bf16", packRows({ ...PLACE, numbers: "bf16", rowQuads: 192, rows: 512, firstRow: 1024, rowValues: 768 })],
  ["vector-f16-wide", packRows({ ...PLACE, numbers: "f16", rowQuads: 80, rows: 1, firstRow: 0, rowValues: 320 })],
]);
