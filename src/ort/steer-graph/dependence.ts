// What each value of a graph is computed from: the text, the other inputs, both or neither. Sizes
// do not count (exporters compute shapes of one branch from the other's), so keys and values
// are exactly what comes from the text alone, however they are projected, split and reshaped.
import { OnestrokeError } from "../../common/errors";
import { capturedValues } from "../onnx-graph/decode";
import { readsSizeOnly, type GraphIndex } from "../onnx-graph/graph-index";

const TEXT = 1;
const OTHER = 2;

export class Dependence {
  readonly #origins = new Map<string, number>();

  /** @param textInputs the text, and what is given beside each of its tokens */
  constructor(index: GraphIndex, textInputs: ReadonlySet<string>) {
    for (const { name } of index.inputs) this.#origins.set(name, textInputs.has(name) ? TEXT : OTHER);
    for (const node of index.graph.nodes) {
      // A node's origins come from values made before it. In any other order they would be unknown, and cycles would never end.
      const early = node.inputs.find((input) => index.producer(input) !== undefined && !this.#origins.has(input));
      if (early !== undefined) throw new OnestrokeError("model-corrupt", `the ONNX graph reads ${early.slice(0, 80)} before it is made`);
      const read = readsSizeOnly(node) ? [] : [...node.inputs, ...capturedValues(node)];
      const origin = read.reduce((union, value) => union | (this.#origins.get(value) ?? 0), 0);
      for (const output of node.outputs) if (output !== "") this.#origins.set(output, origin);
    }
  }

  /** Whether a value comes from the text alone: keys, values and what they are made from. */
  isText(value: string): boolean {
    return this.#origins.get(value) === TEXT;
  }

  /** Whether values of the picture or the timestep are in it: queries, and everything after an attention. */
  isPicture(value: string): boolean {
    return ((this.#origins.get(value) ?? 0) & OTHER) !== 0;
  }

  isBoth(value: string): boolean {
    return this.#origins.get(value) === (TEXT | OTHER);
  }
}
