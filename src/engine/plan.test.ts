// Rules of the plan: what runs when, and that a run allocates nothing. Kernels have
// their own tests; here they only carry numbers from place to place.
import { describe, expect, test } from "vitest";
import { GraphBuilder } from "./graph-builder";
import { Plan } from "./plan";
import { runPlan } from "./run";
import { arraySource, evaluate, testDevice } from "./testing/evaluate";
import { recordBuffers } from "./testing/record-buffers";
import { recordDispatches } from "./testing/record-dispatches";
import { Weights } from "./weights";

/** y = (prompt + timestep) + x, with the first sum depending on prompt and timestep alone. */
function staged(g: GraphBuilder): void {
  const prompt = g.input("prompt", [1, 2, 5], "prompt");
  const timestep = g.input("timestep", [1, 2, 5], "timestep");
  const x = g.input("x", [1, 2, 5], "run");
  g.output("y", g.addTensors(x, g.addTensors(prompt, timestep)));
}

async function stagedPlan(signal?: AbortSignal): Promise<Plan> {
  const device = await testDevice();
  const builder = new GraphBuilder();
  staged(builder);
  return Plan.compile(device, builder.build(), new Weights(device, arraySource({})), { format: "f32", ...(signal && { signal }) });
}

const values = (first: number) => Float32Array.from({ length: 10 }, (_, index) => first + index);

describe("a plan runs what changed", () => {
  test("control: the first run computes everything", async () => {
    const { y } = await evaluate(staged, { inputs: { prompt: values(0), timestep: values(100), x: values(1000) } });
    expect([...(y ?? [])]).toEqual([...values(0)].map((_, index) => 1100 + 3 * index));
  });

  test("a new x reuses the kept sum of prompt and timestep", async () => {
    const plan = await stagedPlan();
    plan.write("prompt", values(0));
    plan.write("timestep", values(100));
    plan.write("x", values(1000));
    await runPlan(plan);
    plan.write("x", values(2000));
    await runPlan(plan);
    expect((await plan.read("y"))[0]).toBe(2100);
    plan.write("timestep", values(200));
    await runPlan(plan);
    expect((await plan.read("y"))[0]).toBe(2200);
    plan.destroy();
  });

  test("writing the same values again changes nothing", async () => {
    const plan = await stagedPlan();
    for (const name of ["prompt", "timestep", "x"]) plan.write(name, values(1));
    await runPlan(plan);
    for (const name of ["prompt", "timestep", "x"]) plan.write(name, values(1));
    expect(plan.dirty).toBe(0);
    plan.write("x", values(2)); // Control.
    expect(plan.dirty).not.toBe(0);
    plan.destroy();
  });

  test("values copied over on the GPU are not taken for the ones written before", async () => {
    const plan = await stagedPlan();
    for (const name of ["prompt", "timestep", "x"]) plan.write(name, values(1));
    await runPlan(plan);
    plan.copyFrom(plan, "y", "x");
    plan.write("x", values(1));
    await runPlan(plan);
    expect((await plan.read("y"))[0]).toBe(3);
    plan.destroy();
  });

  test("one element of a batch is copied by its number, and what is no element of it is refused", async () => {
    const device = await testDevice();
    const planOf = async (batch: number) => {
      const builder = new GraphBuilder();
      builder.output("y", builder.scaleShift(builder.input("x", [batch, 2, 5], "run", "f32"), 2, 0));
      return Plan.compile(device, builder.build(), new Weights(device, arraySource({})), { format: "f32" });
    };
    const [three, one] = [await planOf(3), await planOf(1)];
    three.write(
      "x",
      Float32Array.from({ length: 30 }, (_, index) => index),
    );
    await runPlan(three);
    for (const index of [2, 0, 1]) {
      one.copyFrom(three, "y", "x", index);
      await runPlan(one);
      expect([...(await one.read("y"))]).toEqual([...values(0)].map((value) => 4 * (value + 10 * index)));
    }
    expect(() => one.copyFrom(three, "y", "x", 3)).toThrow("differ in size");
    expect(() => one.copyFrom(one, "y", "x", 1)).toThrow("differ in size");
    expect(() => three.copyFrom(one, "y", "x")).toThrow("differ in size");
    three.destroy();
    one.destroy();
  });

  test("a run makes no buffer and no bind group", async () => {
    const plan = await stagedPlan();
    const { gpu } = plan.device;
    let made = 0;
    const { createBuffer, createBindGroup } = gpu;
    gpu.createBuffer = (...parameters) => (made++, createBuffer.apply(gpu, parameters));
    gpu.createBindGroup = (...parameters) => (made++, createBindGroup.apply(gpu, parameters));
    try {
      for (const name of ["prompt", "timestep", "x"]) plan.write(name, values(1));
      await runPlan(plan);
      await plan.read("y");
      expect(made).toBe(0);
      const control = await stagedPlan();
      expect(made).toBeGreaterThan(0);
      control.destroy();
    } finally {
      gpu.createBuffer = createBuffer;
      gpu.createBindGroup = createBindGroup;
      plan.destroy();
    }
  });

  test("an aborted signal stops compiling and the run with the code cancelled, whatever its reason", async () => {
    const aborted = AbortSignal.abort("a reason of the caller's own");
    await expect(stagedPlan(aborted)).rejects.toMatchObject({ code: "cancelled" });
    const plan = await stagedPlan();
    await expect(runPlan(plan, aborted)).rejects.toMatchObject({ code: "cancelled" });
    plan.destroy();
  });

  test("a cancelled run submits no further slice, and the next one repeats no stage that was over", async () => {
    const device = await testDevice();
    const builder = new GraphBuilder();
    const prompt = builder.input("prompt", [1, 2, 5], "prompt");
    let y = builder.addTensors(builder.input("x", [1, 2, 5], "run"), builder.addTensors(prompt, prompt));
    // More than three slices of what never ran.
    for (let sum = 0; sum < 60; sum++) y = builder.addTensors(y, prompt);
    builder.output("y", y);
    const plan = await Plan.compile(device, builder.build(), new Weights(device, arraySource({})), { format: "f32" });
    plan.write("prompt", values(1));
    plan.write("x", values(0));

    const abort = new AbortController();
    const { submit } = device.gpu.queue;
    let submissions = 0;
    device.gpu.queue.submit = (buffers) => {
      submit.call(device.gpu.queue, buffers);
      submissions++;
      abort.abort();
    };
    const cancelled = await recordDispatches(device, () => runPlan(plan, abort.signal).catch(() => undefined));
    device.gpu.queue.submit = submit;
    const all = plan.dispatches.length;
    expect(submissions).toBe(1);
    expect(cancelled.length).toBeLessThan(all / 3);

    expect(await recordDispatches(device, () => runPlan(plan)), "all but the sum of the prompt with itself").toHaveLength(all - 1);
    expect((await plan.read("y"))[0]).toBe(62);
    plan.invalidate();
    expect(await recordDispatches(device, () => runPlan(plan)), "control").toHaveLength(all);
    plan.destroy();
  });

  test("a plan the GPU has no memory for leaves none of its buffers", async () => {
    const device = await testDevice();
    const { gpu } = device;
    const { popErrorScope } = gpu;
    gpu.popErrorScope = async () => (await popErrorScope.call(gpu)) ?? { message: "full" };
    try {
      const compile = () => expect(stagedPlan()).rejects.toMatchObject({ code: "gpu-out-of-memory" });
      expect((await recordBuffers(device, compile)).left).toBe(0);
    } finally {
      gpu.popErrorScope = popErrorScope;
    }
    const plans: Plan[] = [];
    expect((await recordBuffers(device, async () => plans.push(await stagedPlan()))).left, "control").toBeGreaterThan(0);
    for (const plan of plans) plan.destroy();
  });

  test("a tensor above the binding limit is refused before anything is made", async () => {
    await expect(
      evaluate(
        (g) => g.output("y", g.gatherRow(g.input("x", [1, 64, 64], "run"), g.input("i", [1, 1], "run", "u32"))),
        { inputs: {} },
        { target: { bindingBytes: 4096 } },
      ),
    ).rejects.toMatchObject({ code: "gpu-unsupported" });
  });
});
