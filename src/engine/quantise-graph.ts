// Which weights of a network are quantised: those of matrix products and convolutions, in whole blocks of inputs. What stays float16,
// besides biases, norms and tables, which no product reads:
// - the first convolution and the last: they have fewer than 32 inputs or outputs;
// - products of one row for each picture (embeddings of time, size and pooled text, modulations): all of the picture depends on them;
// - weights whose inputs are not a multiple of 32. Published networks have none beside their first convolution.
import { BLOCK_INPUTS, type QuantisedFormat, type WeightFormat } from "../common/weight-format";
import type { Graph } from "./graph";
import type { Conv2d, Linear, Node } from "./ops";
import { extents, outputsOf } from "./weight-layout";

/** Outputs that a quantised weight has at least. */
const LEAST_OUTPUTS = 32;

/** The graph with the weights that may be in `format`, and the others in float16. Fuse it before. */
export function quantiseGraph(graph: Graph, format: WeightFormat): Graph {
  return format === "f16" ? graph : { ...graph, nodes: graph.nodes.map((node) => quantised(node, format)) };
}

function quantised(node: Node, format: QuantisedFormat): Node {
  const { op, output } = node;
  if ((op.kind !== "linear" && op.kind !== "conv2d") || !isQuantisable(op)) return node;
  const weights = { ...op.weights, weight: { ...op.weights.weight, format } };
  return { op: { ...op, weights }, output };
}

function isQuantisable({ inputs, weights: { weight } }: Linear | Conv2d): boolean {
  const { k } = extents(weight.layout, weight.shapes[0] ?? []);
  const isOneRow = inputs.x.shape.length === 2;
  return k % BLOCK_INPUTS === 0 && outputsOf(weight) >= LEAST_OUTPUTS && !isOneRow;
}
