// Cross-attentions written out: scores = Q K^T, scaled and masked in any order, softmax, times V.
// They are recognised by where their operands come from, not by names: Q from the picture, K and V
// from the text alone. In self-attention neither side comes from the text alone.
import type { GraphIndex } from "../onnx-graph/graph-index";
import type { OnnxNode } from "../onnx-graph/model";
import type { CrossAttention } from "./cross-attention";
import type { Dependence } from "./dependence";
import { mergedHeads } from "./merged-heads";

/** `FusedMatMul` is a product with scale and transpositions, made by ONNX Runtime's optimizer. */
const PRODUCTS: ReadonlySet<string> = new Set(["MatMul", "Einsum", "FusedMatMul", "Gemm"]);
const BEFORE_SOFTMAX: ReadonlySet<string> = new Set(["Mul", "Div", "Add", "Sub", "Where", "Cast", "Reshape", "Identity", "Clip"]);
const AFTER_SOFTMAX: ReadonlySet<string> = new Set(["Cast", "Reshape", "Identity", "Dropout", "Where"]);

interface Chain {
  readonly product: OnnxNode;
  readonly path: readonly OnnxNode[];
}

export function findPlainCrossAttentions(index: GraphIndex, dependence: Dependence): readonly CrossAttention[] {
  const found: CrossAttention[] = [];
  for (const softmax of index.graph.nodes) {
    if (softmax.opType !== "Softmax" || softmax.domain !== "") continue;
    const scores = scoresOf(softmax, index, dependence);
    const query = scores && queryOf(scores.product, dependence);
    const mixed = query !== undefined && valuesOf(softmax, index, dependence);
    if (!scores || query === undefined || !mixed) continue;
    const [product = ""] = mixed.product.outputs;
    const { output, path, headsMerged } = mergedHeads(index, product);
    found.push({
      first: scores.product,
      query,
      core: new Set([scores.product, ...scores.path, softmax, ...mixed.path, mixed.product, ...path]),
      values: { node: mixed.product, input: mixed.product.inputs.findIndex((input) => dependence.isText(input)) },
      scores: { node: softmax, input: 0, isOwnInput: false },
      output,
      headsMerged,
    });
  }
  return found;
}

/** Goes back from the softmax to the product of queries and keys. */
function scoresOf(softmax: OnnxNode, index: GraphIndex, dependence: Dependence): Chain | undefined {
  const path: OnnxNode[] = [];
  for (let value = softmax.inputs[0] ?? ""; ;) {
    const node = index.producer(value);
    if (!node) return undefined;
    if (PRODUCTS.has(node.opType)) return { product: node, path };
    const [next, ...others] = node.inputs.filter((input) => dependence.isBoth(input));
    if (!BEFORE_SOFTMAX.has(node.opType) || next === undefined || others.length > 0) return undefined;
    path.push(node);
    value = next;
  }
}

function queryOf({ inputs: [left = "", right = ""] }: OnnxNode, dependence: Dependence): string | undefined {
  if (dependence.isPicture(left) && dependence.isText(right)) return left;
  if (dependence.isText(left) && dependence.isPicture(right)) return right;
  return undefined;
}

/** Goes on from the softmax to the product with values. */
function valuesOf(softmax: OnnxNode, index: GraphIndex, dependence: Dependence): Chain | undefined {
  const path: OnnxNode[] = [];
  for (let value = softmax.outputs[0] ?? ""; ;) {
    const [node, ...others] = index.readers(value);
    if (!node || others.length > 0) return undefined;
    if (PRODUCTS.has(node.opType)) {
      const isValues = node.inputs.slice(0, 2).some((input) => input !== value && dependence.isText(input));
      return isValues ? { product: node, path } : undefined;
    }
    if (!AFTER_SOFTMAX.has(node.opType)) return undefined;
    path.push(node);
    value = node.outputs[0] ?? "";
  }
}
