// A step's graph computes the sampler's equations around the network that it was made from, in float32 even
// where the network has float16. A decoder's graph scales its input. Graphs of another kind are refused.
import { describe, expect, it } from "vitest";
import type { SamplerStep } from "../samplers/schedule";
import { encodeModel, valueInfo } from "./onnx-graph/encode";
import { ELEMENT_TYPES, type ElementType, type OnnxModel } from "./onnx-graph/model";
import { LATENT_INPUT, latentGraph, STEP_INPUTS, STEP_OUTPUTS, stepGraph, stepScalars } from "./sampler-graph";
import { nodeRuntime } from "./session/load-node";
import { OrtSession } from "./session/session";
import { tensorFrom, valuesOf } from "./session/tensors";
import { GraphWriter, numbers } from "./testing/attention-model";

const SHAPE = [1, 4, 2, 3];
const x = numbers(24, 1);
const noise = numbers(24, 2);
const runtime = await nodeRuntime();

const STEP: SamplerStep = {
  inputScale: 0.25,
  timestep: 7,
  endTimestep: 0,
  sigma: 1,
  start: { picture: 1, noise: 0 },
  x0: { x: 1.5, out: -2 },
  next: { x: 0.5, out: -0.75, noise: 3 },
};

/** `out = 2 input + 1`, in the format of its input. */
function network(input: string, elementType: ElementType = ELEMENT_TYPES.float32, shape?: readonly (number | undefined)[]): OnnxModel {
  const g = new GraphWriter();
  const [two, one] = [g.floats("two", [], Float32Array.of(2)), g.floats("one", [], Float32Array.of(1))];
  const wide = g.op("Cast", [input], { to: ELEMENT_TYPES.float32 });
  const written = g.model(g.op("Cast", [g.op("Add", [g.op("Mul", [wide, two]), one])], { to: elementType }));
  const described = (name: string) => valueInfo(name, elementType, shape ?? SHAPE);
  return { ...written, graph: { ...written.graph, inputs: [described(input)], outputs: [described("out")] } };
}

async function run(model: OnnxModel, feeds: Readonly<Record<string, ArrayLike<number>>>): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await OrtSession.open(runtime, async () => ({ model: encodeModel(model), external: [] }), { name: "test" });
  const tensors = session.inputs.map((input) => {
    const values = feeds[input.name] ?? [];
    return [input.name, tensorFrom(runtime, input, values, values.length > 1 ? SHAPE : [])] as const;
  });
  const outputs = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, valuesOf(tensor)]));
}

const step = (model: OnnxModel, by: SamplerStep = STEP) => {
  const scalars = Object.entries(stepScalars(by)).map(([name, value]) => [name, [value]] as const);
  return run(stepGraph(model), { [STEP_INPUTS.x]: x, [STEP_INPUTS.noise]: noise, ...Object.fromEntries(scalars) });
};

/** Compares a few float32 operations on numbers below 10. */
const expectClose = (actual: Float32Array | undefined, expected: (i: number) => number, tolerance = 1e-5) => {
  const differences = Array.from({ length: 24 }, (_, i) => Math.abs((actual?.[i] ?? NaN) - expected(i)));
  expect(Math.max(...differences)).toBeLessThan(tolerance);
};
const at = (values: Float32Array, i: number) => values[i] ?? NaN;
const out = (i: number) => 2 * (0.25 * at(x, i)) + 1;

describe("one step", () => {
  it("gives x0 and the next sample", async () => {
    const { [STEP_OUTPUTS.x0]: x0, [STEP_OUTPUTS.next]: next } = await step(network("sample"));
    expectClose(x0, (i) => 1.5 * at(x, i) - 2 * out(i));
    expectClose(next, (i) => 0.5 * at(x, i) - 0.75 * out(i) + 3 * at(noise, i));
  });

  it("rounds to the network's float16 no more than the network's own numbers", async () => {
    // With out = 1 and its coefficients 0, only the sample is left, which float16 would round by 5e-4.
    const alone: SamplerStep = { ...STEP, inputScale: 0, x0: { x: 1, out: 0 }, next: { x: 1, out: 0, noise: 0 } };
    const { [STEP_OUTPUTS.x0]: x0, [STEP_OUTPUTS.next]: next } = await step(network("sample", ELEMENT_TYPES.float16), alone);
    expect(x0).toEqual(x);
    expect(next).toEqual(x);
    // Control: the network did compute in float16, to within its spacing.
    const { [STEP_OUTPUTS.x0]: seen } = await step(network("sample", ELEMENT_TYPES.float16));
    expectClose(seen, (i) => 1.5 * at(x, i) - 2 * out(i), 1e-2);
    expect(seen).not.toEqual((await step(network("sample")))[STEP_OUTPUTS.x0]);
  });

  it("takes any size where the network does", async () => {
    const free = network("sample", ELEMENT_TYPES.float32, [1, 4, undefined, undefined]);
    expect(await step(free)).toEqual(await step(network("sample")));
  });

  it("copies no weights", () => {
    const model = network("sample");
    expect(stepGraph(model).graph.initializers).toBe(model.graph.initializers);
  });

  it("refuses what has no sample to denoise", () => {
    expect(() => stepGraph(network("latent_sample"))).toThrow(expect.objectContaining({ code: "model-unsupported" }));
  });
});

it("a decoder undoes the scaling of latents", async () => {
  const { out: decoded } = await run(latentGraph(network("latent_sample"), 0.5, 0.25), { [LATENT_INPUT]: x });
  expectClose(decoded, (i) => 2 * (at(x, i) / 0.5 + 0.25) + 1);
});
