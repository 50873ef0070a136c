// A stored model is read with the files that hold its tensors, wherever in its checkpoint they are. A steered model
// is a small new graph over the same bytes. Files outside the checkpoint are never asked for.
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../checkpoints/memory-source";
import { decodeModel } from "../onnx-graph/decode";
import { detachWeights } from "../onnx-graph/detach-weights";
import { encodeModel } from "../onnx-graph/encode";
import type { OnnxModel } from "../onnx-graph/model";
import { crossAttention, GraphWriter, numbers, CHANNELS, TEXT_CHANNELS } from "../testing/attention-model";
import { nodeRuntime } from "./load-node";
import { steerGraph } from "../steer-graph";
import { readModel, storedBytes, type Rewrite } from "./open-model";
import { OrtSession } from "./session";
import { tensorFrom, valuesOf } from "./tensors";

/** A model with a tensor large enough to be kept outside: [400, channels] added to as many pixels. */
const PIXELS = 400;

function model(): OnnxModel {
  const g = new GraphWriter();
  const shifted = g.op("Add", ["sample", g.floats("positions", [PIXELS, CHANNELS], numbers(PIXELS * CHANNELS, 5))]);
  return g.model(crossAttention(g, "plain", shifted, "encoder_hidden_states"));
}

const file = encodeModel(model());
const steered: Rewrite = (plain) => steerGraph(plain, { by: "nasa", weighs: false });
const store = (files: Readonly<Record<string, Uint8Array>>) => memoryStore("export", new Map(Object.entries(files)));

async function run(stored: ReturnType<typeof store>, rewrite?: Rewrite): Promise<Float32Array> {
  const runtime = await nodeRuntime();
  const session = await OrtSession.open(runtime, () => readModel({ store: stored, path: "unet/model.onnx" }, { rewrite }), {
    name: "unet",
  });
  const feeds = session.inputs.map((input) => {
    if (input.name === "nasa_scale") return [input.name, tensorFrom(runtime, input, [0])] as const;
    const width = input.name === "sample" ? CHANNELS : TEXT_CHANNELS;
    const rows = input.name === "sample" ? PIXELS : 4;
    return [input.name, tensorFrom(runtime, input, numbers(rows * width, 6), [1, rows, width])] as const;
  });
  const { out } = await session.run(Object.fromEntries(feeds));
  await session.release();
  return out ? valuesOf(out) : new Float32Array();
}

/** The same model with its large tensor in another file, at `path`. */
function split(location: string, path = "unet/model.onnx_data"): Readonly<Record<string, Uint8Array>> {
  return { "unet/model.onnx": encodeModel(detachWeights(decodeModel(file), file, location)), [path]: file };
}

describe("readModel", () => {
  it("a model alone is its file, unchanged", async () => {
    const { model: bytes, external } = await readModel({ store: store({ "unet/model.onnx": file }), path: "unet/model.onnx" });
    expect(bytes).toEqual(file);
    expect(external).toEqual([]);
  });

  it("a steered one is a small graph beside the original", async () => {
    const { model: bytes, external } = await readModel(
      { store: store({ "unet/model.onnx": file }), path: "unet/model.onnx" },
      { rewrite: steered },
    );
    expect(bytes.length).toBeLessThan(file.length);
    expect(external.map(({ data }) => data)).toEqual([file]);
  });

  it("computes the same from one file, from two, and steered by nothing", async () => {
    const expected = await run(store({ "unet/model.onnx": file }));
    expect(expected.every(Number.isFinite)).toBe(true);
    expect(await run(store(split("model.onnx_data")))).toEqual(expected);
    expect(await run(store(split("./model.onnx_data")))).toEqual(expected);
    expect(await run(store(split("model.onnx_data")), steered)).toEqual(expected);
  });

  it("computes the same from weights in another folder of the checkpoint", async () => {
    const expected = await run(store({ "unet/model.onnx": file }));
    const weights = "vae/diffusion_pytorch_model.safetensors";
    const elsewhere = store(split(`../${weights}`, weights));
    expect(await run(elsewhere)).toEqual(expected);
    expect(await run(elsewhere, steered)).toEqual(expected);
    expect(await run(store(split(`./../vae/./../${weights}`, weights)))).toEqual(expected);
  });

  it("says how many bytes arrived, and how many there are", async () => {
    const stored = store(split("model.onnx_data"));
    const target = { store: stored, path: "unet/model.onnx" };
    let arrived = 0;
    const { model: bytes } = await readModel(target, { onBytes: (byteLength) => (arrived += byteLength) });
    expect(arrived).toBe(bytes.byteLength + file.byteLength);
    expect(await storedBytes(target)).toBe(arrived);
  });

  it.each(["../../secret", "/etc/passwd", "a/../../../b", "..\\b", "", "a//b"])("does not follow %j", async (location) => {
    const stored = store(split(location));
    await expect(readModel({ store: stored, path: "unet/model.onnx" })).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it("a missing data file is said to be missing", async () => {
    const { "unet/model.onnx": alone = file } = split("model.onnx_data");
    await expect(readModel({ store: store({ "unet/model.onnx": alone }), path: "unet/model.onnx" })).rejects.toMatchObject({
      code: "model-missing",
    });
  });
});

it("what is no graph is called what it is, and so is what stands for its weights", async () => {
  const pointer = new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
  const refused = {
    code: "model-missing",
    message: expect.stringContaining("Git LFS pointer"),
    remedy: expect.stringContaining("git lfs pull"),
  };
  await expect(readModel({ store: store({ "unet/model.onnx": pointer }), path: "unet/model.onnx" })).rejects.toMatchObject(refused);
  const outside = encodeModel(detachWeights(decodeModel(file), file, "weights.bin"));
  const files = { "unet/model.onnx": outside, "unet/weights.bin": pointer };
  await expect(readModel({ store: store(files), path: "unet/model.onnx" })).rejects.toMatchObject(refused);
  expect(
    (await readModel({ store: store({ ...files, "unet/weights.bin": file }), path: "unet/model.onnx" })).external.length,
    "control",
  ).toBe(1);
});
