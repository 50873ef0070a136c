// The carried reference networks on this machine's adapter, as `npm run parity` runs them, and
// what the report says of a wrong number, an unknown folder and a tensor nobody compares.
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../checkpoints/memory-source";
import { FIXTURES } from "../../checkpoints/testing/fixtures";
import { float32Tensor, safetensorsFile } from "../../checkpoints/testing/safetensors-file";
import { testDevice } from "../../engine/testing/evaluate";
import { parityFixtures } from "./fixtures";
import { Golden, relativeError } from "./golden";
import { checkNoise } from "./host";
import { runParity } from "./run";

const quiet = (): void => undefined;

describe("parity of the carried fixtures", () => {
  it.each([
    ["clip-text-gelu", 3],
    ["esc-sit", 6],
    ["vae-tiny", 2],
    ["vae-kl", 2],
    ["unet-sdxs", 6],
  ])("%s: %i tensors in every number format", { timeout: 300_000 }, async (name, tensors) => {
    const device = await testDevice();
    const { cases } = await runParity(await parityFixtures(`${FIXTURES}/${name}`), { devices: [device] }, quiet);
    expect(cases.filter(({ ok }) => !ok)).toEqual([]);
    expect(cases.length).toBe(tensors * (device.hasFloat16 ? 2 : 1));
  });

  it("tables and noise, on the host", async () => {
    const fixtures = [...(await parityFixtures(`${FIXTURES}/samplers`)), ...(await parityFixtures(`${FIXTURES}/torch-randn`))];
    const { cases, failed } = await runParity(fixtures, {}, quiet);
    expect(failed).toBe(0);
    expect(cases.length).toBeGreaterThan(80);
    expect(new Set(cases.map(({ adapter }) => adapter))).toEqual(new Set(["cpu"]));
  });
});

describe("the report", () => {
  const fixture = async (name: string, tensors: ReadonlyMap<string, ReturnType<typeof float32Tensor>>) => {
    const files = new Map([
      ["golden.json", new TextEncoder().encode("{}")],
      ["golden.safetensors", safetensorsFile(tensors)],
    ]);
    const store = memoryStore(name, files);
    return { name, store, config: {}, golden: await Golden.open(store) };
  };
  const noise = { on: "host", check: checkNoise, bound: 1e-5 } as const;

  it("fails a number over its bound, and a tensor that nothing was compared with", async () => {
    const tensors = new Map([
      ["seed0.1x2", float32Tensor([1, 2])],
      ["left over", float32Tensor([3])],
    ]);
    const { cases, failed } = await runParity([{ fixture: await fixture("torch-randn", tensors), kind: noise }], {}, quiet);
    expect(failed).toBe(2);
    expect(cases.map(({ case: name, error }) => [name, error !== null])).toEqual([
      ["seed0.1x2", true],
      ["left over", false],
    ]);
  });

  it("fails a folder that is not recognised, and skips one without an engine with the reason", async () => {
    const unknown = { fixture: await fixture("something", new Map()), kind: undefined };
    const later = { fixture: await fixture("onnx-x", new Map()), kind: { on: "nothing", reason: "later" } as const };
    const { cases, failed, skipped } = await runParity([unknown, later], {}, quiet);
    expect(failed).toBe(1);
    expect(cases[0]?.reason).toContain("not recognised");
    expect(skipped).toEqual([{ fixture: "onnx-x", reason: "later" }]);
  });

  it("a result that is not finite or not as long as the reference is no result", () => {
    expect(relativeError([1, 2], [1, 2])).toBe(0);
    expect(relativeError([1, Number.NaN], [1, 2])).toBeNaN();
    expect(relativeError([1], [1, 2])).toBeNaN();
  });
});
