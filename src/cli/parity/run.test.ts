// The reference networks of this repository on this machine's adapter, as `npm run parity` runs them, and
// what the report says about a wrong number, a folder that is unknown or unreadable and a tensor that was not compared.
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { blockOf } from "../../checkpoints/dtype";
import { memoryStore } from "../../checkpoints/memory-source";
import { FIXTURES } from "../../checkpoints/testing/fixtures";
import { float16Tensor, float32Tensor, safetensorsFile, type TestTensor } from "../../checkpoints/testing/safetensors-file";
import { testDevice } from "../../engine/testing/evaluate";
import { TorchGenerator } from "../../samplers/noise/torch-generator";
import { openClipTokenizer, type Reading } from "../../tokenizer/clip-tokenizer";
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
    ["vae-fine", 1],
    ["unet-sdxs", 6],
  ])("%s: %i tensors in every number format", async (name, tensors) => {
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
  const fixture = async (name: string, tensors: ReadonlyMap<string, TestTensor>) => {
    const files = new Map([
      ["golden.json", new TextEncoder().encode("{}")],
      ["golden.safetensors", safetensorsFile(tensors)],
    ]);
    const store = memoryStore(name, files);
    return { name, store, className: "", config: {}, golden: await Golden.open(store) };
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

  it("skips a fixture without an engine, with the reason", async () => {
    const later = { fixture: await fixture("onnx-x", new Map()), kind: { on: "nothing", reason: "later" } as const };
    const { failed, skipped } = await runParity([later], {}, quiet);
    expect(failed).toBe(0);
    expect(skipped).toEqual([{ fixture: "onnx-x", reason: "later" }]);
  });

  it("a tokenizer's references are all of one reading, and a folder with its files is one, whatever it is called", async () => {
    const vocabulary = readFileSync(`${FIXTURES}/clip-tokenizer-tiny/vocab.json`);
    const merges = readFileSync(`${FIXTURES}/clip-tokenizer-tiny/merges.txt`);
    const files = new Map<string, Uint8Array>([
      ["vocab.json", vocabulary],
      ["merges.txt", merges],
    ]);
    const ids = async (text: string, reading: Reading) => [
      ...(await openClipTokenizer(memoryStore("m", files), "", undefined, reading)).encode(text),
    ];
    const [curly, wide] = ["the “cliff”", "ｔｈｅ cliff"];
    const root = await mkdtemp(join(tmpdir(), "onestroke-parity-"));
    for (const [name, readings] of [
      ["plain", ["as it stands", "as it stands"]],
      ["mended", ["mended", "mended"]],
      ["of both", ["as it stands", "mended"]],
    ] as const) {
      const rows = await Promise.all([curly, wide].map(async (text, i) => ({ text, ids: await ids(text, readings[i] ?? "mended") })));
      await mkdir(join(root, name));
      for (const [path, bytes] of files) await writeFile(join(root, name, path), bytes);
      await writeFile(join(root, name, "golden.json"), JSON.stringify({ rows }));
    }
    const { cases } = await runParity(await parityFixtures(root), {}, quiet);
    await rm(root, { recursive: true });
    expect(cases.map(({ fixture: name, ok }) => [name, ok])).toEqual([
      ["mended", true],
      ["of both", false],
      ["plain", true],
    ]);
  });

  it("a folder that is not recognised or not to be read is one failed row; the others still run", async () => {
    const root = await mkdtemp(join(tmpdir(), "onestroke-parity-"));
    const write = async (folder: string, files: Readonly<Record<string, string | Uint8Array>>) => {
      await mkdir(join(root, folder));
      for (const [name, content] of Object.entries(files)) await writeFile(join(root, folder, name), content);
    };
    await write("a-config-cut-short", { "config.json": "{", "golden.json": "{}" });
    await write("samplers-of-bytes", {
      "golden.json": "{}",
      "golden.safetensors": safetensorsFile(new Map([["sample", { dtype: "U16", shape: [1], data: new Uint8Array(2) }]])),
    });
    await write("something", { "golden.json": "{}" });
    await write("torch-randn", {
      "golden.json": "{}",
      "golden.safetensors": safetensorsFile(new Map([["seed0.1x2", float32Tensor([...new TorchGenerator(0n).randn(2)])]])),
    });
    const { cases } = await runParity(await parityFixtures(root), {}, quiet);
    await rm(root, { recursive: true });
    expect(cases.map(({ fixture: name, case: what, ok, reason = "" }) => [name, what, ok, reason])).toEqual([
      ["a-config-cut-short", "(folder)", false, expect.stringContaining("config.json is not JSON")],
      ["samplers-of-bytes", "(folder)", false, expect.stringContaining("U16")],
      ["something", "(folder)", false, expect.stringContaining("not recognised")],
      ["torch-randn", "seed0.1x2", true, ""],
    ]);
  });

  it("reference tensors are read from the formats that networks and tokenizers are saved in", async () => {
    const stored = (dtype: TestTensor["dtype"], data: ArrayBufferView<ArrayBuffer>): TestTensor => {
      const bytes = new Uint8Array(data.buffer);
      return { dtype, shape: [bytes.byteLength / blockOf(dtype).bytes], data: bytes };
    };
    const tensors = new Map([
      ["f32", float32Tensor([1.5, -2])],
      ["f16", float16Tensor([0x3e00, 0xc000])],
      ["bf16", stored("BF16", Uint16Array.of(0x3fc0, 0xc000))],
      ["i32", stored("I32", Int32Array.of(49_407, -1))],
      ["i64", stored("I64", BigInt64Array.of(49_407n, -1n))],
      ["bool", stored("BOOL", Uint8Array.of(1, 0))],
    ]);
    const { golden } = await fixture("formats", tensors);
    const floats = [1.5, -2];
    const integers = [49_407, -1];
    const expected = { f32: floats, f16: floats, bf16: floats, i32: integers, i64: integers, bool: [1, 0] };
    expect(Object.fromEntries(golden.names.map((name) => [name, [...golden.tensor(name).values]]))).toEqual(expected);
  });

  it("a result that is not finite or not as long as the reference is no result", () => {
    expect(relativeError([1, 2], [1, 2])).toBe(0);
    expect(relativeError([1, Number.NaN], [1, 2])).toBeNaN();
    expect(relativeError([1], [1, 2])).toBeNaN();
  });
});
