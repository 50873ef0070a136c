// What a path or an id opens. Only a bare id names a model of the catalogue, and the error for a path that is not a model says what the
// path is. A model's files come with its catalogue entry, which an engine that reads only the files would miss.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { fileOfShapes, WHOLE } from "../../checkpoints/formats/testing/original-file";
import { manifestOf } from "../../checkpoints/places";
import { FIXTURES } from "../../checkpoints/testing/fixtures";
import { float32Tensor, safetensorsFile } from "../../checkpoints/testing/safetensors-file";
import { openModel as openModelOn, type Compute } from "../../pipeline/open";
import { modelFiles } from "./find-model";

const root = await mkdtemp(join(tmpdir(), "onestroke-models-"));
afterAll(() => rm(root, { recursive: true, force: true }));

async function written(path: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), bytes);
  return join(root, path);
}

const unasked = (): never => {
  throw new Error("nothing is computed for a model that is refused");
};
const NO_COMPUTE: Compute = { device: unasked, runtime: unasked };
const weights = (name: string) => safetensorsFile(new Map([[name, float32Tensor([1])]]));
const openModel = async (name: string) => manifestOf(await modelFiles(name));

test("an id comes with its entry", async () => {
  expect((await modelFiles("vignette")).entry).toMatchObject({ id: "vignette", family: "vignette" });
});

test.each(["nitrosd-realism", "sd-turbo+large-decoder", "someone/sdxl-turbo", "someone/sdxl-turbo@fp16"])(
  "%s is looked for in the cache, and on the hub only if that is allowed",
  async (model) => {
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    vi.stubEnv("HF_HUB_CACHE", root);
    await expect(modelFiles(model)).rejects.toMatchObject({ code: "offline", message: expect.stringContaining(model) });
    vi.unstubAllEnvs();
  },
);

test("a folder speaks for itself", async () => {
  const { base, entry } = await modelFiles("models/vignette");
  expect(entry).toBeUndefined();
  expect(await base?.exists("unet/model.onnx")).toBe(true);
});

test.each([
  "no-such-model",
  "/does/not/exist/vignette",
  "./vignette",
  "../vignette",
  "vignette/",
  "vignette.json",
  "VIGNETTE",
  "models\\vignette",
  "https://host.test/vignette",
  "",
])("%j is neither, and no model is opened for it", async (model) => {
  const missing = { code: "model-missing", message: expect.stringContaining(model), remedy: expect.stringContaining("catalogue") };
  await expect(modelFiles(model, { engine: "ort-wasm" })).rejects.toMatchObject(missing);
  await expect(modelFiles(model)).rejects.toMatchObject(missing);
});

describe("MODELS_ROOT", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("holds one's own models by name, folders and files, and comes before the hub", async () => {
    await cp("models/vignette", join(root, "own/someone/mine"), { recursive: true });
    await written("own/one-file.safetensors", fileOfShapes(WHOLE.sd15));
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    vi.stubEnv("HF_HUB_CACHE", root);
    await expect(modelFiles("someone/mine")).rejects.toMatchObject({ code: "offline" });
    vi.stubEnv("MODELS_ROOT", join(root, "own"));
    expect((await openModel("someone/mine")).components.unet?.className).toBe("UNet2DConditionModel");
    expect(await modelFiles("one-file.safetensors")).toMatchObject({ file: { path: "one-file.safetensors" } });
  });

  test("leaves the catalogue's ids, paths that are there, and names that are nowhere as they are", async () => {
    vi.stubEnv("MODELS_ROOT", root);
    await cp("models/vignette", join(root, "vignette"), { recursive: true });
    expect((await modelFiles("vignette")).entry?.id).toBe("vignette");
    expect(await (await modelFiles("models/vignette")).base?.exists("model_index.json")).toBe(true);
    await expect(modelFiles("no-such-model")).rejects.toMatchObject({ code: "model-missing" });
    await expect(modelFiles("")).rejects.toMatchObject({ code: "model-missing" });
  });
});

test("a file in the original layout opens, with the tokenizer that is named, and with LoRAs", async () => {
  const file = await written("one/my-model.safetensors", fileOfShapes(WHOLE.sd15));
  const tokenizer = `${FIXTURES}/clip-tokenizer-tiny`;
  await expect(openModel(file)).rejects.toMatchObject({ code: "model-missing", remedy: expect.stringContaining("--tokenizer") });
  expect((await manifestOf(await modelFiles(file, { tokenizer }))).name).toBe("my-model");
  const [up, down] = [float32Tensor(Array(32).fill(1), [32, 1]), float32Tensor(Array(32).fill(1), [1, 32])];
  const name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q";
  const lora = await written(
    "one/ink.safetensors",
    safetensorsFile(
      new Map([
        [`${name}.lora_up.weight`, up],
        [`${name}.lora_down.weight`, down],
      ]),
    ),
  );
  const merged = await manifestOf(await modelFiles(file, { tokenizer, loras: [{ file: lora, weight: 0.5 }] }));
  const hash = createHash("sha256")
    .update(await readFile(lora))
    .digest("hex");
  expect(merged.loras).toEqual([{ name: "ink", weight: 0.5, hash: hash.slice(0, 12) }]);
  await expect(openModelOn(await modelFiles(file), "ort-wasm", NO_COMPUTE)).rejects.toMatchObject({ code: "model-unsupported" });
});

describe("a path that is no model", () => {
  test.each<[string, string, Uint8Array | string, string, RegExp]>([
    ["a part of a checkpoint", "sd15.safetensors", weights("first_stage_model.quant_conv.weight"), "model-unsupported", /original layout/],
    ["a LoRA", "style.safetensors", weights("lora_unet_mid_block.lora_up.weight"), "model-unsupported", /LoRA/],
    ["one network", "unet.safetensors", weights("conv_in.weight"), "model-unsupported", /one network/],
    ["an old pickle", "sd15.ckpt", Uint8Array.of(0x80, 2, 0x8a, 10), "model-unsupported", /before PyTorch 1\.6/],
    ["a zip archive that is cut short", "sd15.pt", "PK\x03\x04\0\0\0\0\0\0", "model-corrupt", /zip archive/],
    ["one graph", "model.onnx", "\x08\x07", "model-unsupported", /one ONNX graph/],
    ["a pointer", "real.safetensors", "version https://git-lfs.github.com/spec/v1\n", "model-missing", /Git LFS/],
    ["a damaged file", "cut.safetensors", weights("a").slice(0, 30), "model-corrupt", /cut\.safetensors/],
  ])("%s", async (_, name, bytes, code, message) => {
    const file = await written(`files/${name}`, bytes);
    await expect(openModel(file)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    const inFolder = await written(`folder of ${name}/${name}`, bytes);
    if (!name.endsWith(".onnx"))
      await expect(openModel(join(inFolder, ".."))).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test("a folder around one file, and one of ONNX graphs", async () => {
    const folder = join(await written("whole/sd15.safetensors", weights("model.diffusion_model.out.0.weight")), "..");
    await expect(openModel(folder)).rejects.toMatchObject({ code: "model-unsupported", remedy: expect.stringContaining("--model") });
    const graphs = join(await written("graphs/unet/model.onnx", "\x08\x07"), "../..");
    await expect(openModel(graphs)).rejects.toMatchObject({ code: "model-unsupported", remedy: expect.stringContaining("--engine ort") });
  });

  test("control: an empty folder lacks its index, a whole one opens", async () => {
    const empty = join(await written("empty/readme.md", ""), "..");
    await expect(openModel(empty)).rejects.toMatchObject({ code: "model-missing", message: expect.stringContaining("model_index.json") });
    expect((await openModel("models/vignette")).components.unet?.className).toBe("UNet2DConditionModel");
  });
});
