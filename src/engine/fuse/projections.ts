// The query, key and value projections of one attention become one linear with their
// weights side by side; the attention reads them through its head layouts. For
// cross-attention: the key and value of each text branch.
import type { HeadLayout, Linear, Node, Weight } from "../ops";
import { channelsOf, type Tensor } from "../tensor";
import type { Rewrite, Uses } from "./rewrite";

export const fuseProjections: Rewrite = ({ op, output }, uses) => {
  if (op.kind === "attention") {
    const { q, k, v } = op.inputs;
    const merged = merge([q, k, v], uses);
    if (!merged) return undefined;
    const { output: x } = merged;
    const layouts = { kLayout: after(op.kLayout, q), vLayout: after(op.vLayout, q, k) };
    return [merged, { op: { ...op, inputs: { q: x, k: x, v: x }, ...layouts }, output }];
  }
  if (op.kind === "cross-attention") {
    const { k, v, negativeK, negativeV } = op.inputs;
    const positive = merge([k, v], uses);
    const negative = merge([negativeK, negativeV], uses);
    if (!positive || !negative) return undefined;
    const vLayout = after(op.vLayout, k);
    const texts = { k: positive.output, v: positive.output, negativeK: negative.output, negativeV: negative.output };
    return [positive, negative, { op: { ...op, inputs: { ...op.inputs, ...texts }, vLayout }, output }];
  }
  return undefined;
};

/** One linear computing all of `tensors` side by side, if each is a plain linear of the same input. */
function merge(tensors: readonly Tensor[], uses: Uses): Node | undefined {
  const linears: Linear[] = [];
  for (const tensor of tensors) {
    const op = uses.soleProducer(tensor)?.op;
    if (op?.kind !== "linear" || !isPlain(op) || channelsOf(tensor) % 4 !== 0) return undefined;
    linears.push(op);
  }
  const [first] = linears;
  const [tensor] = tensors;
  if (!first || !tensor) return undefined;
  const { x } = first.inputs;
  const alike = linears.every((op) => op.inputs.x.id === x.id && !op.weights.bias === !first.weights.bias);
  if (!alike) return undefined;
  const biases = linears.flatMap((op) => op.weights.bias ?? []);
  const weights = {
    weight: side(linears.map((op) => op.weights.weight)),
    ...(biases.length > 0 ? { bias: side(biases) } : {}),
  };
  const channels = tensors.reduce((total, { shape }) => total + (shape.at(-1) ?? 0), 0);
  return { op: { ...first, weights }, output: uses.tensor([...tensor.shape.slice(0, -1), channels]) };
}

function isPlain(op: Linear): boolean {
  return op.activation === "none" && !op.gated && !op.inputs.second && !op.inputs.residual;
}

function side(weights: readonly Weight[]): Weight {
  const layout = weights[0]?.layout ?? "matrix";
  return { layout, keys: weights.flatMap(({ keys }) => keys), shapes: weights.flatMap(({ shapes }) => shapes) };
}

/** Where column `offset` of a projection lies once `before` stand to its left. */
function after(layout: HeadLayout, ...before: readonly Tensor[]): HeadLayout {
  return { ...layout, offset: layout.offset + before.reduce((total, tensor) => total + channelsOf(tensor), 0) };
}
