// A typed view of an ONNX model, with what rewriting a graph needs and no more. Everything is immutable;
// a rewrite makes new nodes and shares the rest. Field numbers are those of onnx.proto.
import type { Field } from "./fields";

/** TensorProto.DataType. */
export const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 } as const;

/** A number from ELEMENT_TYPES, or one that has no name in this project. */
export type ElementType = number;

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  /** "" is ONNX's own domain. */
  readonly domain: string;
  /** "" stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes and everything else, as stored. */
  readonly other: readonly Field[];
}

/** A dimension: its size, its symbol, or `undefined` if it has neither. */
export type Dimension = number | string | undefined;

export interface ValueInfo {
  readonly name: string;
  readonly elementType: ElementType | undefined;
  readonly shape: readonly Dimension[] | undefined;
  /** The whole ValueInfoProto. */
  readonly encoded: Uint8Array;
}

/** A constant tensor of the graph, usually weights. */
export interface Initializer {
  readonly name: string;
  readonly elementType: ElementType;
  readonly dims: readonly number[];
  /** The whole TensorProto: a view of the file, with its data or its reference to external data. */
  readonly encoded: Uint8Array;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly values: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
  readonly other: readonly Field[];
}

export interface OnnxModel {
  readonly graph: OnnxGraph;
  /** Versions of the operator sets, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly other: readonly Field[];
}

export const MODEL_FIELDS = { irVersion: 1, graph: 7, opset: 8, functions: 25 } as const;
export const OPSET_FIELDS = { domain: 1, version: 2 } as const;
export const GRAPH_FIELDS = { node: 1, name: 2, initializer: 5, input: 11, output: 12, value: 13 } as const;
export const NODE_FIELDS = { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 } as const;
export const ATTRIBUTE_FIELDS = { name: 1, integer: 3, graph: 6, integers: 8, graphs: 11, type: 20 } as const;
export const ATTRIBUTE_TYPES = { integer: 2, integers: 7 } as const;
export const TENSOR_FIELDS = { dims: 1, elementType: 2, name: 8, raw: 9, external: 13, location: 14 } as const;
export const ENTRY_FIELDS = { key: 1, value: 2 } as const;
export const VALUE_FIELDS = { name: 1, type: 2 } as const;
export const TYPE_FIELDS = { tensor: 1 } as const;
export const TENSOR_TYPE_FIELDS = { elementType: 1, shape: 2 } as const;
export const SHAPE_FIELDS = { dimension: 1 } as const;
export const DIMENSION_FIELDS = { size: 1, symbol: 2 } as const;
