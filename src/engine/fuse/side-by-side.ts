// Linears of one input become one linear with their weights side by side, whose result holds theirs
// one after the other. What reads them must know where each begins.
import type { Linear, Node } from "../ops";
import type { Weight } from "../weight-layout";
import { channelsOf, type Tensor } from "../tensor";
import type { Uses } from "./rewrite";

/** One linear computing all of `tensors` side by side, if each is a plain linear of the same input. */
export function sideBySide(tensors: readonly Tensor[], uses: Uses): Node | undefined {
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
