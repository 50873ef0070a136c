// What is measured: each row as a graph of ours and as an ONNX model, on the same inputs
// and parameters. Parameters are rounded to float16, in which ours are kept; everything else is float32.
// The ONNX models also take and give NHWC; ONNX Runtime cancels the transposes that this needs.
import type { GraphBuilder } from "../../../engine/graph-builder";
import type { Shape } from "../../../engine/tensor";
import { normals, roundToFloat16 } from "../made-up";
import { encodeOnnx, type Initializer, type OnnxNode } from "../onnx/encode";

export interface Row {
  readonly name: string;
  /** Operations of products; a multiply-add counts as two. */
  readonly flop: number;
  /** Reads inputs by the names in `inputs`, and gives the output "y". */
  build(g: GraphBuilder): void;
  readonly inputs: Readonly<Record<string, { readonly shape: Shape; readonly values: Float32Array<ArrayBuffer> }>>;
  readonly output: Shape;
  /** Checkpoint tensors of our graph. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  readonly onnx: Uint8Array<ArrayBuffer>;
}

/** `full` is a 640-channel UNet level at 32x32. `small` runs the same rules in a second, to check results. */
export type Scale = "full" | "small";

export function benchRows(scale: Scale): readonly Row[] {
  const full = scale === "full";
  const side = full ? 32 : 6;
  return [
    matmul(full ? 1024 : 70, full ? 640 : 96),
    convolution(side, full ? 640 : 64),
    selfAttention(full ? 1024 : 80, full ? 10 : 2, 64),
    residualBlock(side, full ? 320 : 64),
  ];
}

function matmul(rows: number, channels: number): Row {
  const weight = normals(channels * channels, 2, channels ** -0.5); // [k, n]
  const shape = [1, rows, channels];
  return {
    name: `matmul ${rows}x${channels}x${channels}`,
    flop: 2 * rows * channels ** 2,
    build: (g) => g.output("y", g.linear(g.input("x", shape, "run"), "w", { outputs: channels, bias: false })),
    inputs: { x: { shape, values: normals(rows * channels, 1) } },
    output: shape,
    weights: { "w.weight": transposed(weight, channels, channels) },
    onnx: encodeOnnx({
      inputs: { x: shape },
      outputs: { y: shape },
      initializers: [{ name: "w", dims: [channels, channels], data: weight }],
      nodes: [{ op: "MatMul", inputs: ["x", "w"], output: "y" }],
    }),
  };
}

function convolution(side: number, channels: number): Row {
  const weight = normals(channels * channels * 9, 3, (9 * channels) ** -0.5);
  const bias = normals(channels, 4);
  const shape = [1, side, side, channels];
  return {
    name: `conv 3x3 ${channels}->${channels} at ${side}x${side}`,
    flop: 2 * 9 * (side * channels) ** 2,
    build: (g) => g.output("y", g.conv2d(g.input("x", shape, "run"), "c", { outputs: channels })),
    inputs: { x: { shape, values: normals(side * side * channels, 5) } },
    output: shape,
    weights: { "c.weight": weight, "c.bias": bias },
    onnx: encodeOnnx({
      inputs: { x: shape },
      outputs: { y: shape },
      initializers: [
        { name: "w", dims: [channels, channels, 3, 3], data: weight },
        { name: "b", dims: [channels], data: bias },
      ],
      nodes: [toNchw("x", "x_nchw"), conv("x_nchw", "w", "b", "y_nchw"), toNhwc("y_nchw", "y")],
    }),
  };
}

function selfAttention(tokens: number, heads: number, headSize: number): Row {
  const channels = heads * headSize;
  const shape = [1, tokens, channels];
  const named = ["q", "k", "v"].map((name, index) => [name, { shape, values: normals(tokens * channels, 6 + index) }] as const);
  return {
    name: `self-attention ${tokens} tokens x ${heads} heads x ${headSize}`,
    flop: 4 * tokens ** 2 * channels,
    build: (g) => {
      const [q, k, v] = [g.input("q", shape, "run"), g.input("k", shape, "run"), g.input("v", shape, "run")];
      g.output("y", g.attention(q, k, v, { heads, headSize }));
    },
    inputs: Object.fromEntries(named),
    output: shape,
    weights: {},
    onnx: encodeOnnx({
      inputs: { q: shape, k: shape, v: shape },
      outputs: { y: shape },
      initializers: [],
      nodes: [
        { op: "MultiHeadAttention", domain: "com.microsoft", inputs: ["q", "k", "v"], output: "y", attributes: { num_heads: heads } },
      ],
    }),
  };
}

const GROUPS = 32;
const EPSILON = 1e-5;

function residualBlock(side: number, channels: number): Row {
  const shape = [1, side, side, channels];
  const bothHalves = [0, 1].map((half) => ({
    [`${half}.norm.weight`]: normals(channels, 20 + half).map((value) => roundToFloat16(1 + value / 8)),
    [`${half}.norm.bias`]: normals(channels, 22 + half, 0.1),
    [`${half}.conv.weight`]: normals(channels * channels * 9, 24 + half, (9 * channels) ** -0.5),
    [`${half}.conv.bias`]: normals(channels, 26 + half, 0.1),
  }));
  const weights: Record<string, Float32Array<ArrayBuffer>> = Object.assign({}, ...bothHalves);
  return {
    name: `residual block of ${channels} channels at ${side}x${side}`,
    flop: 2 * 2 * 9 * (side * channels) ** 2,
    build: (g) => {
      const x = g.input("x", shape, "run");
      const timestep = g.input("timestep", [1, channels], "run");
      const normalised = (input: typeof x, half: number) =>
        g.silu(g.groupNorm(input, `${half}.norm`, { groups: GROUPS, epsilon: EPSILON }));
      const first = g.addTensors(g.conv2d(normalised(x, 0), "0.conv", { outputs: channels }), timestep);
      g.output("y", g.addTensors(g.conv2d(normalised(first, 1), "1.conv", { outputs: channels }), x));
    },
    inputs: {
      x: { shape, values: normals(side * side * channels, 28) },
      timestep: { shape: [1, channels], values: normals(channels, 29) },
    },
    output: shape,
    weights,
    onnx: encodeOnnx({
      inputs: { x: shape, timestep: [1, channels] },
      outputs: { y: shape },
      initializers: [
        ...Object.entries(weights).map(([name, data]): Initializer => ({
          name,
          dims: name.endsWith("conv.weight") ? [channels, channels, 3, 3] : name.includes("norm") ? [channels, 1, 1] : [channels],
          data,
        })),
        { name: "ones", dims: [GROUPS], data: new Float32Array(GROUPS).fill(1) },
        { name: "zeros", dims: [GROUPS], data: new Float32Array(GROUPS) },
        { name: "grouped", dims: [3], data: BigInt64Array.of(1n, BigInt(GROUPS), -1n) },
        { name: "image", dims: [4], data: BigInt64Array.of(1n, BigInt(channels), BigInt(side), BigInt(side)) },
        { name: "pixel", dims: [4], data: BigInt64Array.of(1n, BigInt(channels), 1n, 1n) },
      ],
      nodes: [
        toNchw("x", "x_nchw"),
        ...groupNormSilu("0", "x_nchw"),
        conv("0.silu", "0.conv.weight", "0.conv.bias", "0.conv"),
        { op: "Reshape", inputs: ["timestep", "pixel"], output: "timestep_nchw" },
        { op: "Add", inputs: ["0.conv", "timestep_nchw"], output: "middle" },
        ...groupNormSilu("1", "middle"),
        conv("1.silu", "1.conv.weight", "1.conv.bias", "1.conv"),
        { op: "Add", inputs: ["1.conv", "x_nchw"], output: "y_nchw" },
        toNhwc("y_nchw", "y"),
      ],
    }),
  };
}

/** The form that exporters write: instance normalisation over groups, then scale and shift. */
function groupNormSilu(half: string, input: string): readonly OnnxNode[] {
  return [
    { op: "Reshape", inputs: [input, "grouped"], output: `${half}.groups` },
    {
      op: "InstanceNormalization",
      inputs: [`${half}.groups`, "ones", "zeros"],
      output: `${half}.normal`,
      attributes: { epsilon: { float: EPSILON } },
    },
    { op: "Reshape", inputs: [`${half}.normal`, "image"], output: `${half}.image` },
    { op: "Mul", inputs: [`${half}.image`, `${half}.norm.weight`], output: `${half}.scaled` },
    { op: "Add", inputs: [`${half}.scaled`, `${half}.norm.bias`], output: `${half}.shifted` },
    { op: "Sigmoid", inputs: [`${half}.shifted`], output: `${half}.sigmoid` },
    { op: "Mul", inputs: [`${half}.shifted`, `${half}.sigmoid`], output: `${half}.silu` },
  ];
}

const toNchw = (input: string, output: string): OnnxNode => ({
  op: "Transpose",
  inputs: [input],
  output,
  attributes: { perm: [0, 3, 1, 2] },
});
const toNhwc = (input: string, output: string): OnnxNode => ({
  op: "Transpose",
  inputs: [input],
  output,
  attributes: { perm: [0, 2, 3, 1] },
});
const conv = (x: string, weight: string, bias: string, output: string): OnnxNode => ({
  op: "Conv",
  inputs: [x, weight, bias],
  output,
  attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] },
});

/** `[rows, columns]` to `[columns, rows]` */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, index) => values[(index % rows) * columns + Math.floor(index / rows)] ?? 0);
}
