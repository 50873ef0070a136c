// What quantising on the GPU is tested by: blocks read from their places, as weight-layout.ts says, one weight at a time.
import type { Blocks } from "../../common/blocks";
import { fromFloat16, toFloat16 } from "../../common/float16";
import { BLOCK_INPUTS } from "../../common/weight-format";
import { product, roundUp } from "../tensor";
import { type Weight, extents, outputsOf, SCALE_FACTORS } from "../weight-layout";
import { columnOf } from "./packed-weight";

/** @returns the blocks of each part, in the order of the checkpoint */
export function unpackedBlocks(weight: Weight, values: Uint8Array, scales: Uint16Array): readonly Blocks[] {
  const total = outputsOf(weight);
  const n4 = roundUp(total, 4);
  let first = 0;
  return weight.shapes.map((shape) => {
    const { n, k, taps } = extents(weight.layout, shape);
    const rows = k / BLOCK_INPUTS;
    const isQ8 = weight.format === "q8";
    const found = {
      values: new Uint8Array(product(shape)),
      scales: new Uint16Array(n * rows * taps),
      minima: new Uint16Array(n * rows * taps),
    };
    for (let output = 0; output < n; output++) {
      const column = columnOf(weight, first + output, total);
      for (let tap = 0; tap < taps; tap++) {
        for (let input = 0; input < k; input++) {
          const at = (output * k + input) * taps + tap;
          if (isQ8) found.values[at] = values[(tap * k + input) * n4 + column] ?? 0;
          else {
            const word = 4 * (((tap * k + input) >> 1) * (n4 / 4) + (column >> 2));
            const half = (values[word + 2 * (input & 1)] ?? 0) | ((values[word + 2 * (input & 1) + 1] ?? 0) << 8);
            found.values[at] = (half >> (4 * (column & 3))) & 15;
          }
        }
        for (let row = 0; row < rows; row++) {
          const at = (output * rows + row) * taps + tap;
          const quad = (tap * rows + row) * n4 + (column & ~3);
          const stored = scales[isQ8 ? quad + (column & 3) : 2 * quad + (column & 3)] ?? 0;
          found.scales[at] = toFloat16(fromFloat16(stored) / SCALE_FACTORS[isQ8 ? "q8" : "q4"]);
          if (!isQ8) found.minima[at] = scales[2 * quad + 4 + (column & 3)] ?? 0;
        }
      }
    }
    first += n;
    return isQ8 ? { format: "q8", values: new Int8Array(found.values.buffer), scales: found.scales } : { format: "q4", ...found };
  });
}
