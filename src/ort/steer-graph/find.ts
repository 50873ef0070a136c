// The cross-attentions of an exported denoiser, in whatever form they were exported.
import { OnestrokeError } from "../../common/errors";
import type { GraphIndex } from "../onnx-graph/graph-index";
import type { CrossAttention } from "./cross-attention";
import { Dependence } from "./dependence";
import { findFusedCrossAttentions } from "./find-fused";
import { findPlainCrossAttentions } from "./find-plain";

export const TEXT_INPUT = "encoder_hidden_states";

interface Found {
  readonly attentions: readonly CrossAttention[];
  readonly dependence: Dependence;
}

/**
 * @param textInputs the text, and what is given beside each of its tokens
 * @throws OnestrokeError `model-unsupported` when there is none, or when text also enters elsewhere: then some of what a text says would
 * remain whatever is done to the attentions
 */
export function findCrossAttentions(index: GraphIndex, textInputs: readonly string[]): Found {
  const isThere = index.inputs.some(({ name }) => name === TEXT_INPUT);
  if (!isThere) throw cannotSteer(`it has no input ${TEXT_INPUT}`);
  const dependence = new Dependence(index, new Set(textInputs));
  const attentions = [...findPlainCrossAttentions(index, dependence), ...findFusedCrossAttentions(index, dependence)];
  if (attentions.length === 0) throw cannotSteer("no cross-attention was found in it");
  const cores = new Set(attentions.flatMap((attention) => [...attention.core]));
  for (const node of index.graph.nodes) {
    const [output = ""] = node.outputs;
    const isEntry = dependence.isBoth(output) && node.inputs.some((input) => dependence.isText(input));
    if (isEntry && !cores.has(node)) throw cannotSteer(`text enters it at ${node.name || output}, which is not a cross-attention`);
  }
  return { attentions, dependence };
}

export function cannotSteer(why: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `this ONNX model cannot be steered: ${why}`);
}
