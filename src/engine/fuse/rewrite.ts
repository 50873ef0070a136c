// What every rewrite shares: a view of who produces and who reads a tensor, and one
// sweep that replaces nodes. A node whose result nobody reads any more falls away, so
// a rewrite only says what takes a node's place.
import type { Graph } from "../graph";
import { inputsOf, type Node } from "../ops";
import type { Shape, Tensor } from "../tensor";

/** The nodes to stand in a node's place, the last producing its output; undefined leaves it. */
export type Rewrite = (node: Node, uses: Uses) => readonly Node[] | undefined;

export class Uses {
  readonly #producers = new Map<number, Node>();
  readonly #readers = new Map<number, number>();
  #nextId: number;

  constructor(graph: Graph) {
    const ids = [...graph.inputs.values()].map(({ tensor }) => tensor.id);
    for (const node of graph.nodes) {
      this.#producers.set(node.output.id, node);
      ids.push(node.output.id);
      for (const { id } of inputsOf(node.op)) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    }
    for (const { id } of graph.outputs.values()) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    this.#nextId = Math.max(-1, ...ids) + 1;
  }

  /** The node that computes `tensor`; inputs have none. */
  producer(tensor: Tensor): Node | undefined {
    return this.#producers.get(tensor.id);
  }

  /** The node that computes `tensor`, if nothing else reads it and it has not been reshaped on the way. */
  soleProducer(tensor: Tensor): Node | undefined {
    const node = this.producer(tensor);
    return node && this.#readers.get(tensor.id) === 1 && sameShape(node.output.shape, tensor.shape) ? node : undefined;
  }

  tensor(shape: Shape): Tensor {
    return { id: this.#nextId++, shape, element: "activation" };
  }
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, index) => length === b[index]);
}

export function rewriteGraph(graph: Graph, rewrite: Rewrite): Graph {
  const uses = new Uses(graph);
  return prune({ ...graph, nodes: graph.nodes.flatMap((node) => rewrite(node, uses) ?? [node]) });
}

/** The graph without nodes no output needs. */
export function prune(graph: Graph): Graph {
  const needed = new Set([...graph.outputs.values()].map(({ id }) => id));
  const kept: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!needed.has(node.output.id)) continue;
    kept.push(node);
    for (const { id } of inputsOf(node.op)) needed.add(id);
  }
  return { ...graph, nodes: kept.toReversed() };
}
