// Follows the product of weights and values to where a token's heads stand side by side: the input
// of the output projection. NAG's norm is over all heads, so the branches are combined there.
import type { GraphIndex } from "../onnx-graph/graph-index";
import type { OnnxNode } from "../onnx-graph/model";

const LAYOUT: ReadonlySet<string> = new Set(["Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Identity"]);

export interface MergedHeads {
  readonly output: string;
  readonly path: readonly OnnxNode[];
  readonly headsMerged: boolean;
}

/** Heads are merged by a transposition that brings them next to their channels, and a reshape. */
export function mergedHeads(index: GraphIndex, product: string): MergedHeads {
  const path: OnnxNode[] = [];
  let value = product;
  for (let transposed = false; ;) {
    const [reader, ...others] = index.readers(value);
    if (!reader || others.length > 0 || reader.domain !== "" || !LAYOUT.has(reader.opType) || reader.inputs[0] !== value) break;
    path.push(reader);
    value = reader.outputs[0] ?? "";
    if (reader.opType === "Transpose") transposed = true;
    else if (transposed && reader.opType === "Reshape") return { output: value, path, headsMerged: true };
  }
  return { output: product, path: [], headsMerged: false };
}
