// New nodes of a graph, in the order they run; each makes one value, named after the list unless it
// is told otherwise.
import { attribute } from "./encode";
import type { ElementType, OnnxNode } from "./model";

export class NodeList {
  readonly nodes: OnnxNode[] = [];
  readonly #prefix: string;

  /** @param prefix of names: of the value these nodes lead to, or one that no exporter uses */
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
