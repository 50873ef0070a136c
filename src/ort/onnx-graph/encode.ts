// A model as an ONNX file, and the new parts that a rewrite adds to one. What came from a file is
// written back unchanged.
import { bytes, integer, message, text, writeFields, type Field } from "./fields";
import {
  ATTRIBUTE_FIELDS,
  ATTRIBUTE_TYPES,
  DIMENSION_FIELDS,
  ELEMENT_TYPES,
  GRAPH_FIELDS,
  MODEL_FIELDS,
  NODE_FIELDS,
  OPSET_FIELDS,
  SHAPE_FIELDS,
  TENSOR_FIELDS,
  TENSOR_TYPE_FIELDS,
  TYPE_FIELDS,
  VALUE_FIELDS,
  type Dimension,
  type ElementType,
  type Initializer,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type ValueInfo,
} from "./model";

export function encodeModel({ graph, opsets, other }: OnnxModel): Uint8Array<ArrayBuffer> {
  return writeFields([
    ...other,
    ...[...opsets].map(([domain, version]) =>
      message(MODEL_FIELDS.opset, [text(OPSET_FIELDS.domain, domain), integer(OPSET_FIELDS.version, version)]),
    ),
    message(MODEL_FIELDS.graph, encodeGraph(graph)),
  ]);
}

function encodeGraph({ nodes, initializers, inputs, outputs, values, other }: OnnxGraph): readonly Field[] {
  return [
    ...other,
    ...nodes.map((node) => message(GRAPH_FIELDS.node, encodeNode(node))),
    ...initializers.map(({ encoded }) => bytes(GRAPH_FIELDS.initializer, encoded)),
    ...inputs.map(({ encoded }) => bytes(GRAPH_FIELDS.input, encoded)),
    ...outputs.map(({ encoded }) => bytes(GRAPH_FIELDS.output, encoded)),
    ...values.map(({ encoded }) => bytes(GRAPH_FIELDS.value, encoded)),
  ];
}

function encodeNode({ name, opType, domain, inputs, outputs, other }: OnnxNode): readonly Field[] {
  return [
    ...inputs.map((input) => text(NODE_FIELDS.input, input)),
    ...outputs.map((output) => text(NODE_FIELDS.output, output)),
    text(NODE_FIELDS.name, name),
    text(NODE_FIELDS.opType, opType),
    ...(domain === "" ? [] : [text(NODE_FIELDS.domain, domain)]),
    ...other,
  ];
}

/** An input or output of a new graph. */
export function valueInfo(name: string, elementType: ElementType, shape: readonly Dimension[]): ValueInfo {
  const dimensions = shape.map((dimension) => message(SHAPE_FIELDS.dimension, encodeDimension(dimension)));
  const tensor = [integer(TENSOR_TYPE_FIELDS.elementType, elementType), message(TENSOR_TYPE_FIELDS.shape, dimensions)];
  const encoded = writeFields([text(VALUE_FIELDS.name, name), message(VALUE_FIELDS.type, [message(TYPE_FIELDS.tensor, tensor)])]);
  return { name, elementType, shape, encoded };
}

function encodeDimension(dimension: Dimension): readonly Field[] {
  if (dimension === undefined) return [];
  return [typeof dimension === "number" ? integer(DIMENSION_FIELDS.size, dimension) : text(DIMENSION_FIELDS.symbol, dimension)];
}

/** An attribute of a new node: a whole number, or a list of them. */
export function attribute(name: string, value: number | readonly number[]): Field {
  const { integer: one, integers: many, name: called, type } = ATTRIBUTE_FIELDS;
  const content =
    typeof value === "number"
      ? [integer(one, value), integer(type, ATTRIBUTE_TYPES.integer)]
      : [...value.map((item) => integer(many, item)), integer(type, ATTRIBUTE_TYPES.integers)];
  return message(NODE_FIELDS.attribute, [text(called, name), ...content]);
}

/** A small new constant. */
export function constant(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): Initializer {
  const elementType = data instanceof Float32Array ? ELEMENT_TYPES.float32 : ELEMENT_TYPES.int64;
  const encoded = writeFields([
    ...dims.map((size) => integer(TENSOR_FIELDS.dims, size)),
    integer(TENSOR_FIELDS.elementType, elementType),
    text(TENSOR_FIELDS.name, name),
    bytes(TENSOR_FIELDS.raw, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);
  return { name, elementType, dims, encoded };
}
