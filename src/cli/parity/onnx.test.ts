// A folder of exports on ONNX Runtime: rows for outputs that have a reference, and failures for a wrong
// number, for an output that has no reference and for an export whose reference is not stated.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { float32Tensor, safetensorsFile } from "../../checkpoints/testing/safetensors-file";
import { encodeModel, valueInfo } from "../../ort/onnx-graph/encode";
import { ELEMENT_TYPES } from "../../ort/onnx-graph/model";
import { GraphWriter } from "../../ort/testing/attention-model";
import { openRuntime } from "../compute";
import { onEngine, parityFixtures } from "./fixtures";
import { runParity, type ParityReport } from "./run";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "onestroke-parity-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A decoder that doubles its latent, and a reference that expects `decoded`. */
async function report(name: string, { decoded = [2, 4, 6], entry = "vae_decoder", output = "sample" } = {}): Promise<ParityReport> {
  const reference = join(root, `${name}-reference`);
  const folder = join(root, `onnx-${name}`);
  await mkdir(reference, { recursive: true });
  await mkdir(join(folder, "vae_decoder"), { recursive: true });
  const tensors = new Map([
    ["latent", float32Tensor([1, 2, 3])],
    ["decoded", float32Tensor(decoded)],
  ]);
  await writeFile(join(reference, "golden.json"), "{}");
  await writeFile(join(reference, "golden.safetensors"), safetensorsFile(tensors));
  await writeFile(join(folder, "golden.json"), JSON.stringify({ [entry]: { golden: `../${name}-reference/golden.safetensors` } }));
  const g = new GraphWriter();
  const { graph, ...model } = g.model(g.op("Add", ["latent_sample", "latent_sample"]));
  const nodes = graph.nodes.map((node) => ({ ...node, outputs: [output] }));
  const inputs = [valueInfo("latent_sample", ELEMENT_TYPES.float32, ["n"])];
  const outputs = [valueInfo(output, ELEMENT_TYPES.float32, ["n"])];
  await writeFile(join(folder, "vae_decoder", "model.onnx"), encodeModel({ ...model, graph: { ...graph, nodes, inputs, outputs } }));
  return runParity(await parityFixtures(folder), { runtimes: [await openRuntime()] }, () => undefined);
}

it("control: the export computes its reference", async () => {
  const { cases, failed } = await report("right");
  expect(failed).toBe(0);
  expect(cases).toMatchObject([
    {
      fixture: "onnx-right",
      case: "vae_decoder/decoded",
      engine: "ort-wasm",
      adapter: "cpu",
      format: "float32",
      error: 0,
      bound: 1e-4,
      ok: true,
    },
  ]);
});

it("a wrong number is over its bound", async () => {
  const { cases } = await report("wrong", { decoded: [2, 4, 6.1] });
  expect(cases).toMatchObject([{ ok: false, error: expect.closeTo(0.0134, 3) }]);
});

it("an output without a reference fails: nothing was compared", async () => {
  const { cases } = await report("unnamed", { output: "pixels" });
  expect(cases).toMatchObject([{ case: "vae_decoder/pixels", ok: false, error: null }]);
});

it("an export without a reference fails", async () => {
  const { cases } = await report("unknown", { entry: "text_encoder" });
  expect(cases).toMatchObject([{ ok: false, reason: expect.stringContaining("does not say what vae_decoder is compared with") }]);
});

it("is skipped with the reason when another engine is asked for", async () => {
  await report("elsewhere");
  const fixtures = onEngine(await parityFixtures(join(root, "onnx-elsewhere")), "wgsl");
  const { cases, skipped } = await runParity(fixtures, {}, () => undefined);
  expect(cases).toEqual([]);
  expect(skipped).toEqual([{ fixture: "onnx-elsewhere", reason: "an ONNX export, which our own engine does not read" }]);
});
