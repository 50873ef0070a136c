// Negative steering for any exported denoiser: it gives the graph a second text, computes every
// cross-attention for both texts and combines the two before the output projection. Weights are
// shared; self-attention and everything after the attention are not changed.
import { assertNever, OnestrokeError } from "../../common/errors";
import type { Steering } from "../../common/steering";
import { valueInfo } from "../onnx-graph/encode";
import { GraphIndex } from "../onnx-graph/graph-index";
import { ELEMENT_TYPES, type OnnxModel, type OnnxNode, type ValueInfo } from "../onnx-graph/model";
import { combine, combineConstants, SCALARS, type SteeringMethod } from "./combine";
import type { CrossAttention } from "./cross-attention";
import { Dependence } from "./dependence";
import { Duplicator } from "./duplicate";
import { elementType } from "./element-type";
import { findFusedCrossAttentions } from "./find-fused";
import { findPlainCrossAttentions } from "./find-plain";

export const TEXT_INPUT = "encoder_hidden_states";
/** The steered graph's input for the negative text's states, with the text's number format and channels; token counts may differ. */
export const NEGATIVE_TEXT_INPUT = "negative_encoder_hidden_states";

/**
 * @param model is not changed; the result shares its weights
 * @returns a model with the inputs `NEGATIVE_TEXT_INPUT` and those of `steeringScalars`
 * @throws OnestrokeError `model-unsupported` when text also enters elsewhere than through cross-attentions
 */
export function steerGraph(model: OnnxModel, method: SteeringMethod): OnnxModel {
  const { graph } = model;
  const index = new GraphIndex(graph);
  const text = index.inputs.find(({ name }) => name === TEXT_INPUT);
  if (!text) throw refusal(`it has no input ${TEXT_INPUT}`);
  const dependence = new Dependence(index, TEXT_INPUT);
  const attentions = [...findPlainCrossAttentions(index, dependence), ...findFusedCrossAttentions(index, dependence)];
  if (attentions.length === 0) throw refusal("no cross-attention was found in it");
  checkEntries(index, dependence, attentions);

  const opset = model.opsets.get("") ?? 1;
  const duplicator = new Duplicator(index, dependence, TEXT_INPUT, NEGATIVE_TEXT_INPUT);
  const byLastNode = new Map(attentions.map((attention) => [index.producer(attention.output), attention]));
  const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    const attention = byLastNode.get(node);
    if (!attention) return [node];
    if (method === "nag" && !attention.headsMerged) throw refusal(`the heads of ${node.name} are not merged where NAG needs them`);
    const { output } = attention;
    const positive = `${output}/positive`;
    const copy = duplicator.duplicate(attention);
    const branches = { positive, negative: copy.output, output, elementType: elementType(index, output) };
    const renamed = { ...node, outputs: node.outputs.map((name) => (name === output ? positive : name)) };
    return [renamed, ...copy.nodes, ...combine(method, branches, opset)];
  });
  const scalars = Object.values(SCALARS[method]).map((name) => valueInfo(name, ELEMENT_TYPES.float32, []));
  return {
    ...model,
    graph: {
      ...graph,
      nodes,
      inputs: [...graph.inputs, negativeInput(text), ...scalars],
      initializers: [...graph.initializers, ...combineConstants(method, opset)],
    },
  };
}

/** Values of the scalar inputs of a graph that is steered by the same method. Strength 0 fits a graph of either method. */
export function steeringScalars(steering: Steering): Readonly<Record<string, number>> {
  const { nasa, nag } = SCALARS;
  switch (steering.method) {
    case "none":
      return { [nasa.scale]: 0, [nag.scale]: 0, [nag.tau]: 1, [nag.alpha]: 0 };
    case "nasa":
      return { [nasa.scale]: steering.scale };
    case "nag":
      return { [nag.scale]: steering.scale, [nag.tau]: steering.tau, [nag.alpha]: steering.alpha };
    default:
      return assertNever(steering);
  }
}

/** Every place where text meets the picture must be steered, or some of what the negative text should remove would remain. */
function checkEntries(index: GraphIndex, dependence: Dependence, attentions: readonly CrossAttention[]): void {
  const entries = new Set(attentions.flatMap((attention) => [...attention.entries]));
  for (const node of index.graph.nodes) {
    const [output = ""] = node.outputs;
    const isEntry = dependence.isBoth(output) && node.inputs.some((input) => dependence.isText(input));
    if (isEntry && !entries.has(node)) throw refusal(`text enters it at ${node.name || output}, which is not a cross-attention`);
  }
}

/** The negative text has its own count of tokens: a symbol shared with the text's would promise that they are equal. */
function negativeInput({ elementType: type = ELEMENT_TYPES.float32, shape = [] }: ValueInfo): ValueInfo {
  const own = shape.map((dimension, axis) => (axis === 1 && typeof dimension === "string" ? `negative_${dimension}` : dimension));
  return valueInfo(NEGATIVE_TEXT_INPUT, type, own);
}

function refusal(why: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `this ONNX model cannot be steered: ${why}`);
}
