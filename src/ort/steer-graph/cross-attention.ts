// One cross-attention, as the finders report it and the rewrite takes it.
import type { OnnxNode } from "../onnx-graph/model";

/** An input of a node. */
interface Operand {
  readonly node: OnnxNode;
  readonly input: number;
}

export interface CrossAttention {
  /** The node that reads the queries: the first product, or the fused operator. */
  readonly first: OnnxNode;
  /** Its input of queries, which both branches share. */
  readonly query: string;
  /** Every node from `first` to the one that makes `output`; they are computed again for the negative text. */
  readonly core: ReadonlySet<OnnxNode>;
  /** Where values enter the core. */
  readonly values: Operand;
  /** Where something can be added to the scores: the softmax's input, or an operator's own input for that, which may be left out. */
  readonly scores: Operand & { readonly isOwnInput: boolean };
  /** The value at which the branches are combined. */
  readonly output: string;
  /** Whether `output` holds all heads of a token side by side along its last axis. */
  readonly headsMerged: boolean;
}
