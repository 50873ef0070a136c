// Query products of cross-attention that are no dispatch of their own: the attention that alone reads one computes it, and
// applies the layer norm before it too. Chosen when a graph is staged, because it depends on the target's tiles and bindings.
import type { Graph } from "../graph";
import type { KernelTarget } from "../kernel";
import { areTogether } from "../kernels/cross-attention/kernel";
import { canProject } from "../kernels/cross-attention/queries";
import { weightsOf, type LayerNorm, type Linear } from "../ops";
import { Uses } from "./rewrite";

/** By the id of what would be their result. @param norms those that have no dispatch either */
export function queriesInAttention(graph: Graph, norms: ReadonlyMap<number, LayerNorm>, target: KernelTarget): ReadonlyMap<number, Linear> {
  const queries = new Map<number, Linear>();
  if (!target.traits.projectsQueriesInAttention) return queries;
  const uses = new Uses(graph);
  for (const { op } of graph.nodes) {
    if (op.kind !== "cross-attention" || !areTogether(op)) continue;
    const { q } = op.inputs;
    const product = uses.soleProducer(q)?.op;
    if (product?.kind !== "linear") continue;
    const norm = norms.get(product.inputs.x.id);
    if (canProject(op, product, norm && weightsOf(norm).length, target)) queries.set(q.id, product);
  }
  return queries;
}
