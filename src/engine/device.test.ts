// What a device says of a kernel that does not compile: one line to people, everything to those who look into it.
import { expect, test } from "vitest";
import { Device, openDevice } from "./device";
import type { Kernel } from "./kernel";
import { testDevice } from "./testing/evaluate";

const kernel = (statement: string): Kernel => ({
  name: "spoiled",
  bindings: [],
  sizes: {},
  workgroups: [1, 1, 1],
  code: `@compute @workgroup_size(1) fn main() {\n  ${statement}\n}`,
});

test("a kernel that does not compile is refused in one line, with the source as the cause", async () => {
  const device = await testDevice();
  const target = device.target("f32");
  await device.program(kernel("let right = 1;"), target); // Control.
  const refusal: unknown = await device.program(kernel("let wrong = missing;"), target).catch((error: unknown) => error);
  expect(refusal).toMatchObject({
    code: "gpu-unsupported",
    message: expect.stringMatching(/^kernel spoiled does not compile here: \d+:\d+ .*missing.*$/),
    detail: { kernel: "spoiled" },
    cause: { message: expect.stringMatching(/^ *\d+ +let wrong = missing;$/m) },
  });
});

test("an adapter without float16 does not compute as one that multiplies in it, and says so", async () => {
  let destroyed = 0;
  const device = { features: new Set<string>(), limits: {}, lost: new Promise<never>(() => undefined), destroy: () => void destroyed++ };
  const adapter = {
    info: { vendor: "nobody", description: "Plain" },
    features: new Set<string>(),
    limits: {},
    requestDevice: async () => device,
  };
  // Only what `openDevice` asks of an adapter.
  const gpu: GPU = Object.create({ requestAdapter: async () => adapter });
  const kinds = ["hardwareWithFloat16Tiles", "hardwareWithFastFloat16", "hardwareWithFewRegisters"] as const;
  for (const computeAs of kinds) {
    await expect(openDevice(gpu, { computeAs }), computeAs).rejects.toMatchObject({
      code: "gpu-unsupported",
      message: `Plain cannot compute as ${computeAs}: it has no float16`,
    });
  }
  expect(destroyed).toBe(kinds.length);
  // Control: other classes need none.
  await expect(openDevice(gpu, { computeAs: "hardware" })).resolves.toBeInstanceOf(Device);
});
