// Writes ONNX models, with just enough of protobuf for the benchmark's baselines.
// Field numbers are those of onnx.proto (IR version 8, opset 17).
type Bytes = readonly number[] | Uint8Array;

export interface Initializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | External;
}

/** float32 in a file beside the model, so that large weights are not copied into it. */
export interface External {
  readonly location: string;
  readonly offset: number;
  readonly byteLength: number;
}

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string | readonly string[];
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/** A text is STRING, an array of whole numbers is INTS, `{float}` is FLOAT, and a number is INT. */
export type Attribute = string | number | readonly number[] | { readonly float: number };

export interface OnnxGraph {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly OnnxNode[];
}

const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;
const DATA_IS_EXTERNAL = 1;

/** A ModelProto with float32 inputs and outputs. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  const opset = (domain: string, version: number) => message(8, [text(1, domain), integer(2, version)]);
  return join([
    integer(1, 8),
    message(7, [
      ...graph.nodes.map((node) => message(1, encodeNode(node))),
      text(2, "graph"),
      ...graph.initializers.map((tensor) => message(5, encodeTensor(tensor))),
      ...Object.entries(graph.inputs).map(([name, dims]) => message(11, encodeValue(name, dims))),
      ...Object.entries(graph.outputs).map(([name, dims]) => message(12, encodeValue(name, dims))),
    ]),
    opset("", 17),
    opset("com.microsoft", 1),
  ]);
}

function encodeNode({ op, inputs, output, domain, attributes = {} }: OnnxNode): Uint8Array[] {
  return [
    ...inputs.map((name) => text(1, name)),
    ...[output].flat().map((name) => text(2, name)),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => message(5, encodeAttribute(name, value))),
    ...(domain === undefined ? [] : [text(7, domain)]),
  ];
}

function encodeAttribute(name: string, value: Attribute): Uint8Array[] {
  if (typeof value === "string") return [text(1, name), text(4, value), integer(20, ATTRIBUTE_STRING)];
  if (typeof value === "number") return [text(1, name), integer(3, value), integer(20, ATTRIBUTE_INT)];
  if ("float" in value) return [text(1, name), float(2, value.float), integer(20, ATTRIBUTE_FLOAT)];
  return [text(1, name), ...value.map((item) => integer(8, item)), integer(20, ATTRIBUTE_INTS)];
}

function encodeTensor({ name, dims, data }: Initializer): Uint8Array[] {
  const type = data instanceof BigInt64Array ? INT64 : FLOAT;
  return [...dims.map((dim) => integer(1, dim)), integer(2, type), text(8, name), ...encodeData(data)];
}

function encodeData(data: Initializer["data"]): Uint8Array[] {
  if (ArrayBuffer.isView(data)) return [field(9, 2, delimited(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)))];
  const entry = (key: string, value: string | number) => message(13, [text(1, key), text(2, String(value))]);
  const { location, offset, byteLength } = data;
  return [entry("location", location), entry("offset", offset), entry("length", byteLength), integer(14, DATA_IS_EXTERNAL)];
}

function encodeValue(name: string, dims: readonly number[]): Uint8Array[] {
  const shape = dims.map((dim) => message(1, [integer(1, dim)]));
  return [text(1, name), message(2, [message(1, [integer(1, FLOAT), message(2, shape)])])];
}

const integer = (number: number, value: number) => field(number, 0, varint(value));
const text = (number: number, value: string) => field(number, 2, delimited(new TextEncoder().encode(value)));
const message = (number: number, parts: readonly Uint8Array[]) => field(number, 2, delimited(join(parts)));
const float = (number: number, value: number) => field(number, 5, new Uint8Array(Float32Array.of(value).buffer));

function field(number: number, wireType: 0 | 2 | 5, payload: Bytes): Uint8Array<ArrayBuffer> {
  return join([varint(number * 8 + wireType), payload]);
}

function delimited(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return join([varint(bytes.length), bytes]);
}

/** Whole numbers from 0 to 2^53. */
function varint(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function join(parts: readonly Bytes[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
