// Cross-attentions in one operator: ONNX Runtime's MultiHeadAttention and ONNX's own Attention
// (since opset 23). ONNX Runtime's `Attention` projects queries, keys and values from one
// input, so it is self-attention; if that input comes from the text alone, it encodes the text.
import { integerAttribute } from "../onnx-graph/decode";
import type { GraphIndex } from "../onnx-graph/graph-index";
import type { OnnxNode } from "../onnx-graph/model";
import type { CrossAttention } from "./cross-attention";
import type { Dependence } from "./dependence";
import { mergedHeads } from "./merged-heads";

const [QUERY, KEY, VALUE] = [0, 1, 2] as const;

/** The input that is added to the scores. */
const [FUSED_BIAS, STANDARD_BIAS] = [5, 3] as const;

const FUSED: ReadonlySet<string> = new Set(["com.microsoft:MultiHeadAttention", ":Attention"]);

export function findFusedCrossAttentions(index: GraphIndex, dependence: Dependence): readonly CrossAttention[] {
  return index.graph.nodes.flatMap((node) => {
    const query = node.inputs[QUERY] ?? "";
    if (!FUSED.has(`${node.domain}:${node.opType}`) || !dependence.isPicture(query)) return [];
    // Keys and values may be packed in one input; then the third input is left out.
    const values = node.inputs[VALUE] || node.inputs[KEY] || "";
    if (!dependence.isText(node.inputs[KEY] ?? "") || !dependence.isText(values)) return [];
    const added = { node, input: node.domain === "" ? STANDARD_BIAS : FUSED_BIAS, isOwnInput: true };
    return [{ first: node, query, values: { node, input: VALUE }, scores: added, ...heads(node, index) }];
  });
}

/** ONNX's operator gives heads their own axis if its queries have one; otherwise it is told how many heads there are. */
function heads(node: OnnxNode, index: GraphIndex): Pick<CrossAttention, "core" | "output" | "headsMerged"> {
  const [output = ""] = node.outputs;
  const { path, ...after } = mergedHeads(index, output);
  if (after.headsMerged) return { core: new Set([node, ...path]), ...after };
  return {
    core: new Set([node]),
    output,
    headsMerged: node.domain === "com.microsoft" || integerAttribute(node, "q_num_heads") !== undefined,
  };
}
