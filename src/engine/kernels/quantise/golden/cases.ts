// Parts of tensors whose quantising is kept as WGSL in this folder, to be read in reviews.
import type { Kernel } from "../../../kernel";
import { quantiseOutputs } from "../kernel";

const PART = { rank: 16, firstUpQuad: 0, firstQuad: 0, halfQuads: 0, tensor: 7 } as const;

export const QUANTISED: ReadonlyMap<string, Kernel> = new Map([
  ["convolution-q8", quantiseOutputs({ ...PART, format: "q8", outputs: 320, inputs: 320, taps: 9, upQuads: 80, rowQuads: 80 })],
  ["matrix-q4", quantiseOutputs({ ...PART, format: "q4", outputs: 1280, inputs: 1280, taps: 1, upQuads: 320, rowQuads: 960 })],
]);
