// Decodes an ONNX file into a model. It reads structure only: weights stay where they are in the file.
import { OnestrokeError } from "../../common/errors";
import { bodiesOf, checkGraphBudget } from "./budget";
import { contents, integerOf, integers, readFields, textOf, texts, type Field } from "./fields";
import {
  ATTRIBUTE_FIELDS,
  DIMENSION_FIELDS,
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
  type Initializer,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type ValueInfo,
} from "./model";

/**
 * @param bytes a whole `.onnx` file; views of it live as long as the model
 * @throws OnestrokeError `model-corrupt`; `model-unsupported` when it exceeds what a network needs
 */
export function decodeModel(bytes: Uint8Array): OnnxModel {
  const fields = readFields(bytes);
  const graph = contents(fields, MODEL_FIELDS.graph).at(-1);
  if (graph === undefined || integerOf(fields, MODEL_FIELDS.irVersion) === undefined) {
    throw new OnestrokeError("model-corrupt", "the file is not an ONNX model: it has no graph");
  }
  checkGraphBudget(readFields(graph));
  const opsets = contents(fields, MODEL_FIELDS.opset).map((content) => {
    const opset = readFields(content);
    return [domainOf(opset, OPSET_FIELDS.domain), integerOf(opset, OPSET_FIELDS.version) ?? 1] as const;
  });
  const understood: readonly number[] = [MODEL_FIELDS.graph, MODEL_FIELDS.opset];
  return { graph: decodeGraph(graph), opsets: new Map(opsets), other: fields.filter(({ number }) => !understood.includes(number)) };
}

function decodeGraph(bytes: Uint8Array): OnnxGraph {
  const fields = readFields(bytes);
  const { node, initializer, input, output, value } = GRAPH_FIELDS;
  const understood: readonly number[] = [node, initializer, input, output, value];
  return {
    nodes: contents(fields, node).map(decodeNode),
    initializers: contents(fields, initializer).map(decodeInitializer),
    inputs: contents(fields, input).map(decodeValue),
    outputs: contents(fields, output).map(decodeValue),
    values: contents(fields, value).map(decodeValue),
    other: fields.filter(({ number }) => !understood.includes(number)),
  };
}

function decodeNode(bytes: Uint8Array): OnnxNode {
  const fields = readFields(bytes);
  const { input, output, name, opType, domain } = NODE_FIELDS;
  const understood: readonly number[] = [input, output, name, opType, domain];
  return {
    name: textOf(fields, name),
    opType: textOf(fields, opType),
    domain: domainOf(fields, domain),
    inputs: texts(fields, input),
    outputs: texts(fields, output),
    other: fields.filter(({ number }) => !understood.includes(number)),
  };
}

/** ONNX's own domain has two names. */
function domainOf(fields: readonly Field[], number: number): string {
  const domain = textOf(fields, number);
  return domain === "ai.onnx" ? "" : domain;
}

function decodeInitializer(encoded: Uint8Array): Initializer {
  const fields = readFields(encoded);
  return {
    name: textOf(fields, TENSOR_FIELDS.name),
    elementType: integerOf(fields, TENSOR_FIELDS.elementType) ?? 0,
    dims: integers(fields, TENSOR_FIELDS.dims),
    encoded,
  };
}

function decodeValue(encoded: Uint8Array): ValueInfo {
  const fields = readFields(encoded);
  const type = inside(inside(fields, VALUE_FIELDS.type), TYPE_FIELDS.tensor);
  const [shape] = contents(type, TENSOR_TYPE_FIELDS.shape);
  return {
    name: textOf(fields, VALUE_FIELDS.name),
    elementType: integerOf(type, TENSOR_TYPE_FIELDS.elementType),
    shape: shape && contents(readFields(shape), SHAPE_FIELDS.dimension).map((content) => dimension(readFields(content))),
    encoded,
  };
}

function dimension(fields: readonly Field[]): Dimension {
  return integerOf(fields, DIMENSION_FIELDS.size) ?? (textOf(fields, DIMENSION_FIELDS.symbol) || undefined);
}

function inside(fields: readonly Field[], number: number): readonly Field[] {
  return readFields(contents(fields, number).at(-1) ?? new Uint8Array());
}

/** A whole-number attribute of a node. */
export function integerAttribute(node: OnnxNode, name: string): number | undefined {
  for (const content of contents(node.other, NODE_FIELDS.attribute)) {
    const fields = readFields(content);
    if (textOf(fields, ATTRIBUTE_FIELDS.name) === name) return integerOf(fields, ATTRIBUTE_FIELDS.integer);
  }
  return undefined;
}

/** Values of the surrounding graph that the bodies of an `If`, `Loop` or `Scan` read. Names that the bodies define are included. */
export function capturedValues(node: OnnxNode): readonly string[] {
  return bodiesOf(node.other).flatMap((body) => {
    const graph = decodeGraph(body);
    const inner = graph.nodes.flatMap((each) => [...each.inputs, ...capturedValues(each)]);
    return [...inner, ...graph.outputs.map(({ name }) => name)];
  });
}
