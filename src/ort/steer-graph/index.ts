// Negative steering for any exported denoiser. NASA and NAG give the graph a second text, compute every cross-attention for both texts
// and combine the two before the output projection. VSF needs no second text (weigh-tokens.ts). Weights are shared; self-attention and
// everything after the attention are not changed.
import { assertNever } from "../../common/errors";
import type { Steering, SteeringMethod } from "../../common/steering";
import { valueInfo } from "../onnx-graph/encode";
import { GraphIndex } from "../onnx-graph/graph-index";
import { ELEMENT_TYPES, type OnnxModel, type OnnxNode, type ValueInfo } from "../onnx-graph/model";
import { combine, combineConstants, SCALARS } from "./combine";
import { Duplicator } from "./duplicate";
import { elementType } from "./element-type";
import { cannotSteer, findCrossAttentions, TEXT_INPUT } from "./find";
import { TOKEN_INPUTS, weighTokens } from "./weigh-tokens";

export { TEXT_INPUT } from "./find";
export { TOKEN_INPUTS } from "./weigh-tokens";

/** What a graph is rewritten for. */
export interface GraphSteering {
  /** How it is steered by a second text. */
  readonly by?: Exclude<SteeringMethod, "vsf"> | undefined;
  /** Whether its tokens have factors and scores of their own: for VSF, and for words with negative weights. */
  readonly weighs: boolean;
}

/** The input for the negative text's values beside that for the text's; token counts may differ. */
export function negativeOf(input: string): string {
  return `negative_${input}`;
}

/**
 * @param model is not changed; the result shares its weights
 * @returns a model with the inputs that `steering` needs: `TOKEN_INPUTS`, `negativeOf` each input of the text, those of `steeringScalars`
 * @throws OnestrokeError `model-unsupported` when text also enters elsewhere than through cross-attentions
 */
export function steerGraph(model: OnnxModel, { by, weighs }: GraphSteering): OnnxModel {
  const weighed = weighs ? weighTokens(model) : model;
  return by === undefined ? weighed : withNegative(weighed, by);
}

function withNegative(model: OnnxModel, method: Exclude<SteeringMethod, "vsf">): OnnxModel {
  const { graph } = model;
  const index = new GraphIndex(graph);
  const tokenInputs: readonly string[] = Object.values(TOKEN_INPUTS);
  const texts = index.inputs.filter(({ name }) => name === TEXT_INPUT || tokenInputs.includes(name));
  const { attentions, dependence } = findCrossAttentions(
    index,
    texts.map(({ name }) => name),
  );
  const opset = model.opsets.get("") ?? 1;
  const duplicator = new Duplicator(index, dependence, new Map(texts.map(({ name }) => [name, negativeOf(name)])), "negative");
  const byLastNode = new Map(attentions.map((attention) => [index.producer(attention.output), attention]));
  const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    const attention = byLastNode.get(node);
    if (!attention) return [node];
    if (method === "nag" && !attention.headsMerged) throw cannotSteer(`the heads of ${node.name} are not merged where NAG needs them`);
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
      inputs: [...graph.inputs, ...texts.map(negativeInput), ...scalars],
      initializers: [...graph.initializers, ...combineConstants(method, opset)],
    },
  };
}

/** Values of the scalar inputs of a graph that is steered by the same method. Strength 0, and VSF, fit a graph of either method. */
export function steeringScalars(steering: Steering): Readonly<Record<string, number>> {
  const { nasa, nag } = SCALARS;
  switch (steering.method) {
    case "none":
    case "vsf":
      return { [nasa.scale]: 0, [nag.scale]: 0, [nag.tau]: 1, [nag.alpha]: 0 };
    case "nasa":
      return { [nasa.scale]: steering.scale };
    case "nag":
      return { [nag.scale]: steering.scale, [nag.tau]: steering.tau, [nag.alpha]: steering.alpha };
    default:
      return assertNever(steering);
  }
}

/** The negative text has its own count of tokens: a symbol shared with the text's would promise that they are equal. */
function negativeInput({ name, elementType: type = ELEMENT_TYPES.float32, shape = [] }: ValueInfo): ValueInfo {
  const axis = shape.length === 1 ? 0 : 1;
  const own = shape.map((dimension, at) => (at === axis && typeof dimension === "string" ? `negative_${dimension}` : dimension));
  return valueInfo(negativeOf(name), type, own);
}
