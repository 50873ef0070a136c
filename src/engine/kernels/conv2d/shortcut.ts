// The shortcut of a residual block as a further product of its last convolution: the block's input, or two tensors side by
// side, times a weight of its own, after the taps and into the same sums.
import type { KernelTarget } from "../../kernel";
import type { Conv2d, Linear } from "../../ops";
import { quadsOf, type Tensor } from "../../tensor";
import type { Further } from "../gemm/dispatch";
import type { RowBand } from "../gemm/row-bands";
import { oneSource, twoSources } from "../linear/rows";

/** Whether the convolution can compute `shortcut`, which is its residual, in one band. Weights are float16: others take more bindings. */
export function canAddShortcut({ inputs, weights, activation, upsample }: Conv2d, shortcut: Linear, target: KernelTarget): boolean {
  const plain = shortcut.activation === "none" && !shortcut.gated && !shortcut.inputs.residual;
  const areHalf = [weights.weight, shortcut.weights.weight].every(({ format }) => format === undefined);
  const tensors = [inputs.x, inputs.channelBias, shortcut.inputs.x, shortcut.inputs.second, "output"];
  const parameters = [weights.weight, weights.bias, shortcut.weights.weight, shortcut.weights.bias];
  const bindings = [...tensors, ...parameters].filter((each) => each !== undefined).length;
  return plain && areHalf && activation === "none" && upsample === 1 && bindings <= target.storageBuffers;
}

export function furtherOf({ inputs: { x, second }, weights }: Linear, band: RowBand, depth: number): Further {
  const input = (name: string, tensor: Tensor) => ({ name, tensor, buffer: band.windowOf(tensor) });
  const { weight } = weights;
  const sizes = { shortcut_quads: quadsOf(x) };
  const slices = slicesOf(x, depth);
  if (!second) return { source: oneSource(depth, "shortcut"), inputs: [input("shortcut", x)], weight, sizes, slices };
  return {
    source: twoSources(depth, "shortcut", "beside"),
    inputs: [input("shortcut", x), input("beside", second)],
    weight,
    sizes: { ...sizes, beside_quads: quadsOf(second), shortcut_slices: slices },
    slices: slices + slicesOf(second, depth),
  };
}

export function shortcutSlices({ inputs: { x, second } }: Linear, depth: number): number {
  return slicesOf(x, depth) + (second ? slicesOf(second, depth) : 0);
}

function slicesOf(tensor: Tensor, depth: number): number {
  return Math.ceil(quadsOf(tensor) / (depth / 4));
}
