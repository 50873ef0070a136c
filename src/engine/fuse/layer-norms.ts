// Layer norms that are no dispatch of their own: the product that computes a tensor leaves the moments of its rows, and the
// products that read the norm apply it while they read. Chosen when a graph is staged and not as a rewrite of it, because it
// depends on how a target splits and tiles products. A norm stays as it is if anything else reads it.
import type { Graph } from "../graph";
import type { KernelTarget } from "../kernel";
import { canLeaveMoments, canNormalise } from "../kernels/linear/kernel";
import { inputsOf, type LayerNorm, type Node } from "../ops";
import { channelsOf } from "../tensor";

export interface NormsInProducts {
  /** By the id of what would be their result. */
  readonly norms: ReadonlyMap<number, LayerNorm>;
  /** Ids of the tensors that they normalise. */
  readonly normed: ReadonlySet<number>;
}

/** @param graph its nodes in the order in which they are run */
export function layerNormsInProducts({ nodes, outputs }: Graph, target: KernelTarget): NormsInProducts {
  const norms = new Map<number, LayerNorm>();
  const normed = new Set<number>();
  if (!target.traits.normalisesInProducts) return { norms, normed };
  const producers = new Map(nodes.map((node) => [node.output.id, node]));
  const readers = readersOf(nodes);
  const asked = new Set([...outputs.values()].map(({ id }) => id));
  for (const { op, output } of nodes) {
    if (op.kind !== "layer-norm" || op.inputs.modulation || asked.has(output.id)) continue;
    const { x } = op.inputs;
    const before = producers.get(x.id);
    // A product does one of the two.
    if (before?.op.kind !== "linear" || norms.has(before.op.inputs.x.id)) continue;
    if (channelsOf(before.output) !== channelsOf(x) || !canLeaveMoments(before.op, before.output, target)) continue;
    if (!(readers.get(output.id) ?? []).every((reader) => appliesNorm(reader, op, output.id, normed, target))) continue;
    norms.set(output.id, op);
    normed.add(x.id);
  }
  return { norms, normed };
}

function appliesNorm({ op, output }: Node, norm: LayerNorm, normId: number, normed: ReadonlySet<number>, target: KernelTarget): boolean {
  if (op.kind !== "linear" || op.inputs.x.id !== normId || op.inputs.residual?.id === normId) return false;
  return !normed.has(output.id) && canNormalise(op, norm, output, target);
}

function readersOf(nodes: readonly Node[]): ReadonlyMap<number, readonly Node[]> {
  const readers = new Map<number, Node[]>();
  for (const node of nodes) {
    for (const { id } of inputsOf(node.op)) {
      const known = readers.get(id);
      if (known) known.push(node);
      else readers.set(id, [node]);
    }
  }
  return readers;
}
