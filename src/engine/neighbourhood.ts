// A few nodes of a graph with what is around them, as a graph of its own: small enough to be staged again and again, and large enough that
// staging it decides of these nodes as staging the whole graph does.
import type { Graph, GraphInput } from "./graph";
import { inputsOf, type Node } from "./ops";
import type { Tensor } from "./tensor";

/** From a product to a norm, and from there to another product. */
const REACH = 2;

/** Its inputs change with every run. Its outputs are what others read of it, or nobody. */
export function neighbourhood({ nodes, outputs }: Graph, centres: readonly Node[]): Graph {
  const near = new Set(centres.map(({ output }) => output.id));
  for (let step = 0; step < REACH; step++) {
    const reached = nodes.filter(({ op, output }) => near.has(output.id) || inputsOf(op).some(({ id }) => near.has(id)));
    const read = nodes.filter(({ output }) => near.has(output.id)).flatMap(({ op }) => inputsOf(op));
    for (const id of [...reached.map(({ output }) => output.id), ...read.map((tensor) => tensor.id)]) near.add(id);
  }
  const inside = nodes.filter(({ output }) => near.has(output.id));
  const made = new Set(inside.map(({ output }) => output.id));
  const readHere = new Map(inside.flatMap(({ op }) => inputsOf(op)).map((tensor): [number, Tensor] => [tensor.id, tensor]));
  const readElsewhere = new Set([
    ...nodes.filter(({ output }) => !near.has(output.id)).flatMap(({ op }) => inputsOf(op).map(({ id }) => id)),
    ...[...outputs.values()].map(({ id }) => id),
  ]);
  const entering = [...readHere.values()].filter(({ id }) => !made.has(id));
  const leaving = inside.map(({ output }) => output).filter(({ id }) => readElsewhere.has(id) || !readHere.has(id));
  return {
    nodes: inside,
    inputs: new Map(entering.map((tensor): [string, GraphInput] => [`tensor ${tensor.id}`, { tensor, rate: "run" }])),
    outputs: new Map(leaving.map((tensor): [string, Tensor] => [`tensor ${tensor.id}`, tensor])),
  };
}
