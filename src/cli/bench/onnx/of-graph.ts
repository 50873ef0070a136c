// A network's graph as an ONNX model, so that any network at any size can be raced without its exporter. Operators are those that
// exporters write, but for attention and GELU: there they are the fused ones of ONNX Runtime, which exports reach only after
// optimisation. Images are NCHW inside and NHWC at inputs and outputs, as ours are; ONNX Runtime cancels the transposes that this needs.
import { invariant } from "../../../common/errors";
import type { Graph } from "../../../engine/graph";
import type { Op } from "../../../engine/ops";
import { channelsOf, type Shape, type Tensor } from "../../../engine/tensor";
import type { Attribute, OnnxGraph } from "./encode";
import { isImage, OnnxWriter, type ConstantOf } from "./writer";

/**
 * @param graph as networks build it, before anything is fused; a negative text in it is left out
 * @throws Error for an operation that no raced network has
 */
export function onnxOfGraph(graph: Graph, constantOf: ConstantOf): OnnxGraph {
  const writer = new OnnxWriter(constantOf);
  const read = liveInputs(graph);
  const inputs: Record<string, Shape> = {};
  for (const [name, { tensor }] of graph.inputs) {
    if (!read.has(tensor.id)) continue;
    inputs[name] = tensor.shape;
    writer.define(tensor, isImage(tensor.shape) ? writer.op("Transpose", [name], { perm: [0, 3, 1, 2] }) : name);
  }
  for (const { op, output } of graph.nodes) if (read.has(output.id)) writer.define(output, valueOf(writer, op, output));
  const outputs: Record<string, Shape> = {};
  for (const [name, tensor] of graph.outputs) {
    const value = writer.read(tensor);
    outputs[name] = tensor.shape;
    if (isImage(tensor.shape)) writer.op("Transpose", [value], { perm: [0, 2, 3, 1] }, { output: name });
    else writer.op("Identity", [value], {}, { output: name });
  }
  return { inputs, outputs, initializers: writer.initializers, nodes: writer.nodes };
}

/** What the outputs depend on: without a negative text, its branch is dead. */
function liveInputs(graph: Graph): ReadonlySet<number> {
  const live = new Set([...graph.outputs.values()].map(({ id }) => id));
  for (const { op, output } of graph.nodes.toReversed()) {
    if (live.has(output.id)) for (const { id } of inputsRead(op)) live.add(id);
  }
  return live;
}

function inputsRead(op: Op): readonly Tensor[] {
  if (op.kind === "cross-attention") return [op.inputs.q, op.inputs.k, op.inputs.v];
  return Object.values<Tensor | undefined>(op.inputs).filter((tensor) => tensor !== undefined);
}

function valueOf(w: OnnxWriter, op: Op, output: Tensor): string {
  switch (op.kind) {
    case "linear":
      return linear(w, op);
    case "conv2d": {
      const { top, left, bottom, right } = op.padding;
      const attributes = { kernel_shape: op.kernel, strides: [op.stride, op.stride], pads: [top, left, bottom, right] };
      return w.op("Conv", [w.read(op.inputs.x), w.weight(op.weights.weight), ...biasOf(w, op)], attributes);
    }
    case "group-norm":
      return groupNorm(w, op);
    case "layer-norm": {
      const { scale, shift } = op.weights;
      invariant(scale !== undefined && shift !== undefined, "a layer norm that is raced has a scale and a shift");
      return w.op("LayerNormalization", [w.read(op.inputs.x), w.weight(scale), w.weight(shift)], { epsilon: { float: op.epsilon } });
    }
    case "attention":
    case "cross-attention": {
      const { q, k, v } = op.inputs;
      const causal: Record<string, Attribute> = op.kind === "attention" && op.causal ? { unidirectional: 1 } : {};
      const attributes = { num_heads: op.heads, scale: { float: op.scale }, ...causal };
      return w.op("MultiHeadAttention", [w.read(q), w.read(k), w.read(v)], attributes, FUSED);
    }
    case "activate":
      return activation(w, op.activation, w.read(op.inputs.x));
    case "binary": {
      const { x, b } = op.inputs;
      const isRow = x.shape.length > 2 && b.shape.length === 2;
      const row = isImage(x.shape) ? [...b.shape, 1, 1] : [b.shape[0] ?? 1, 1, channelsOf(b)];
      const other = isRow ? w.op("Reshape", [w.read(b), w.sizes(row)]) : w.read(b);
      return w.op(op.operation === "add" ? "Add" : "Mul", [w.read(x), other]);
    }
    case "concat": {
      const { x, b } = op.inputs;
      const axis = op.along === "tokens" || isImage(x.shape) ? 1 : x.shape.length - 1;
      return w.op("Concat", [w.read(x), w.read(b)], { axis });
    }
    case "resize-nearest": {
      const [batch = 1, height = 1, width = 1, channels = 1] = output.shape;
      return w.op("Resize", [w.read(op.inputs.x), "", "", w.sizes([batch, channels, height, width])], {
        mode: "nearest",
        coordinate_transformation_mode: "asymmetric",
        nearest_mode: "floor",
      });
    }
    case "gated-activation": {
      const [first, second] = w.halves(w.read(op.inputs.x), op.inputs.x.shape.length - 1);
      const [value, gate] = op.gateFirst ? [second, first] : [first, second];
      return w.op("Mul", [value, activation(w, op.activation, gate)]);
    }
    case "scale-shift":
      return w.op("Add", [w.op("Mul", [w.read(op.inputs.x), w.floats(op.scale)]), w.floats(op.shift)]);
    default:
      throw new Error(`${op.kind} has no ONNX form here`);
  }
}

/** Operators of ONNX Runtime's own. */
const FUSED = { domain: "com.microsoft" } as const;

function linear(w: OnnxWriter, op: Extract<Op, { readonly kind: "linear" }>): string {
  const { x } = op.inputs;
  const { weight } = op.weights;
  const [n = 1, k = 1] = weight.shapes[0] ?? [];
  if (isImage(x.shape)) {
    return w.op("Conv", [w.read(x), w.weight(weight, "stored", [n, k, 1, 1]), ...biasOf(w, op)], { kernel_shape: [1, 1] });
  }
  const product = w.op("MatMul", [w.read(x), w.weight(weight, "transposed")]);
  const [bias] = biasOf(w, op);
  return bias === undefined ? product : w.op("Add", [product, bias]);
}

function biasOf(w: OnnxWriter, { weights: { bias } }: Extract<Op, { readonly kind: "linear" | "conv2d" }>): readonly string[] {
  return bias === undefined ? [] : [w.weight(bias)];
}

/** The form that exporters write: instance normalisation over groups, then scale and shift. */
function groupNorm(
  w: OnnxWriter,
  { inputs: { x }, weights: { scale, shift }, groups, epsilon }: Extract<Op, { readonly kind: "group-norm" }>,
) {
  const [batch = 1, height = 1, width = 1, channels = 1] = x.shape;
  invariant(isImage(x.shape) && scale !== undefined && shift !== undefined, "a group norm that is raced is of an image");
  const grouped = w.op("Reshape", [w.read(x), w.sizes([batch, groups, -1])]);
  const normal = w.op("InstanceNormalization", [grouped, w.floats(1, [groups]), w.floats(0, [groups])], { epsilon: { float: epsilon } });
  const image = w.op("Reshape", [normal, w.sizes([batch, channels, height, width])]);
  const scaled = w.op("Mul", [image, w.weight(scale, "stored", [channels, 1, 1])]);
  return w.op("Add", [scaled, w.weight(shift, "stored", [channels, 1, 1])]);
}

function activation(w: OnnxWriter, kind: string, x: string): string {
  switch (kind) {
    case "relu":
      return w.op("Relu", [x]);
    case "silu":
      return w.op("Mul", [x, w.op("Sigmoid", [x])]);
    case "gelu":
      return w.op("Gelu", [x], {}, FUSED);
    case "soft-clamp":
      return w.op("Mul", [w.op("Tanh", [w.op("Div", [x, w.floats(3)])]), w.floats(3)]);
    default:
      throw new Error(`the activation ${kind} has no ONNX form here`);
  }
}
