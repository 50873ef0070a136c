// The two engines behind one interface, on one GPUDevice: ours through a plan, ONNX Runtime
// Web through a session whose inputs and outputs stay in GPU buffers.
// The device is opened without `subgroups`, because the flash attention of ONNX Runtime 1.30 is wrong
// where a subgroup has four lanes (SwiftShader), and right without subgroups.
import * as ort from "onnxruntime-web/webgpu";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import type { Device } from "../../../engine/device";
import { toFloat16 } from "../../../common/float16";
import { GraphBuilder } from "../../../engine/graph-builder";
import { Plan } from "../../../engine/plan";
import { runPlan } from "../../../engine/run";
import { RATES } from "../../../engine/rates";
import { Weights } from "../../../engine/weights";
import type { Contender } from "../measure";
import type { Row } from "./rows";

export interface Contestant extends Contender {
  read(): Promise<Float32Array>;
  release(): Promise<void>;
}

export async function ours(row: Row, device: Device): Promise<Contestant> {
  const builder = new GraphBuilder();
  row.build(builder);
  const graph = builder.build();
  const weights = new Weights(device, {
    async *stream(shapes) {
      for (const key of shapes.keys()) yield [key, Uint16Array.from(row.weights[key] ?? [], toFloat16)];
    },
  });
  await weights.load(graph);
  const plan = await Plan.compile(device, graph, weights, { format: "f32" });
  for (const [name, { values }] of Object.entries(row.inputs)) plan.write(name, values);
  return {
    run: async (times) => {
      for (let run = 0; run < times; run++) {
        plan.dirty = RATES.run;
        await runPlan(plan);
      }
    },
    read: async () => Float32Array.from(await plan.read("y")),
    release: async () => {
      plan.destroy();
      weights.evict();
    },
  };
}

export async function onnxRuntime(row: Row, device: Device): Promise<Contestant> {
  ort.env.wasm.wasmPaths = { wasm: wasmUrl };
  ort.env.wasm.numThreads = 1;
  // Capture saves processor time, which is negligible beside a software adapter's runs.
  if (device.adapter.software) return startSession(row, device.gpu, false);
  return startSession(row, device.gpu, true).catch(() => startSession(row, device.gpu, false));
}

/**
 * With graph capture, the fastest way for ONNX Runtime to run, two runs are tried first: in 1.30 the second one may
 * refer to buffers of the first by handles that are no longer valid, and throw.
 */
async function startSession(row: Row, gpu: GPUDevice, enableGraphCapture: boolean): Promise<Contestant> {
  const session = await ort.InferenceSession.create(row.onnx, {
    executionProviders: [{ name: "webgpu", device: gpu }],
    preferredOutputLocation: "gpu-buffer",
    graphOptimizationLevel: "all",
    enableGraphCapture,
  });
  const tensorOf = (shape: readonly number[], values?: Float32Array<ArrayBuffer>) => {
    const size = shape.reduce((left, right) => left * right, 4);
    const buffer = gpu.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    if (values) gpu.queue.writeBuffer(buffer, 0, values);
    return { buffer, tensor: ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: [...shape] }) };
  };
  const inputs = Object.entries(row.inputs).map(([name, { shape, values }]) => [name, tensorOf(shape, values)] as const);
  const output = tensorOf(row.output);
  const feeds = Object.fromEntries(inputs.map(([name, { tensor }]) => [name, tensor]));
  const contestant: Contestant = {
    run: async (times) => {
      for (let run = 0; run < times; run++) await session.run(feeds, { y: output.tensor });
    },
    read: () => readBuffer(gpu, output.buffer),
    release: async () => {
      await session.release();
      for (const { buffer } of [...inputs.map(([, input]) => input), output]) buffer.destroy();
    },
  };
  if (enableGraphCapture) await contestant.run(2);
  return contestant;
}

async function readBuffer(gpu: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const readback = gpu.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, buffer.size);
  gpu.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(readback.getMappedRange().slice(0));
  readback.destroy();
  return values;
}
