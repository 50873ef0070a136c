// ONNX Runtime's WebGPU build on Dawn in Node computes the numbers of the reference. Two steps of a sampler whose
// sample stays in our device's buffers equal the same two steps on WASM.
import { beforeEach, describe, expect, it } from "vitest";
import { testDevice } from "../../engine/testing/evaluate";
import { encodeModel } from "../onnx-graph/encode";
import type { OnnxModel } from "../onnx-graph/model";
import { STEP_INPUTS, STEP_OUTPUTS, stepGraph, stepScalars } from "../sampler-graph";
import { attend, attentionModel, CHANNELS, numbers, TEXT_CHANNELS } from "../testing/attention-model";
import { nodeRuntime } from "./load-node";
import type { OrtRuntime } from "./runtime";
import { OrtSession } from "./session";
import { readTensor, tensorFrom } from "./tensors";

const PIXELS = 5;
const sample = numbers(PIXELS * CHANNELS, 41);
const text = numbers(4 * TEXT_CHANNELS, 42);

let wasm: OrtRuntime;
let webgpu: OrtRuntime;

// This is done once, but within a test, because only a test can be skipped where there is no adapter.
beforeEach(async () => {
  wasm ??= await nodeRuntime();
  webgpu ??= await nodeRuntime(await testDevice());
});

const open = (runtime: OrtRuntime, model: OnnxModel) =>
  OrtSession.open(runtime, async () => ({ model: encodeModel(model), external: [] }), { name: "test", outputs: runtime.nearby });

/** Two steps; the second starts from the first one's `next` without moving it. */
async function twoSteps(runtime: OrtRuntime): Promise<{ readonly location: string; readonly values: Float32Array }> {
  const { graph, ...rest } = attentionModel("plain");
  // The latent has three axes, which the graph does not state.
  const outputs = graph.outputs.map((output) => ({ ...output, shape: undefined }));
  const session = await open(runtime, stepGraph({ ...rest, graph: { ...graph, outputs } }));
  const step = {
    inputScale: 0.5,
    timestep: 0,
    endTimestep: 0,
    sigma: 1,
    start: { picture: 1, noise: 0 },
    x0: { x: 1, out: 0 },
    next: { x: 0.7, out: 0.2, noise: 0 },
  };
  const scalars = Object.entries(stepScalars(step)).map(([name, value]) => [name, runtime.tensor("float32", Float32Array.of(value), [])]);
  const states = runtime.tensor("float32", text, [1, 4, TEXT_CHANNELS]);
  let x = runtime.tensor("float32", sample, [1, PIXELS, CHANNELS]);
  for (let count = 0; count < 2; count++) {
    const feeds = { ...Object.fromEntries(scalars), encoder_hidden_states: states, [STEP_INPUTS.x]: x, [STEP_INPUTS.noise]: x };
    const { [STEP_OUTPUTS.next]: next } = await session.run(feeds, { fetch: [STEP_OUTPUTS.next] });
    if (next) x = next;
  }
  const { location } = x;
  const values = await readTensor(runtime, x);
  await session.release();
  return { location, values };
}

/** Compares float32 sums of tens of terms that are added in different orders. */
function expectClose(actual: Float32Array, expected: ArrayLike<number>): void {
  const differences = Array.from(expected, (value, i) => Math.abs(value - (actual[i] ?? NaN)));
  expect(Math.max(...differences) / Math.max(...Array.from(expected, Math.abs))).toBeLessThan(5e-6);
}

describe("WebGPU in Node", () => {
  it("computes an attention", async () => {
    const session = await open(webgpu, attentionModel("plain"));
    const feeds = session.inputs.map((input) => {
      const [values, width] = input.name === "sample" ? [sample, CHANNELS] : [text, TEXT_CHANNELS];
      return [input.name, tensorFrom(webgpu, input, values, [1, values.length / width, width])] as const;
    });
    const { out } = await session.run(Object.fromEntries(feeds));
    expect(out?.location).toBe("gpu-buffer");
    expectClose(out ? await readTensor(webgpu, out) : new Float32Array(), attend(sample, text));
    await session.release();
  });

  it("keeps a sample on the GPU between steps, and it is WASM's", async () => {
    const [onGpu, onCpu] = [await twoSteps(webgpu), await twoSteps(wasm)];
    expect([onGpu.location, onCpu.location]).toEqual(["gpu-buffer", "cpu"]);
    expectClose(onGpu.values, onCpu.values);
  });
});
