// What a device says of a kernel that does not compile, and of what its adapter lacks: one line to people, everything to those who look into it.
import { describe, expect, test } from "vitest";
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

describe("on an adapter whose kernels may ask for subgroups of 8 lanes", () => {
  /** A GPU of Intel that compiles what `takes` takes. */
  const gpuOf = (takes: (wgsl: string) => boolean) => {
    const compiled: string[] = [];
    const features = new Set(["shader-f16", "subgroups", "subgroup-size-control"]);
    const device = {
      features,
      limits: {},
      lost: new Promise<never>(() => undefined),
      pushErrorScope: () => undefined,
      popErrorScope: async () => null,
      createShaderModule: ({ code }: { readonly code: string }) => ({ code, getCompilationInfo: async () => ({ messages: [] }) }),
      createBindGroupLayout: () => ({}),
      createPipelineLayout: () => ({}),
      createComputePipelineAsync: async ({ compute: { module } }: { readonly compute: { readonly module: { readonly code: string } } }) => {
        compiled.push(module.code);
        if (!takes(module.code)) throw new Error("refused");
        return {};
      },
    };
    const adapter = {
      info: { vendor: "intel", architecture: "gen-12lp", description: "", subgroupMinSize: 8 },
      features,
      limits: {},
      requestDevice: async () => device,
    };
    const gpu: GPU = Object.create({ requestAdapter: async () => adapter });
    return { gpu, compiled };
  };
  const holding: Kernel = { ...kernel(""), code: "@compute @workgroup_size(64) fn main() {}", holdsResults: true };
  const asks = (wgsl: string) => wgsl.includes("@subgroup_size(8)");

  test("they do", async () => {
    const { gpu, compiled } = gpuOf(() => true);
    const device = await openDevice(gpu);
    await device.program(holding, device.target("f16"));
    expect(compiled.map(asks)).toEqual([true, true]);
  });

  test("they do not where a workgroup of the most invocations cannot have them", async () => {
    const { gpu, compiled } = gpuOf((wgsl) => !(asks(wgsl) && wgsl.includes("@workgroup_size(256)")));
    const device = await openDevice(gpu);
    await device.program(holding, device.target("f16"));
    expect(compiled.map(asks)).toEqual([true, false]);
  });

  test("a kernel that does not compile so is compiled without", async () => {
    const { gpu, compiled } = gpuOf((wgsl) => !(asks(wgsl) && wgsl.includes("@workgroup_size(64)")));
    const device = await openDevice(gpu);
    const program = await device.program(holding, device.target("f16"));
    expect(await device.program(holding, device.target("f16"))).toBe(program);
    expect(compiled.map(asks)).toEqual([true, true, false]);
  });

  test("control: one that does not compile at all is refused", async () => {
    const { gpu, compiled } = gpuOf((wgsl) => wgsl.includes("@workgroup_size(256)"));
    const device = await openDevice(gpu);
    const refused = device.program(holding, device.target("f16"));
    await expect(refused).rejects.toMatchObject({ code: "gpu-unsupported" });
    expect(compiled.map(asks)).toEqual([true, true, false]);
  });
});

test("an adapter without float16 does not compute as one that has tiles of it, and says so", async () => {
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

test("an adapter of which the browser says nothing is opened", async () => {
  const device = { features: new Set<string>(), limits: {}, lost: new Promise<never>(() => undefined) };
  const adapter = { features: new Set<string>(), limits: {}, requestDevice: async () => device };
  const gpu: GPU = Object.create({ requestAdapter: async () => adapter });
  expect((await openDevice(gpu)).adapter).toEqual({ vendor: "", architecture: "", description: "", software: false });
});

describe("a GPU that refuses a device", () => {
  const LOST = { reason: "unknown", message: "no device" } as const;

  /**
   * Each adapter gives one answer, as one that has been asked may be used up.
   * @param how drivers refuse: browsers reject, or give a device that is lost already
   * @param adapters there are so many
   */
  function refusing(refuses: (asked: GPUDeviceDescriptor) => boolean, how: "rejects" | "loses" = "rejects", adapters = Infinity) {
    const asked: GPUDeviceDescriptor[] = [];
    let given = 0;
    const requestAdapter = async () => {
      if (given++ === adapters) return null;
      const features = new Set(["shader-f16", "timestamp-query", "depth-clip-control"]);
      let isUsed = false;
      const requestDevice = async (descriptor: GPUDeviceDescriptor) => {
        asked.push(descriptor);
        if (isUsed || refuses(descriptor)) {
          isUsed = true;
          if (how === "loses") return { features: new Set(), limits: {}, lost: Promise.resolve(LOST) };
          throw new DOMException("refused", "OperationError");
        }
        return { features: new Set(descriptor.requiredFeatures), limits: {}, lost: new Promise<never>(() => undefined) };
      };
      const info = given === 1 ? { vendor: "intel", architecture: "gen-12lp" } : { vendor: "google", architecture: "swiftshader" };
      return { info, features, limits: { maxBufferSize: 2 ** 31 }, requestDevice };
    };
    const gpu: GPU = Object.create({ requestAdapter });
    return { gpu, asked };
  }
  const isRich = ({ requiredLimits }: GPUDeviceDescriptor) => Object.keys(requiredLimits ?? {}).length > 0;
  const features = (asked: readonly GPUDeviceDescriptor[]) => asked.map(({ requiredFeatures }) => [...(requiredFeatures ?? [])]);

  test("control: one that does not is asked once, for all that is used", async () => {
    const { gpu, asked } = refusing(() => false);
    await openDevice(gpu);
    expect([features(asked), asked.map(isRich)]).toEqual([[["shader-f16", "timestamp-query"]], [true]]);
  });

  test("is asked for less: first for the limits that all have", async () => {
    const { gpu, asked } = refusing(isRich);
    expect((await openDevice(gpu)).gpu.features.has("shader-f16")).toBe(true);
    expect(asked.map(isRich)).toEqual([true, false]);
  });

  test.each(["rejects", "loses"] as const)("then without float16, which is said (a driver that %s)", async (how) => {
    const { gpu, asked } = refusing(({ requiredFeatures = [] }) => [...requiredFeatures].length > 0, how);
    const device = await openDevice(gpu);
    expect([device.gpu.features.has("shader-f16"), device.name]).toEqual([false, "google swiftshader without float16"]);
    expect(features(asked)).toEqual([["shader-f16", "timestamp-query"], ["shader-f16"], []]);
  });

  test("what is said of the adapter is of the one that gave the device", async () => {
    const one = await openDevice(refusing(() => false).gpu);
    const other = await openDevice(refusing(isRich).gpu);
    expect([one.name, one.adapter.software]).toEqual(["intel gen-12lp", false]);
    expect([other.name, other.adapter.software]).toEqual(["google swiftshader", true]);
  });

  test("a refusal is told as one, also where no adapter is left", async () => {
    const { gpu } = refusing(() => true, "rejects", 1);
    await expect(openDevice(gpu)).rejects.toMatchObject({ code: "gpu-unavailable", message: "the GPU refused a device" });
  });

  test("and one that gives none is said to", async () => {
    const { gpu, asked } = refusing(() => true);
    await expect(openDevice(gpu)).rejects.toMatchObject({ code: "gpu-unavailable", message: "the GPU refused a device" });
    expect(asked).toHaveLength(3);
  });
});
