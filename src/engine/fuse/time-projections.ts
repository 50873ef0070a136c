// The projections of the time embedding, one in each residual block, become one linear: each alone has a single row, too
// little work for a dispatch. The convolutions find their channels in its result. A pass over the whole graph, because the
// projections belong together and not to any one node.
import type { Graph } from "../graph";
import type { Conv2d, Node } from "../ops";
import { channelsOf, product, type Tensor } from "../tensor";
import { prune, Uses } from "./rewrite";
import { sideBySide } from "./side-by-side";

/** Values of one weight, so that it fits a binding of 128 MiB, and its parts can wait for each other while they load. */
const MOST_WEIGHTS = 2 ** 25;

interface Projected {
  readonly projection: Tensor;
  readonly node: Node;
  readonly convolution: Conv2d;
  readonly weights: number;
}

export function fuseTimeProjections(graph: Graph): Graph {
  const uses = new Uses(graph);
  const replaced = new Map<Node, readonly Node[]>();
  for (const group of groupsOf(graph, uses)) {
    const together = sideBySide(
      group.map(({ projection }) => projection),
      uses,
    );
    const first = group[0] && uses.producer(group[0].projection);
    if (!together || !first) continue;
    replaced.set(first, [together, first]);
    let channelBiasBegin = 0;
    for (const { projection, node, convolution } of group) {
      const inputs = { ...convolution.inputs, channelBias: together.output };
      replaced.set(node, [{ op: { ...convolution, inputs, channelBiasBegin }, output: node.output }]);
      channelBiasBegin += channelsOf(projection);
    }
  }
  return prune({ ...graph, nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node]) });
}

/** Convolutions whose channel biases are projections of one tensor, as many at a time as one weight may have. */
function groupsOf(graph: Graph, uses: Uses): readonly (readonly Projected[])[] {
  const groups = new Map<number, Projected[][]>();
  for (const node of graph.nodes) {
    const { op } = node;
    if (op.kind !== "conv2d" || !op.inputs.channelBias) continue;
    const projection = op.inputs.channelBias;
    const linear = uses.soleProducer(projection)?.op;
    if (linear?.kind !== "linear") continue;
    const { x } = linear.inputs;
    const weights = product(linear.weights.weight.shapes[0] ?? []);
    const ofInput = groups.get(x.id) ?? [];
    const last = ofInput.at(-1);
    const projected: Projected = { projection, node, convolution: op, weights };
    if (last && last.reduce((total, each) => total + each.weights, weights) <= MOST_WEIGHTS) last.push(projected);
    else ofInput.push([projected]);
    groups.set(x.id, ofInput);
  }
  return [...groups.values()].flat().filter(({ length }) => length > 1);
}
