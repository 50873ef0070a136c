// New nodes of a graph, in the order in which they run. Each makes one value, which is named after the list unless
// another name is given.
import { attribute } from "./encode";
import type { ElementType, OnnxNode } from "./model";

export class NodeList {
  readonly nodes: OnnxNode[] = [];
  readonly #prefix: string;

  /** @param prefix prefix of names: the value that these nodes lead to, or a name that no exporter uses */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  op(opType: string, inputs: readonly string[], attributes: OnnxNode["other"] = [], output?: string): string {
    const name = `${this.#prefix}_${this.nodes.length}`;
    this.nodes.push({ name, opType, domain: "", inputs, outputs: [output ?? name], other: attributes });
    return output ?? name;
  }

  cast(value: string, to: ElementType, output?: string): string {
    return this.op("Cast", [value], [attribute("to", to)], output);
  }
}
