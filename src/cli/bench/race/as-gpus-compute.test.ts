// A whole network as GPUs compute it, on whatever adapter there is: norms within products, shortcuts within convolutions, queries within
// attention. Its result is that of ONNX Runtime on its WASM, which has none of that.
import { expect, test } from "vitest";
import { openDevice } from "../../../engine/device";
import { fuseGraph } from "../../../engine/fuse";
import { COMPILE_TIMEOUT_MS } from "../../../engine/kernels/gemm/testing/formats";
import { nodeGpu } from "../../../engine/node-gpu";
import { stageGraph } from "../../../engine/stages";
import { testDevice } from "../../../engine/testing/evaluate";
import { nodeRuntime } from "../../../ort/session/load-node";
import { relativeDifference } from "../difference";
import { madeUpRace, madeUpUnet } from "./made-up-networks";
import { SIDES } from "./racer";

/** SD2.1's layout with two levels of as many channels, which share pipelines: heads of 16 channels, and transformers at the first and between. */
const UNET = {
  block_out_channels: [32, 32],
  layers_per_block: 1,
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  attention_head_dim: [2, 2],
  cross_attention_dim: 32,
};

/** As `npm run parity` allows for networks in float32. */
const BOUND = 1e-4;

test("a tiny UNet of SD2.1's layout", { timeout: COMPILE_TIMEOUT_MS }, async () => {
  await testDevice();
  const network = () => madeUpUnet(UNET, 8);
  const device = await openDevice(nodeGpu(), { computeAs: "hardware" });
  const target = device.target("f32");

  // What only GPUs do is done: without any of it there are more dispatches.
  const graph = fuseGraph(network().graph);
  const dispatches = (traits: Partial<typeof target.traits>) =>
    stageGraph(graph, { ...target, traits: { ...target.traits, ...traits } }).dispatches;
  for (const trait of [
    "normalisesInProducts",
    "addsShortcutsInConvolutions",
    "projectsQueriesInAttention",
    "normalisesGroupsAtOnce",
  ] as const) {
    expect(dispatches({ [trait]: false }).length, trait).toBeGreaterThan(dispatches({}).length);
  }
  const clock = (): number => performance.now();
  const ground = { device, runtime: await nodeRuntime(), clocks: { cold: clock, warm: clock } };
  const race = madeUpRace("SD2.1's UNet", network);
  const results: Float32Array[] = [];
  for (const side of SIDES) {
    const racer = await (await race.enter[side]())(ground);
    await racer.run(1);
    results.push(await racer.read());
    await racer.release();
  }
  device.destroy();
  const [ours = new Float32Array(), theirs = new Float32Array()] = results;
  expect(ours.length).toBeGreaterThan(0);
  expect(relativeDifference(ours, theirs)).toBeLessThan(BOUND);
});
