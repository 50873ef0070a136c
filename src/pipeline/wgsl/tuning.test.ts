// Rules of tuning a network, on the embedded student's decoder with the kernels that GPUs run: it follows what was measured and says so,
// the picture stays the same but for rounding, and by the table it is what it was.
import { expect, test } from "vitest";
import { openDevice } from "../../engine/device";
import { nodeGpu } from "../../engine/node-gpu";
import type { Plan } from "../../engine/plan";
import { runPlan } from "../../engine/run";
import { random, testDevice } from "../../engine/testing/evaluate";
import { recordBuffers } from "../../engine/testing/record-buffers";
import type { TuneOptions } from "../../engine/tune";
import type { Tuning } from "../../engine/tuning";
import { studentManifest } from "../testing/embedded-student";
import { Work } from "../work";
import { WgslAutoencoder } from "./autoencoder";

const SIDE = 8;

async function picture(plan: Plan): Promise<Uint8ClampedArray> {
  plan.write("latent", random(plan.inputLength("latent"), 5));
  await runPlan(plan);
  return new Uint8ClampedArray(Uint32Array.from(await plan.read("rgba")).buffer);
}

test("a network is measured, follows what was measured, and goes back", async () => {
  // Skips where there is no adapter.
  await testDevice();
  const device = await openDevice(nodeGpu(), { computeAs: "hardware" });
  const autoencoder = new WgslAutoencoder(await studentManifest(), device, { format: "f32", sampleSize: 32 });
  const decoder = autoencoder.scales[0].decoder.network;
  const plan = (): Promise<Plan> => autoencoder.plan({ height: 8 * SIDE, width: 8 * SIDE }, new Work());
  const options: TuneOptions = { known: new Map(), roomBytes: 2 ** 28, now: () => 0, until: 1 };
  expect(await decoder.tune(options), "nothing is loaded").toBe(options.known);
  const byTable = await picture(await plan());
  expect(decoder.tuned).toEqual([]);

  // A GPU on which products gain by parts.
  const timer: TuneOptions["timer"] = {
    time: async (dispatches) => dispatches.reduce((sum, { label, workgroups: [, , z] }) => sum + (label.endsWith("-sum") ? 0 : 1 / z), 0),
  };
  let found: Tuning = new Map();
  const { left } = await recordBuffers(device, async () => (found = await decoder.tune({ ...options, timer })));
  expect(left).toBe(0);
  // The plan is not touched before it is told to follow.
  expect(await picture(await plan())).toEqual(byTable);

  device.useTuning(found);
  await decoder.followTuning(new Work());
  expect(decoder.tuned.length).toBeGreaterThan(0);
  expect(decoder.tuned).toEqual(decoder.tuned.filter((line) => /^f32 .*: \w+\/\d+$/.test(line)));
  const before = device.programCount;
  const tuned = await picture(await plan());
  expect(device.programCount, "it was compiled already").toBe(before);
  // Sums in another order, in float32: a value may fall on the other side of a half.
  expect(Math.max(...tuned.map((value, index) => Math.abs(value - (byTable[index] ?? Number.NaN))))).toBeLessThanOrEqual(1);
  const known = await plan();
  decoder.dropPlans();
  const again = await plan();
  expect(again).not.toBe(known);
  expect(await picture(again), "the same choices").toEqual(tuned);

  device.useTuning(new Map());
  await decoder.followTuning(new Work());
  expect(decoder.tuned).toEqual([]);
  expect(await picture(await plan())).toEqual(byTable);
  decoder.evict();
  device.destroy();
});
