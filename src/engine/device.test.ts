// What a device says of a kernel that does not compile: one line to people, everything to those who look into it.
import { expect, test } from "vitest";
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
