// The query, key and value projections of one attention become one linear with their
// weights side by side; the attention reads them through its head layouts. For
// cross-attention: the key and value of each text branch.
import type { HeadLayout } from "../ops";
import { channelsOf, type Tensor } from "../tensor";
import type { Rewrite } from "./rewrite";
import { sideBySide } from "./side-by-side";

export const fuseProjections: Rewrite = ({ op, output }, uses) => {
  if (op.kind === "attention") {
    const { q, k, v } = op.inputs;
    const merged = sideBySide([q, k, v], uses);
    if (!merged) return undefined;
    const { output: x } = merged;
    const layouts = { kLayout: after(op.kLayout, q), vLayout: after(op.vLayout, q, k) };
    return [merged, { op: { ...op, inputs: { q: x, k: x, v: x }, ...layouts }, output }];
  }
  if (op.kind === "cross-attention") {
    const { k, v, negativeK, negativeV } = op.inputs;
    const positive = sideBySide([k, v], uses);
    const negative = sideBySide([negativeK, negativeV], uses);
    if (!positive || !negative) return undefined;
    const vLayout = after(op.vLayout, k);
    const texts = { k: positive.output, v: positive.output, negativeK: negative.output, negativeV: negative.output };
    return [positive, negative, { op: { ...op, inputs: { ...op.inputs, ...texts }, vLayout }, output }];
  }
  return undefined;
};

/** Where column `offset` of a projection lies once `before` stand to its left. */
function after(layout: HeadLayout, ...before: readonly Tensor[]): HeadLayout {
  return { ...layout, offset: layout.offset + before.reduce((total, tensor) => total + channelsOf(tensor), 0) };
}
