// Computes an attention again, for another text, or its values alone. It copies what depends on the text (its projections,
// shapes computed from it, the attention itself) and shares the rest: weights and queries.
import { OnestrokeError } from "../../common/errors";
import { capturedValues } from "../onnx-graph/decode";
import type { GraphIndex } from "../onnx-graph/graph-index";
import type { OnnxNode } from "../onnx-graph/model";
import type { CrossAttention } from "./cross-attention";
import type { Dependence } from "./dependence";

export interface Copy {
  /** The other text's counterpart of what was copied. */
  readonly output: string;
  /** New nodes, in an order in which they can run. Projections that layers share come with the first of those layers. */
  readonly nodes: readonly OnnxNode[];
}

/** The steps from the text to an attention: a projection, a split, some reshaping. */
const MOST_STEPS = 1000;

export class Duplicator {
  readonly #index: GraphIndex;
  readonly #dependence: Dependence;
  readonly #suffix: string;
  /** Maps values to their counterparts in the copy; a value that does not depend on the text is its own counterpart. */
  readonly #counterparts: Map<string, string>;

  /** @param others the other text's input, or value, by the name of the text's @param suffix of new names */
  constructor(index: GraphIndex, dependence: Dependence, others: ReadonlyMap<string, string>, suffix: string) {
    this.#index = index;
    this.#dependence = dependence;
    this.#counterparts = new Map(others);
    this.#suffix = suffix;
  }

  /** @throws OnestrokeError `model-unsupported` when the attention is masked or holds a subgraph */
  duplicate(attention: CrossAttention): Copy {
    const nodes: OnnxNode[] = [];
    const output = this.#counterpart(attention.output, attention, nodes);
    return { output, nodes };
  }

  /** Copies what the text alone is in: keys or values. */
  copyOf(value: string): Copy {
    const nodes: OnnxNode[] = [];
    return { output: this.#counterpart(value, undefined, nodes), nodes };
  }

  #counterpart(value: string, attention: CrossAttention | undefined, nodes: OnnxNode[], depth = 0): string {
    const known = this.#counterparts.get(value);
    if (known !== undefined) return known;
    if (depth > MOST_STEPS)
      throw new OnestrokeError("model-unsupported", "this ONNX model cannot be steered: text reaches it through too many steps");
    const counterpart = this.#compute(value, attention, nodes, depth);
    this.#counterparts.set(value, counterpart);
    return counterpart;
  }

  #compute(value: string, attention: CrossAttention | undefined, nodes: OnnxNode[], depth: number): string {
    const node = this.#index.producer(value);
    if (!node) return value;
    const inCore = attention?.core.has(node) === true;
    // Only the sizes of the picture's values matter here, and they are the same for every text.
    if (!inCore && this.#dependence.isPicture(value)) return value;
    const inputs = node.inputs.map((input) => {
      if (input === "") return input;
      if (attention !== undefined && inCore) this.#checkOperand(input, node, attention);
      return this.#counterpart(input, attention, nodes, depth + 1);
    });
    if (inputs.every((input, position) => input === node.inputs[position])) return value;
    if (capturedValues(node).length > 0) throw unsupported(node, "is computed in a subgraph");
    const outputs = node.outputs.map((output) => output && this.#copyName(output));
    for (const [position, output] of node.outputs.entries()) this.#counterparts.set(output, outputs[position] ?? "");
    nodes.push({ ...node, name: this.#copyName(node.name), inputs, outputs });
    return this.#counterparts.get(value) ?? value;
  }

  /** A mask is made for one text's tokens and does not fit the other's. */
  #checkOperand(input: string, node: OnnxNode, attention: CrossAttention): void {
    if (input === attention.query && node === attention.first) return;
    const producer = this.#index.producer(input);
    if (producer && attention.core.has(producer)) return;
    if (this.#dependence.isPicture(input)) throw unsupported(node, "takes a mask from another input");
  }

  #copyName(name: string): string {
    let copy = `${name}/${this.#suffix}`;
    while (this.#index.isTaken(copy)) copy += "_";
    return copy;
  }
}

function unsupported(node: OnnxNode, why: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `this ONNX model cannot be steered: its attention ${node.name || node.opType} ${why}`, {
    node: node.name,
  });
}
