// Test models: one cross-attention in each form that exporters write, with weights that tell heads,
// channels and tokens apart, and the same attention in float64. The output projection is the identity,
// so the model's output is the merged heads.
import { attribute, constant, valueInfo } from "../onnx-graph/encode";
import { integer } from "../onnx-graph/fields";
import type { Seen } from "../../steering/reference";
import { ELEMENT_TYPES, type Initializer, type OnnxModel, type OnnxNode } from "../onnx-graph/model";

/**
 * `flat` has its heads in the batch axis and a mask of zeros shaped by queries and keys, as older exports do. `fused` is ONNX Runtime's own
 * operator, `standard` is ONNX's, on three axes.
 */
export const FORMS = ["plain", "flat", "packed", "fused", "standard", "float16"] as const;

export type Form = (typeof FORMS)[number];

export const HEADS = 2;
export const HEAD_CHANNELS = 3;
export const CHANNELS = HEADS * HEAD_CHANNELS;
export const TEXT_CHANNELS = 4;

/** The numbers are deterministic and without a pattern. */
export function numbers(length: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, i) => Math.sin(seed * 12.9898 + (i + 1) * 78.233) * 1.5);
}

export const WEIGHTS = {
  query: numbers(CHANNELS * CHANNELS, 1),
  key: numbers(TEXT_CHANNELS * CHANNELS, 2),
  value: numbers(TEXT_CHANNELS * CHANNELS, 3),
};

export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];

  op(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    domain = "",
  ): string {
    return this.ops(opType, inputs, 1, attributes, domain)[0] ?? "";
  }

  ops(
    opType: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    domain = "",
  ): readonly string[] {
    const name = `${opType}_${this.nodes.length}`;
    const outputs = Array.from({ length: count }, (_, i) => `${name}_output_${i}`);
    const other = Object.entries(attributes).map(([key, value]) => attribute(key, value));
    this.nodes.push({ name, opType, domain, inputs, outputs, other });
    return outputs;
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    this.initializers.push(constant(name, dims, values));
    return name;
  }

  sizes(...values: readonly number[]): string {
    const name = `sizes_${this.initializers.length}`;
    this.initializers.push(constant(name, [values.length], BigInt64Array.from(values, BigInt)));
    return name;
  }

  /** Its inputs are `sample` [1, tokens, channels] and `encoder_hidden_states` [1, tokens, text channels]. */
  model(output: string, extraInputs: OnnxModel["graph"]["inputs"] = [], opset = 17): OnnxModel {
    const { float32 } = ELEMENT_TYPES;
    const named = this.nodes.map((node) => ({ ...node, outputs: node.outputs.map((name) => (name === output ? "out" : name)) }));
    return {
      opsets: new Map([
        ["", opset],
        ["com.microsoft", 1],
      ]),
      other: [integer(1, 8)],
      graph: {
        nodes: named.map((node) => ({ ...node, inputs: node.inputs.map((name) => (name === output ? "out" : name)) })),
        initializers: this.initializers,
        inputs: [
          valueInfo("sample", float32, [1, "pixels", CHANNELS]),
          valueInfo("encoder_hidden_states", float32, [1, "tokens", TEXT_CHANNELS]),
          ...extraInputs,
        ],
        outputs: [valueInfo("out", float32, [1, "pixels", CHANNELS])],
        values: [],
        other: [],
      },
    };
  }
}

/** ONNX's own attention needs version 23. */
export function attentionModel(form: Form, opset = form === "standard" ? 23 : 17): OnnxModel {
  const g = new GraphWriter();
  return g.model(crossAttention(g, form, "sample", "encoder_hidden_states"), [], opset);
}

/** @returns the output projection's result */
export function crossAttention(g: GraphWriter, form: Form, sample: string, text: string): string {
  const half = (value: string) => (form === "float16" ? g.op("Cast", [value], { to: ELEMENT_TYPES.float16 }) : value);
  const weight = (name: keyof typeof WEIGHTS, rows: number) => half(g.floats(`to_${name}`, [rows, CHANNELS], WEIGHTS[name]));
  const source = half(text);
  const query = g.op("MatMul", [half(sample), weight("query", CHANNELS)]);
  const [key = "", value = ""] =
    form === "packed"
      ? g.ops("Split", [g.op("MatMul", [source, packedWeight(g)]), g.sizes(CHANNELS, CHANNELS)], 2, { axis: 2 })
      : [g.op("MatMul", [source, weight("key", TEXT_CHANNELS)]), g.op("MatMul", [source, weight("value", TEXT_CHANNELS)])];
  const merged =
    form === "fused"
      ? g.op("MultiHeadAttention", [query, key, value], { num_heads: HEADS }, "com.microsoft")
      : form === "standard"
        ? g.op("Attention", [query, key, value], { q_num_heads: HEADS, kv_num_heads: HEADS })
        : form === "flat"
          ? flat(g, query, key, value)
          : plain(g, query, key, value, half);
  const identity = Float32Array.from({ length: CHANNELS ** 2 }, (_, i) => (i % (CHANNELS + 1) === 0 ? 1 : 0));
  const out = g.op("MatMul", [merged, half(g.floats("to_out", [CHANNELS, CHANNELS], identity))]);
  return form === "float16" ? g.op("Cast", [out], { to: ELEMENT_TYPES.float32 }) : out;
}

const scale = (g: GraphWriter) => g.floats("scale", [], Float32Array.of(HEAD_CHANNELS ** -0.5));
const split = (g: GraphWriter, value: string, perm: readonly number[]) =>
  g.op("Transpose", [g.op("Reshape", [value, g.sizes(1, -1, HEADS, HEAD_CHANNELS)])], { perm });

function plain(g: GraphWriter, query: string, key: string, value: string, half: (value: string) => string): string {
  const scores = g.op("Mul", [g.op("MatMul", [split(g, query, [0, 2, 1, 3]), split(g, key, [0, 2, 3, 1])]), half(scale(g))]);
  const mixed = g.op("MatMul", [g.op("Softmax", [scores], { axis: -1 }), split(g, value, [0, 2, 1, 3])]);
  return g.op("Reshape", [g.op("Transpose", [mixed], { perm: [0, 2, 1, 3] }), g.sizes(1, -1, CHANNELS)]);
}

function flat(g: GraphWriter, query: string, key: string, value: string): string {
  const [q, k, v] = [query, key, value].map((each) => g.op("Reshape", [split(g, each, [0, 2, 1, 3]), g.sizes(HEADS, -1, HEAD_CHANNELS)]));
  const count = (each = "") => g.op("Gather", [g.op("Shape", [each]), g.sizes(1)]);
  const zeros = g.op("ConstantOfShape", [g.op("Concat", [g.sizes(HEADS), count(q), count(k)], { axis: 0 })]);
  const product = g.op("MatMul", [q ?? "", g.op("Transpose", [k ?? ""], { perm: [0, 2, 1] })]);
  const scores = g.op("Add", [g.op("Mul", [product, scale(g)]), zeros]);
  const mixed = g.op("Reshape", [g.op("MatMul", [g.op("Softmax", [scores], { axis: -1 }), v ?? ""]), g.sizes(1, HEADS, -1, HEAD_CHANNELS)]);
  return g.op("Reshape", [g.op("Transpose", [mixed], { perm: [0, 2, 1, 3] }), g.sizes(1, -1, CHANNELS)]);
}

/** The columns of keys and of values, side by side. */
function packedWeight(g: GraphWriter): string {
  const rows = Array.from({ length: TEXT_CHANNELS }, (_, row) =>
    [WEIGHTS.key, WEIGHTS.value].flatMap((weight) => [...weight.subarray(row * CHANNELS, (row + 1) * CHANNELS)]),
  );
  return g.floats("to_key_value", [TEXT_CHANNELS, 2 * CHANNELS], Float32Array.from(rows.flat()));
}

/** What each query sees of each token: [pixels * heads][tokens]. */
export function seenBy(sample: Float32Array, text: Float32Array): readonly (readonly Seen[])[] {
  const query = project(sample, WEIGHTS.query);
  const [key, value] = [project(text, WEIGHTS.key), project(text, WEIGHTS.value)];
  const at = (rows: Float64Array, begin: number): readonly number[] => [...rows.subarray(begin, begin + HEAD_CHANNELS)];
  return Array.from({ length: query.length / HEAD_CHANNELS }, (_, i) => {
    const own = at(query, i * HEAD_CHANNELS);
    const head = (i % HEADS) * HEAD_CHANNELS;
    return Array.from({ length: text.length / TEXT_CHANNELS }, (_unused, token) => ({
      score: at(key, token * CHANNELS + head).reduce((sum, x, c) => sum + x * (own[c] ?? NaN), 0) * HEAD_CHANNELS ** -0.5,
      value: at(value, token * CHANNELS + head),
    }));
  });
}

/** The merged heads in float64: [pixels, channels]. @param factors of the values; 1 if not given */
export function attend(sample: Float32Array, text: Float32Array, factors: readonly number[] = []): Float64Array {
  const query = project(sample, WEIGHTS.query);
  const [key, value] = [project(text, WEIGHTS.key), project(text, WEIGHTS.value)];
  const tokens = text.length / TEXT_CHANNELS;
  return query.map((_, i) => {
    const [pixel, channel] = [Math.floor(i / CHANNELS), i % CHANNELS];
    const head = channel - (channel % HEAD_CHANNELS);
    const weights = Array.from({ length: tokens }, (_unused, token) => {
      let score = 0;
      for (let c = head; c < head + HEAD_CHANNELS; c++) score += (query[pixel * CHANNELS + c] ?? NaN) * (key[token * CHANNELS + c] ?? NaN);
      return Math.exp(score * HEAD_CHANNELS ** -0.5);
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.reduce(
      (sum, weight, token) => sum + (weight / total) * (factors[token] ?? 1) * (value[token * CHANNELS + channel] ?? NaN),
      0,
    );
  });
}

function project(rows: Float32Array, weight: Float32Array): Float64Array {
  const width = weight.length / CHANNELS;
  return Float64Array.from({ length: (rows.length / width) * CHANNELS }, (_, i) => {
    const [row, column] = [Math.floor(i / CHANNELS), i % CHANNELS];
    let sum = 0;
    for (let k = 0; k < width; k++) sum += (rows[row * width + k] ?? NaN) * (weight[k * CHANNELS + column] ?? NaN);
    return sum;
  });
}
