// How often each tensor of a graph changes. What changes together is computed together, as a stage (stages.ts), and what a stage
// leaves to another has its own memory.
import type { Graph, Rate } from "./graph";
import { inputsOf } from "./ops";

export const RATES = { prompt: 1, negative: 2, timestep: 4, run: 8 } as const satisfies Record<Rate, number>;

/** A set of rates as bits; 0 depends on the checkpoint alone. */
export type RateMask = number;

/** The rates each tensor depends on. */
export function rateMasks(graph: Graph): ReadonlyMap<number, RateMask> {
  const masks = new Map<number, RateMask>();
  for (const { tensor, rate } of graph.inputs.values()) masks.set(tensor.id, RATES[rate]);
  for (const { op, output } of graph.nodes) {
    masks.set(
      output.id,
      inputsOf(op).reduce((mask, { id }) => mask | (masks.get(id) ?? 0), 0),
    );
  }
  return masks;
}
