// Which node makes each value of a graph, and which nodes read it.
import { OnestrokeError } from "../../common/errors";
import type { Initializer, OnnxGraph, OnnxNode, ValueInfo } from "./model";

/** Whether a node reads sizes only, so that its outputs say nothing about the values of its inputs. */
export function readsSizeOnly({ opType, domain }: OnnxNode): boolean {
  return domain === "" && (opType === "Shape" || opType === "Size");
}

export class GraphIndex {
  readonly graph: OnnxGraph;
  readonly initializers: ReadonlyMap<string, Initializer>;
  readonly values: ReadonlyMap<string, ValueInfo>;
  readonly #inputs: ReadonlySet<string>;
  readonly #producers = new Map<string, OnnxNode>();
  readonly #consumers = new Map<string, OnnxNode[]>();

  /** @throws OnestrokeError `model-corrupt` when a value is made twice */
  constructor(graph: OnnxGraph) {
    this.graph = graph;
    this.initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
    this.#inputs = new Set(graph.inputs.map(({ name }) => name));
    this.values = new Map([...graph.values, ...graph.outputs, ...graph.inputs].map((value) => [value.name, value]));
    for (const node of graph.nodes) {
      for (const output of node.outputs) {
        if (output === "") continue;
        // A value that is made twice could be made from itself, and following it back would never end.
        if (this.isTaken(output)) throw new OnestrokeError("model-corrupt", `the ONNX graph makes the value ${output.slice(0, 80)} twice`);
        this.#producers.set(output, node);
      }
      for (const input of new Set(node.inputs)) {
        const readers = this.#consumers.get(input);
        if (readers) readers.push(node);
        else this.#consumers.set(input, [node]);
      }
    }
  }

  /** The inputs that a caller gives. Old files list their initializers among the inputs as well. */
  get inputs(): readonly ValueInfo[] {
    return this.graph.inputs.filter(({ name }) => !this.initializers.has(name));
  }

  producer(value: string): OnnxNode | undefined {
    return this.#producers.get(value);
  }

  /** Nodes that read the values themselves, not only their sizes. */
  readers(value: string): readonly OnnxNode[] {
    return (this.#consumers.get(value) ?? []).filter((node) => !readsSizeOnly(node));
  }

  isTaken(name: string): boolean {
    return this.#producers.has(name) || this.initializers.has(name) || this.#inputs.has(name);
  }
}
