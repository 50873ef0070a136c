// Times by the GPU's clock: every dispatch of a run is counted once, the results are those of a run that is not timed, and nothing is
// timed where nobody asks.
import { afterEach, expect, test, vi } from "vitest";
import { Device } from "./device";
import { GraphBuilder } from "./graph-builder";
import { KernelTimes, type TimedDispatch } from "./kernel-times";
import { Plan } from "./plan";
import { runPlan } from "./run";
import { testDevice } from "./testing/evaluate";
import { Weights } from "./weights";

afterEach(() => vi.unstubAllGlobals());

function build(g: GraphBuilder): void {
  const x = g.input("x", [1, 8, 8, 16], "run");
  g.output("y", g.silu(g.conv2d(g.silu(g.conv2d(x, "a", { outputs: 16 })), "b", { outputs: 16 })));
}

async function planOn(device: Device): Promise<Plan> {
  const builder = new GraphBuilder();
  build(builder);
  const graph = builder.build();
  const weights = new Weights(device, {
    async *stream(wanted) {
      for (const [key, { shape }] of wanted) yield [key, new Uint16Array(shape.reduce((a, b) => a * b, 1)).fill(0x2c00)];
    },
  });
  await weights.load(graph);
  const plan = await Plan.compile(device, graph, weights, { format: "f32" });
  plan.write("x", new Float32Array(8 * 8 * 16).fill(0.5));
  return plan;
}

test("every dispatch of a run is timed once, and the results are the same", async ({ skip }) => {
  const device = await testDevice();
  skip(!device.gpu.features.has("timestamp-query"), "this adapter has no clock");
  const plan = await planOn(device);
  await runPlan(plan);
  const before = [...(await plan.read("y"))];

  device.beginTimes();
  const { times } = device;
  plan.invalidate();
  await runPlan(plan);
  device.endTimes();
  const kernels = (await times?.read()) ?? [];
  expect([...(await plan.read("y"))]).toEqual(before);
  expect(kernels.reduce((sum, { count }) => sum + count, 0)).toBe(plan.dispatches.length);
  const convolutions = kernels.filter(({ kernel }) => kernel === "conv2d");
  expect(convolutions).toEqual([
    { kernel: "conv2d", workgroups: expect.stringMatching(/^\d+x\d+x\d+$/), count: 2, ms: expect.any(Number) },
  ]);

  // Control: what runs afterwards is not counted.
  plan.invalidate();
  await runPlan(plan);
  expect((await times?.read())?.reduce((sum, { count }) => sum + count, 0)).toBe(plan.dispatches.length);
  plan.destroy();
});

test("times are added up by kernel and workgroups, the longest first, and a clock that was set back adds nothing", async () => {
  vi.stubGlobal("GPUBufferUsage", {});
  vi.stubGlobal("GPUMapMode", {});
  // Nanoseconds at the begin and the end of four dispatches.
  const stamps = BigUint64Array.of(1_000_000n, 2_000_000n, 2_000_000n, 7_000_000n, 9_000_000n, 8_000_000n, 8_000_000n, 8_500_000n);
  const nothing = () => undefined;
  const pass = { setPipeline: nothing, setBindGroup: nothing, dispatchWorkgroups: nothing, end: nothing };
  const gpu: GPUDevice = Object.create({
    createQuerySet: () => ({ destroy: nothing }),
    createBuffer: () => ({ mapAsync: async () => undefined, getMappedRange: () => stamps.buffer, destroy: nothing }),
    createCommandEncoder: () => ({
      beginComputePass: () => pass,
      resolveQuerySet: nothing,
      copyBufferToBuffer: nothing,
      finish: nothing,
    }),
    queue: { submit: nothing },
  });
  const dispatch = (label: string, x: number): TimedDispatch => Object.create({ label, workgroups: [x, 1, 1] });
  const times = new KernelTimes(gpu);
  times.submit([dispatch("small", 1), dispatch("large", 1), dispatch("small", 1), dispatch("small", 2)]);
  expect(await times.read()).toEqual([
    { kernel: "large", workgroups: "1x1x1", count: 1, ms: 5 },
    { kernel: "small", workgroups: "1x1x1", count: 2, ms: 1 },
    { kernel: "small", workgroups: "2x1x1", count: 1, ms: 0.5 },
  ]);
});

test("without a clock nothing is timed", async () => {
  const gpu: GPUDevice = Object.create({ features: new Set(), lost: new Promise(() => undefined) });
  const without = new Device(gpu, { vendor: "", architecture: "", description: "", software: false });
  without.beginTimes();
  expect(without.times).toBeUndefined();
});
