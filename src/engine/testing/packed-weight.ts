// What packing is tested against: every value of every part written to its place, as weight-layout.ts says, one at a time.
import { invariant } from "../../common/errors";
import { product, roundUp } from "../tensor";
import { type Weight, extents, outputsOf, packedBytes } from "../weight-layout";

/** @param parts float16 bits of each key, row-major in the checkpoint shape */
export function packedWeight(weight: Weight, parts: readonly Uint16Array[]): Uint16Array {
  const packed = new Uint16Array(packedBytes(weight) / 2);
  const total = outputsOf(weight);
  const n4 = roundUp(total, 4);
  let first = 0;
  parts.forEach((part, index) => {
    const shape = weight.shapes[index] ?? [];
    const { n, k, taps } = extents(weight.layout, shape);
    invariant(part.length === product(shape), "the test gives every value");
    const isTable = weight.layout === "table";
    const k4 = weight.layout === "vector" || isTable ? k : roundUp(k, 4);
    for (let output = 0; output < n; output++) {
      for (let input = 0; input < k; input++) {
        for (let tap = 0; tap < taps; tap++) {
          const stored = isTable ? input * n + output : (output * k + input) * taps + tap;
          packed[(tap * k4 + input) * n4 + columnOf(weight, first + output, total)] = part[stored] ?? 0;
        }
      }
    }
    first += n;
  });
  return packed;
}

/** n itself, unless value and gate halves alternate in blocks of four. */
export function columnOf({ interleaved }: Weight, n: number, total: number): number {
  if (!interleaved) return n;
  const half = total / 2;
  const within = n % half;
  return Math.floor(within / 4) * 8 + (n < half ? 0 : 4) + (within % 4);
}
