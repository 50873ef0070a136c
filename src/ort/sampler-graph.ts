// The sampler's arithmetic as operators at both ends of exported networks, in float32 whatever the
// network's format is. One run of the denoiser is one sampling step, and the decoder takes what the denoiser
// gives. So a latent stays on the device that computed it, which on WebGPU is the GPU.
import { OnestrokeError } from "../common/errors";
import type { SamplerStep } from "../samplers/schedule";
import { chooseOutput, graphOutputs, PREDICTION } from "./choose-output";
import { constant, valueInfo } from "./onnx-graph/encode";
import { GraphIndex } from "./onnx-graph/graph-index";
import { ELEMENT_TYPES, type OnnxModel, type ValueInfo } from "./onnx-graph/model";
import { NodeList } from "./onnx-graph/node-list";

/** Inputs of a step's graph, with the shape of the network's sample. Without fresh noise any finite values will do. */
export const STEP_INPUTS = { x: "onestroke/x", noise: "onestroke/noise" } as const;
export const STEP_OUTPUTS = { x0: "onestroke/x0", next: "onestroke/next" } as const;
/** The decoder's input: the last step's `next`, or an `x0`. */
export const LATENT_INPUT = "onestroke/latent";

/** Graph inputs, float32 scalars: the coefficients of one step. */
const SCALARS = {
  inputScale: "onestroke/input_scale",
  x0: { x: "onestroke/x0_x", out: "onestroke/x0_out" },
  next: { x: "onestroke/next_x", out: "onestroke/next_out", noise: "onestroke/next_noise" },
} as const;

const { float32 } = ELEMENT_TYPES;
const NCHW = [undefined, undefined, undefined, undefined];

/**
 * The graph of one step around a denoiser: it makes `x0` and `next` (samplers/schedule.ts) from `x` and fresh noise.
 * @throws OnestrokeError `model-unsupported` when the model has no input `sample` to denoise
 */
export function stepGraph(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const sample = new GraphIndex(graph).inputs.find(({ name }) => name === "sample");
  if (!sample) throw new OnestrokeError("model-unsupported", "this ONNX model is not a denoiser: it has no input sample");
  const prediction = chooseOutput("this ONNX model", graphOutputs(graph.outputs), PREDICTION);
  const { x, noise } = STEP_INPUTS;
  const before = new NodeList("onestroke/before");
  feed(before, before.op("Mul", [x, SCALARS.inputScale]), sample);
  const after = new NodeList("onestroke/after");
  const out = after.cast(prediction, float32);
  const sum = (by: { readonly x: string; readonly out: string }, output?: string) =>
    after.op("Add", [after.op("Mul", [x, by.x]), after.op("Mul", [out, by.out])], [], output);
  sum(SCALARS.x0, STEP_OUTPUTS.x0);
  after.op("Add", [sum(SCALARS.next), after.op("Mul", [noise, SCALARS.next.noise])], [], STEP_OUTPUTS.next);
  const { shape = NCHW } = sample;
  const scalars = [SCALARS.inputScale, ...Object.values(SCALARS.x0), ...Object.values(SCALARS.next)];
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...before.nodes, ...graph.nodes, ...after.nodes],
      inputs: [
        ...graph.inputs.filter((input) => input !== sample),
        ...[x, noise].map((name) => valueInfo(name, float32, shape)),
        ...scalars.map((name) => valueInfo(name, float32, [])),
      ],
      outputs: Object.values(STEP_OUTPUTS).map((name) => valueInfo(name, float32, shape)),
    },
  };
}

/** Values of the scalar inputs of a step's graph. */
export function stepScalars({ inputScale, x0, next }: SamplerStep): Readonly<Record<string, number>> {
  return {
    [SCALARS.inputScale]: inputScale,
    [SCALARS.x0.x]: x0.x,
    [SCALARS.x0.out]: x0.out,
    [SCALARS.next.x]: next.x,
    [SCALARS.next.out]: next.out,
    [SCALARS.next.noise]: next.noise,
  };
}

/**
 * A decoder that takes latents as a sampler leaves them. The network's own input is `latent / scalingFactor + shiftFactor`.
 * @throws OnestrokeError `model-unsupported` when it has no input
 */
export function latentGraph(model: OnnxModel, scalingFactor: number, shiftFactor: number): OnnxModel {
  const { graph } = model;
  const inputs = new GraphIndex(graph).inputs;
  const input = inputs.find(({ name }) => name === "latent_sample") ?? inputs[0];
  if (!input) throw new OnestrokeError("model-unsupported", "this ONNX model is not a decoder: it has no input");
  const before = new NodeList("onestroke/before");
  const [factor, shift] = ["onestroke/factor", "onestroke/shift"] as const;
  feed(before, before.op("Add", [before.op("Mul", [LATENT_INPUT, factor]), shift]), input);
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...before.nodes, ...graph.nodes],
      inputs: [valueInfo(LATENT_INPUT, float32, input.shape ?? NCHW), ...graph.inputs.filter((each) => each !== input)],
      initializers: [
        ...graph.initializers,
        constant(factor, [], Float32Array.of(1 / scalingFactor)),
        constant(shift, [], Float32Array.of(shiftFactor)),
      ],
    },
  };
}

/** Makes a value take the place of a network's input, in that input's format. */
function feed(list: NodeList, value: string, { name, elementType = float32 }: ValueInfo): void {
  list.cast(value, elementType, name);
}
