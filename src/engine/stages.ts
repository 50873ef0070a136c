// Orders a graph for execution: nodes the outputs need, grouped into stages by the
// input rates they depend on, lowered to dispatches. A stage runs only when one of its
// rates changed; what a later stage reads from an earlier one stays in memory.
import { addsUpParts } from "./adds-up-parts";
import type { Graph } from "./graph";
import type { BufferSource, Dispatch, KernelTarget, Lowering } from "./kernel";
import type { GemmPlan } from "./kernels/gemm/plan";
import { layerNormsInProducts } from "./fuse/layer-norms";
import { queriesInAttention } from "./fuse/queries";
import { shortcutsInConvolutions } from "./fuse/shortcuts";
import { prune } from "./fuse/rewrite";
import { lower } from "./lower";
import type { Node } from "./ops";
import { rateMasks, type RateMask } from "./rates";
import { byteLengthOf, type Tensor } from "./tensor";
import type { ArenaTensor } from "./arena";

export interface StagedDispatch extends Dispatch {
  readonly mask: RateMask;
  /** Whose result it computes, or a part of it. */
  readonly node: Node;
}

export interface Stages {
  readonly dispatches: readonly StagedDispatch[];
  /** Every tensor that needs memory, with its lifetime in dispatch indices. */
  readonly tensors: readonly (ArenaTensor & { readonly tensor: Tensor })[];
  /** Pairs read and written by one dispatch. */
  readonly conflicts: readonly (readonly [number, number])[];
}

/** A matrix product, and what it computes. */
export interface PlannedProduct {
  readonly product: GemmPlan;
  readonly node: Node;
}

export function stageGraph(graph: Graph, target: KernelTarget): Stages {
  const masks = rateMasks(graph);
  const maskOf = (node: Node) => masks.get(node.output.id) ?? 0;
  const ordered = { ...graph, nodes: prune(graph).nodes.toSorted((a, b) => maskOf(a) - maskOf(b)) };
  const { norms, normed } = layerNormsInProducts(ordered, target);
  const shortcuts = shortcutsInConvolutions(ordered, norms, target);
  const queries = queriesInAttention(ordered, norms, target);
  const nodes = ordered.nodes.filter(({ output: { id } }) => ![norms, shortcuts, queries].some((within) => within.has(id)));
  let nextId = 1 + Math.max(...masks.keys());
  const dispatches: StagedDispatch[] = [];
  const parts: Lowering["parts"] = new Map();
  const moments: Lowering["moments"] = new Map();
  const scratch: Lowering["scratch"] = (shape, element) => ({ id: nextId++, shape, element });
  nodes.forEach((node, index) => {
    const mask = maskOf(node);
    const next = nodes[index + 1];
    const leavesParts = next !== undefined && maskOf(next) === mask && addsUpParts(next, node.output, target);
    const leavesMoments = normed.has(node.output.id);
    const lowering: Lowering = { target, parts, leavesParts, norms, shortcuts, queries, leavesMoments, moments, scratch };
    for (const dispatch of lower(node, lowering)) dispatches.push({ ...dispatch, mask, node });
  });
  return stagesOf(graph, dispatches, target);
}

/** Each once, however many dispatches it has. */
export function productsOf({ dispatches }: Pick<Stages, "dispatches">): readonly PlannedProduct[] {
  const products = new Map<Node, PlannedProduct>();
  for (const { product, node } of dispatches) if (product) products.set(node, { product, node });
  return [...products.values()];
}

/** The tensor behind a buffer; weights have none. */
export function tensorOf(source: BufferSource): Tensor | undefined {
  if ("tensor" in source) return source.tensor;
  return "window" in source ? source.window.tensor : undefined;
}

/** Dispatches in their order, and what they need memory for. Of the graph, its inputs and outputs have theirs to themselves. */
export function stagesOf(
  graph: Pick<Graph, "inputs" | "outputs">,
  dispatches: readonly StagedDispatch[],
  target: Pick<KernelTarget, "format">,
): Stages {
  const whole = { begin: 0, end: Number.MAX_SAFE_INTEGER };
  const alive = new Map<number, { tensor: Tensor; begin: number; end: number; mask: RateMask }>();
  const pinned = new Set<number>();
  const conflicts: (readonly [number, number])[] = [];
  const touch = (tensor: Tensor, index: number, mask: RateMask) => {
    const known = alive.get(tensor.id);
    if (!known) alive.set(tensor.id, { tensor, begin: index, end: index, mask });
    else {
      known.end = index;
      if (known.mask !== mask) pinned.add(tensor.id);
    }
  };
  for (const { tensor } of graph.inputs.values()) {
    touch(tensor, 0, -1);
    pinned.add(tensor.id);
  }
  dispatches.forEach(({ kernel, buffers, mask }, index) => {
    const read: Tensor[] = [];
    const written: Tensor[] = [];
    for (const { name, access } of kernel.bindings) {
      const source = buffers[name];
      const tensor = source && tensorOf(source);
      if (tensor) (access === "read" ? read : written).push(tensor);
    }
    for (const tensor of [...read, ...written]) touch(tensor, index, mask);
    for (const to of written) for (const from of read) conflicts.push([from.id, to.id]);
  });
  for (const { id } of graph.outputs.values()) pinned.add(id);
  const tensors = [...alive.values()].map(({ tensor, begin, end }) => ({
    id: tensor.id,
    tensor,
    byteLength: byteLengthOf(tensor, target.format),
    ...(pinned.has(tensor.id) ? whole : { begin, end }),
  }));
  return { dispatches, tensors, conflicts };
}
