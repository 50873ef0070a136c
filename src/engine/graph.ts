// A graph: what a network computes, as readonly data. `graph-builder.ts` makes one,
// `fuse/` rewrites it, `stages.ts` orders it. No buffers, no device.
import type { Node } from "./ops";
import type { Tensor } from "./tensor";

/**
 * How often an input changes. A plan re-runs only the nodes that depend on a changed
 * rate: text keys and values once per prompt, time embeddings once per timestep.
 */
export type Rate = "prompt" | "negative" | "timestep" | "run";

export interface GraphInput {
  readonly tensor: Tensor;
  readonly rate: Rate;
}

export interface Graph {
  readonly inputs: ReadonlyMap<string, GraphInput>;
  readonly nodes: readonly Node[];
  readonly outputs: ReadonlyMap<string, Tensor>;
}
