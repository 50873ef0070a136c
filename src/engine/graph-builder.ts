// Builds the graph of a network from symbolic tensors. Weights are named by their
// checkpoint keys, shapes are known and checked here, and nothing knows a device.
import { invariant } from "../common/errors";
import type { SteeringMethod } from "../common/steering";
import type { AttentionOptions, ConvOptions, LinearOptions, NormOptions, TextBranch } from "./builder-options";
import type { Graph, GraphInput, Rate } from "./graph";
import type { Activation, Node, Op } from "./ops";
import type { Weight } from "./weight-layout";
import { axis, channelsOf, product, type ElementType, type Shape, type Tensor } from "./tensor";

export class GraphBuilder {
  readonly #inputs = new Map<string, GraphInput>();
  readonly #nodes: Node[] = [];
  readonly #outputs = new Map<string, Tensor>();
  #nextId = 0;

  input(name: string, shape: Shape, rate: Rate, element: ElementType = "activation"): Tensor {
    invariant(!this.#inputs.has(name), `graph input ${name} is declared twice`);
    const tensor = this.#tensor(shape, element);
    this.#inputs.set(name, { tensor, rate });
    return tensor;
  }

  output(name: string, tensor: Tensor): void {
    this.#outputs.set(name, tensor);
  }

  build(): Graph {
    return { inputs: this.#inputs, nodes: this.#nodes, outputs: this.#outputs };
  }

  /** Any op, for the few callers that need one without a method of its own. */
  add(op: Op, shape: Shape, element: ElementType = "activation"): Tensor {
    const output = this.#tensor(shape, element);
    this.#nodes.push({ op, output });
    return output;
  }

  /** x: `[..., k]` to `[..., outputs]`. Reads `${name}.weight`, torch's `[outputs, k]`. */
  linear(x: Tensor, name: string, { outputs, bias = true }: LinearOptions): Tensor {
    const weights = {
      weight: weight("matrix", `${name}.weight`, [outputs, channelsOf(x)]),
      ...(bias ? { bias: weight("vector", `${name}.bias`, [outputs]) } : {}),
    };
    return this.add({ kind: "linear", inputs: { x }, weights, activation: "none", gated: false }, [...x.shape.slice(0, -1), outputs]);
  }

  /** x: `[batch, height, width, k]`. Reads `${name}.weight`, torch's `[outputs, k, kernel, kernel]`. A 1x1 is a linear. */
  conv2d(x: Tensor, name: string, options: ConvOptions): Tensor {
    const { outputs, kernel = 3, stride = 1, bias = true } = options;
    const half = kernel >> 1;
    const padding = options.padding ?? { top: half, left: half, bottom: half, right: half };
    const [batch, height, width, channels] = [axis(x, 0), axis(x, 1), axis(x, 2), axis(x, 3)];
    const weightShape = [outputs, channels, kernel, kernel];
    const biases = bias ? { bias: weight("vector", `${name}.bias`, [outputs]) } : {};
    if (kernel === 1 && stride === 1) {
      const weights = { weight: weight("matrix", `${name}.weight`, weightShape), ...biases };
      const op: Op = { kind: "linear", inputs: { x }, weights, activation: "none", gated: false };
      return this.add(op, [batch, height, width, outputs]);
    }
    const outHeight = Math.floor((height + padding.top + padding.bottom - kernel) / stride) + 1;
    const outWidth = Math.floor((width + padding.left + padding.right - kernel) / stride) + 1;
    return this.add(
      {
        kind: "conv2d",
        inputs: { x },
        weights: { weight: weight("convolution", `${name}.weight`, weightShape), ...biases },
        kernel: [kernel, kernel],
        stride,
        padding,
        channelBiasBegin: 0,
        upsample: 1,
        activation: "none",
        finalActivation: "none",
      },
      [batch, outHeight, outWidth, outputs],
    );
  }

  /** x: `[batch, ..., c]`; `modulation` as in the op. */
  groupNorm(x: Tensor, name: string, options: NormOptions & { readonly groups: number; readonly modulation?: Tensor }): Tensor {
    const inputs = { x, ...(options.modulation ? { modulation: options.modulation } : {}) };
    return this.add(
      {
        kind: "group-norm",
        inputs,
        weights: affineWeights(name, channelsOf(x), options.affine ?? true),
        groups: options.groups,
        epsilon: options.epsilon,
        activation: "none",
      },
      x.shape,
    );
  }

  layerNorm(
    x: Tensor,
    name: string,
    options: NormOptions & { readonly modulation?: { readonly tensor: Tensor; readonly shiftChunk: number; readonly scaleChunk: number } },
  ): Tensor {
    const { modulation } = options;
    return this.add(
      {
        kind: "layer-norm",
        inputs: { x, ...(modulation ? { modulation: modulation.tensor } : {}) },
        weights: affineWeights(name, channelsOf(x), options.affine ?? true),
        epsilon: options.epsilon,
        shiftChunk: modulation?.shiftChunk ?? 0,
        scaleChunk: modulation?.scaleChunk ?? 0,
      },
      x.shape,
    );
  }

  /** Normalises each run of `groupSize` channels (default: all) by its root mean square. */
  rmsNorm(x: Tensor, name: string, options: { readonly epsilon: number; readonly groupSize?: number }): Tensor {
    const groupSize = options.groupSize ?? channelsOf(x);
    const weights = { scale: weight("vector", `${name}.weight`, [groupSize]) };
    return this.add({ kind: "rms-norm", inputs: { x }, weights, epsilon: options.epsilon, groupSize }, x.shape);
  }

  attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
    const { heads, headSize } = options;
    const packed = { offset: 0, headStride: headSize };
    return this.add(
      {
        kind: "attention",
        inputs: { q, k, v },
        weights: {},
        heads,
        headSize,
        scale: options.scale ?? 1 / Math.sqrt(headSize),
        causal: options.causal ?? false,
        qLayout: options.qLayout ?? packed,
        kLayout: options.kLayout ?? packed,
        vLayout: options.vLayout ?? packed,
      },
      [axis(q, 0), axis(q, 1), heads * headSize],
    );
  }

  /**
   * `mode` "nag" adds the pass that normalises; with no negative keys all modes equal plain attention over `positive`. Both texts are one
   * for each element of the batch, or one for all.
   */
  crossAttention(
    q: Tensor,
    positive: TextBranch,
    negative: TextBranch,
    steering: Tensor,
    options: { readonly heads: number; readonly headSize: number; readonly method: SteeringMethod },
  ): Tensor {
    const { heads, headSize, method } = options;
    invariant(
      [axis(q, 0), 1].includes(axis(positive.k, 0)) && axis(negative.k, 0) === axis(positive.k, 0),
      "texts are one for each element of a batch, or one for all",
    );
    const packed = { offset: 0, headStride: headSize };
    const channels = heads * headSize;
    const shape = [axis(q, 0), axis(q, 1), channels];
    const attended = this.add(
      {
        kind: "cross-attention",
        inputs: { q, k: positive.k, v: positive.v, negativeK: negative.k, negativeV: negative.v, steering },
        weights: {},
        heads,
        headSize,
        scale: 1 / Math.sqrt(headSize),
        mode: method === "nag" ? "branches" : method,
        qLayout: packed,
        kLayout: packed,
        vLayout: packed,
      },
      method === "nag" ? [axis(q, 0), axis(q, 1), 2 * channels] : shape,
    );
    if (method !== "nag") return attended;
    return this.add({ kind: "nag-combine", inputs: { branches: attended, steering }, weights: {} }, shape);
  }

  /** ids: u32 `[batch, tokens]`. `table` and `position` are whole keys. */
  embedding(
    ids: Tensor,
    table: { readonly key: string; readonly shape: Shape },
    position?: { readonly key: string; readonly shape: Shape },
  ): Tensor {
    const weights = {
      table: weight("table", table.key, table.shape),
      ...(position ? { position: weight("table", position.key, position.shape) } : {}),
    };
    return this.add({ kind: "embedding", inputs: { ids }, weights }, [axis(ids, 0), axis(ids, 1), axis(table, -1)]);
  }

  activate(x: Tensor, activation: Activation): Tensor {
    return this.add({ kind: "activate", inputs: { x }, weights: {}, activation }, x.shape);
  }

  silu(x: Tensor): Tensor {
    return this.activate(x, "silu");
  }

  addTensors(x: Tensor, b: Tensor): Tensor {
    return this.add({ kind: "binary", inputs: { x, b }, weights: {}, operation: "add" }, x.shape);
  }

  multiply(x: Tensor, b: Tensor): Tensor {
    return this.add({ kind: "binary", inputs: { x, b }, weights: {}, operation: "multiply" }, x.shape);
  }

  /** residual + x * weight per channel; `key` is the whole key of a `[channels]` weight. */
  scaleChannels(x: Tensor, key: string, residual?: Tensor): Tensor {
    const inputs = { x, ...(residual ? { residual } : {}) };
    const weights = { scale: weight("vector", key, [channelsOf(x)]) };
    return this.add({ kind: "scale-channels", inputs, weights }, x.shape);
  }

  scaleShift(x: Tensor, scale: number, shift: number): Tensor {
    return this.add({ kind: "scale-shift", inputs: { x }, weights: {}, scale, shift }, x.shape);
  }

  gatedAdd(x: Tensor, b: Tensor, modulation: Tensor, chunk: number): Tensor {
    return this.add({ kind: "gated-add", inputs: { x, b, modulation }, weights: {}, chunk }, x.shape);
  }

  gatedActivation(x: Tensor, activation: Activation, order: { readonly gateFirst: boolean }): Tensor {
    const shape = [...x.shape.slice(0, -1), channelsOf(x) / 2];
    return this.add({ kind: "gated-activation", inputs: { x }, weights: {}, activation, gateFirst: order.gateFirst }, shape);
  }

  /** x + table over tokens; `key` is the whole key of a `[1, tokens, c]` or `[tokens, c]` weight. */
  addTable(x: Tensor, key: string, shape: Shape): Tensor {
    return this.add({ kind: "add-table", inputs: { x }, weights: { table: weight("table", key, shape) } }, x.shape);
  }

  /** Tokens `table[t] + x`; x: `[batch, c]`. */
  tableTokens(x: Tensor, key: string, shape: Shape): Tensor {
    const output = [axis(x, 0), axis({ shape }, -2), channelsOf(x)];
    return this.add({ kind: "table-tokens", inputs: { x }, weights: { table: weight("table", key, shape) } }, output);
  }

  concatChannels(x: Tensor, b: Tensor): Tensor {
    const shape = [...x.shape.slice(0, -1), channelsOf(x) + channelsOf(b)];
    return this.add({ kind: "concat", inputs: { x, b }, weights: {}, along: "channels" }, shape);
  }

  /** `[batch, m, c]` and `[batch, n, c]` to `[batch, m + n, c]`. */
  concatTokens(x: Tensor, b: Tensor): Tensor {
    const shape = [axis(x, 0), axis(x, 1) + axis(b, 1), channelsOf(x)];
    return this.add({ kind: "concat", inputs: { x, b }, weights: {}, along: "tokens" }, shape);
  }

  slice(x: Tensor, along: "channels" | "tokens", begin: number, length: number): Tensor {
    const shape = along === "channels" ? [...x.shape.slice(0, -1), length] : [axis(x, 0), length, channelsOf(x)];
    return this.add({ kind: "slice", inputs: { x }, weights: {}, along, begin, length }, shape);
  }

  gatherRow(x: Tensor, index: Tensor): Tensor {
    return this.add({ kind: "gather-row", inputs: { x, index }, weights: {} }, [axis(x, 0), channelsOf(x)]);
  }

  resizeNearest(x: Tensor, height: number, width: number): Tensor {
    return this.add({ kind: "resize-nearest", inputs: { x }, weights: {} }, [axis(x, 0), height, width, channelsOf(x)]);
  }

  averagePool(x: Tensor): Tensor {
    const shape = [axis(x, 0), Math.floor(axis(x, 1) / 2), Math.floor(axis(x, 2) / 2), channelsOf(x)];
    return this.add({ kind: "average-pool", inputs: { x }, weights: {} }, shape);
  }

  rotary(x: Tensor, options: { readonly heads: number; readonly headSize: number; readonly theta: number }): Tensor {
    return this.add({ kind: "rotary", inputs: { x }, weights: {}, ...options }, x.shape);
  }

  /** `[batch, (h/p)(w/p), p p c]` to `[batch, h, w, c]`. */
  unpatchify(x: Tensor, options: { readonly patch: number; readonly height: number; readonly width: number }): Tensor {
    const { patch, height, width } = options;
    const channels = channelsOf(x) / (patch * patch);
    return this.add({ kind: "unpatchify", inputs: { x }, weights: {}, patch }, [axis(x, 0), height, width, channels]);
  }

  /** The same elements under another shape; the last axis stays, so memory does too. */
  reshape(x: Tensor, shape: Shape): Tensor {
    invariant(channelsOf(x) === axis({ shape }, -1) && product(x.shape) === product(shape), "reshape keeps channels");
    return { ...x, shape };
  }

  combine(
    x: Tensor,
    coefficients: Tensor,
    index: number,
    options: { readonly b?: Tensor; readonly noise?: Tensor; readonly element?: ElementType },
  ): Tensor {
    const inputs = {
      x,
      coefficients,
      ...(options.b ? { b: options.b } : {}),
      ...(options.noise ? { noise: options.noise } : {}),
    };
    return this.add({ kind: "combine", inputs, weights: {}, index }, x.shape, options.element ?? "f32");
  }

  toRgba(x: Tensor, range: { readonly scale: number; readonly shift: number }): Tensor {
    return this.add({ kind: "to-rgba", inputs: { x }, weights: {}, ...range }, x.shape.slice(0, -1), "u32");
  }

  #tensor(shape: Shape, element: ElementType): Tensor {
    invariant(
      shape.every((length) => Number.isInteger(length) && length > 0),
      `a tensor needs positive sizes, not [${shape.join(", ")}]`,
    );
    return { id: this.#nextId++, shape, element };
  }
}

function weight(layout: Weight["layout"], key: string, shape: Shape): Weight {
  return { keys: [key], shapes: [shape], layout };
}

function affineWeights(name: string, channels: number, affine: boolean): { scale: Weight; shift: Weight } | Record<string, never> {
  if (!affine) return {};
  return { scale: weight("vector", `${name}.weight`, [channels]), shift: weight("vector", `${name}.bias`, [channels]) };
}
