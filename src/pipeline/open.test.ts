// A GPU that has less memory than was thought: the model is opened again for less, and what the first try made is gone.
import { expect, test } from "vitest";
import { modelFolder } from "../checkpoints/places";
import { nodeStore } from "../checkpoints/node-file";
import { OnestrokeError } from "../common/errors";
import { testDevice } from "../engine/testing/evaluate";
import { recordBuffers } from "../engine/testing/record-buffers";
import { openModel } from "./open";

/**
 * Opens the embedded student on a GPU that refuses memory so many times, each time for the weights of the third of its networks.
 * @param makeRoom what others give @returns how many buffers are left once it is closed
 */
async function openOn(refusals: number, makeRoom?: () => Promise<boolean>): Promise<number> {
  const device = await testDevice();
  const { checked } = device;
  let [left, calls] = [refusals, 0];
  device.checked = (what, make) => {
    if (left > 0 && what.endsWith("bytes of weights") && ++calls % 3 === 0) {
      left--;
      throw new OnestrokeError("gpu-out-of-memory", `no room for ${what}`);
    }
    return checked.call(device, what, make) as ReturnType<typeof checked<ReturnType<typeof make>>>;
  };
  const runtime = (): Promise<never> => Promise.reject(new Error("no graph is drawn here"));
  try {
    const { left: buffers } = await recordBuffers(device, async () => {
      const model = await openModel(modelFolder(nodeStore("models/vignette")), "wgsl", {
        device: () => device,
        runtime,
        ...(makeRoom ? { makeRoom } : {}),
      });
      await model.dispose();
    });
    return buffers;
  } finally {
    device.checked = checked;
  }
}

test("twice it is tried with less, and nothing of the tries before is left", async () => {
  expect(await openOn(2)).toBe(0);
});

test("control: where nothing is enough, that is told", async () => {
  await expect(openOn(3)).rejects.toMatchObject({ code: "gpu-out-of-memory" });
});

test("others are asked for memory before less is taken, at every try once", async () => {
  let asked = 0;
  expect(await openOn(4, async () => ++asked < 3)).toBe(0);
  expect(asked, "once for all that there is, once for less").toBe(2);
});
