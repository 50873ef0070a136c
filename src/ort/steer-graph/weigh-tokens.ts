// Gives every token of the text its own say in the cross-attentions of an exported denoiser: a factor of its values, and what is added to
// its scores. Words with negative weights have the factor -1, and with both inputs VSF is one attention over a text with the negative's
// words behind it. Factors of 1 and additions of 0 change no bit. Values are products of the text, so the text is multiplied before them.
import { OnestrokeError } from "../../common/errors";
import { capturedValues } from "../onnx-graph/decode";
import { attribute, constant, valueInfo } from "../onnx-graph/encode";
import { GraphIndex } from "../onnx-graph/graph-index";
import { ELEMENT_TYPES, type OnnxGraph, type OnnxModel, type OnnxNode } from "../onnx-graph/model";
import { NodeList } from "../onnx-graph/node-list";
import type { CrossAttention } from "./cross-attention";
import type { Dependence } from "./dependence";
import { Duplicator } from "./duplicate";
import { elementType } from "./element-type";
import { findCrossAttentions, TEXT_INPUT } from "./find";

/** Inputs of the weighed graph beside the text: float32 `[1, tokens, 1]` and `[tokens]`. */
export const TOKEN_INPUTS = { factors: "token_factors", added: "token_scores" } as const;

/** Where ONNX Runtime's operator has a bias of queries, keys and values. */
const FUSED_PROJECTION_BIAS = 3;

const [SECOND_LAST, ONES] = ["onestroke/second_last", "onestroke/ones"];

/**
 * @param model is not changed; the result shares its weights
 * @throws OnestrokeError `model-unsupported` as `steerGraph`, and where keys and values come in one tensor, or values are more than products
 */
export function weighTokens(model: OnnxModel): OnnxModel {
  const index = new GraphIndex(model.graph);
  const { attentions, dependence } = findCrossAttentions(index, [TEXT_INPUT]);
  const make = new NodeList("onestroke/weighed");
  const weighed = make.op("Mul", [TEXT_INPUT, converted(make, TOKEN_INPUTS.factors, elementType(index, TEXT_INPUT))]);
  const duplicator = new Duplicator(index, dependence, new Map([[TEXT_INPUT, weighed]]), "weighed");
  const before = new Map<OnnxNode, OnnxNode[]>();
  const replaced = new Map<OnnxNode, Map<number, string>>();
  const replace = (node: OnnxNode, input: number, by: string, nodes: readonly OnnxNode[]): void => {
    before.set(node, [...(before.get(node) ?? []), ...nodes]);
    replaced.set(node, (replaced.get(node) ?? new Map<number, string>()).set(input, by));
  };
  for (const attention of attentions) {
    const { node, input } = attention.values;
    const values = node.inputs[input] ?? "";
    if (values === "") throw cannotWeigh("keys and values are one tensor");
    if (hasBias(attention, values, index, dependence)) throw cannotWeigh("its values have a bias, which the weights of words would miss");
    const copy = duplicator.copyOf(values);
    replace(node, input, copy.output, copy.nodes);
    const added = addedScores(attention, index);
    replace(attention.scores.node, attention.scores.input, added.output, added.nodes);
  }
  const nodes = model.graph.nodes.flatMap((node): readonly OnnxNode[] => {
    const inputs = replaced.get(node);
    return inputs === undefined ? [node] : [...(before.get(node) ?? []), { ...node, inputs: withInputs(node.inputs, inputs) }];
  });
  const { float32 } = ELEMENT_TYPES;
  const { factors, added } = TOKEN_INPUTS;
  const graph = {
    ...model.graph,
    nodes: [...make.nodes, ...nodes],
    inputs: [...model.graph.inputs, valueInfo(factors, float32, [1, "tokens", 1]), valueInfo(added, float32, ["tokens"])],
    initializers: [
      ...model.graph.initializers,
      constant(SECOND_LAST, [1], BigInt64Array.of(-2n)),
      constant(ONES, [2], BigInt64Array.of(1n, 1n)),
    ],
  };
  return { ...model, graph: withoutUnread(graph) };
}

/** Whether anything but the text is added on the way from it to the values: then the values of a multiplied text are not multiplied values. */
function hasBias({ values: { node: reader } }: CrossAttention, values: string, index: GraphIndex, dependence: Dependence): boolean {
  if (reader.opType === "MultiHeadAttention" && (reader.inputs[FUSED_PROJECTION_BIAS] ?? "") !== "") return true;
  const onTheWay = new Set([values]);
  for (const value of onTheWay) {
    const node = index.producer(value);
    if (node === undefined) continue;
    const others = node.inputs.filter((input) => input !== "" && !dependence.isText(input));
    if ((node.opType === "Add" || node.opType === "Sub") && others.length > 0) return true;
    if (node.opType === "Gemm" && others.length > 1) return true;
    for (const input of node.inputs) if (dependence.isText(input)) onTheWay.add(input);
  }
  return false;
}

function cannotWeigh(why: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `the words of this ONNX model cannot be weighed: ${why}`);
}

/** The scores with what is added; of an operator with an input for that, its value: `[1, 1, queries, tokens]`, because it need not broadcast. */
function addedScores(
  { scores, query }: CrossAttention,
  index: GraphIndex,
): { readonly output: string; readonly nodes: readonly OnnxNode[] } {
  const { node, input, isOwnInput } = scores;
  const make = new NodeList(`${node.outputs[0] ?? ""}/weighed`);
  const present = node.inputs[input] ?? "";
  const added = converted(make, TOKEN_INPUTS.added, elementType(index, isOwnInput ? query : present));
  if (!isOwnInput || present !== "") return { output: make.op("Add", [present, added]), nodes: make.nodes };
  const queries = make.op("Gather", [make.op("Shape", [query]), SECOND_LAST]);
  const shape = make.op("Concat", [ONES, queries, make.op("Shape", [TOKEN_INPUTS.added])], [attribute("axis", 0)]);
  return { output: make.op("Expand", [added, shape]), nodes: make.nodes };
}

function converted(make: NodeList, value: string, to: number): string {
  return to === ELEMENT_TYPES.float32 ? value : make.cast(value, to);
}

/** Inputs that are left out before a new one have empty names. */
function withInputs(inputs: readonly string[], changes: ReadonlyMap<number, string>): readonly string[] {
  const length = Math.max(inputs.length, ...[...changes.keys()].map((index) => index + 1));
  return Array.from({ length }, (_, index) => changes.get(index) ?? inputs[index] ?? "");
}

/** The projections of values that nothing reads any more are left out. */
function withoutUnread(graph: OnnxGraph): OnnxGraph {
  const read = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.toReversed().filter((node) => {
    // What a subgraph reads is not in its node's inputs.
    const isRead = node.outputs.some((output) => read.has(output)) || node.outputs.length === 0;
    if (isRead) for (const input of [...node.inputs, ...capturedValues(node)]) read.add(input);
    return isRead;
  });
  return { ...graph, nodes: nodes.toReversed() };
}
