// Networks with made-up weights give the same in both engines: every operator of the ONNX graphs is what ours computes. Small, and on ONNX
// Runtime's WASM, so that our kernels are compared with what is surely right.
import { expect, test } from "vitest";
import { testDevice } from "../../../engine/testing/evaluate";
import { nodeRuntime } from "../../../ort/session/load-node";
import { KL } from "../../../networks/published";
import { relativeDifference } from "../difference";
import { madeUpDecoder, madeUpRace, madeUpUnet } from "./made-up-networks";
import { SIDES } from "./racer";

const UNET = {
  block_out_channels: [32, 64],
  layers_per_block: 1,
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  attention_head_dim: [2, 4],
  cross_attention_dim: 32,
};
const CONVOLVED = { ...UNET, use_linear_projection: false };
const SMALL_KL = { ...KL, block_out_channels: [32, 32, 64, 64], layers_per_block: 1, force_upcast: false };

const clock = (): number => performance.now();

test.each([
  ["SD2.1's UNet", () => madeUpUnet(UNET, 8)],
  ["the same with convolutions around its transformers", () => madeUpUnet(CONVOLVED, 8)],
  ["TAESD", () => madeUpDecoder("AutoencoderTiny", {}, 8)],
  ["AutoencoderKL", () => madeUpDecoder("AutoencoderKL", SMALL_KL, 8)],
])("%s", async (name, network) => {
  const ground = { device: await testDevice(), runtime: await nodeRuntime(), clocks: { cold: clock, warm: clock } };
  const race = madeUpRace(name, network);
  const results: Float32Array[] = [];
  for (const side of SIDES) {
    const racer = await (await race.enter[side]())(ground);
    await racer.run(1);
    results.push(await racer.read());
    await racer.release();
  }
  const [ours = new Float32Array(), theirs = new Float32Array()] = results;
  expect(ours.length).toBeGreaterThan(0);
  expect(relativeDifference(ours, theirs)).toBeLessThan(1e-4);
});
