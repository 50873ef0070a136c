// Files that are valid but not of the expected kind are named for what they are, with the next step to take. "Damaged" is
// said only of files that are damaged (the controls).
import { describe, expect, it } from "vitest";
import { checkTensors } from "./check-tensors";
import type { Dtype } from "./dtype";
import { foreignBytes } from "./foreign-file";
import { otherThanOriginal } from "./foreign-weights";
import { memorySource, memoryStore } from "./memory-source";
import { readJson } from "./read-file";
import { readSafetensorsHeader } from "./safetensors";
import { openTensors } from "./tensor-reader";
import { float32Tensor, safetensorsFile } from "./testing/safetensors-file";
import { weightFiles } from "./weight-files";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const POINTER = text(`version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 1719125304\n`);
const weights = (...names: readonly string[]) => safetensorsFile(new Map(names.map((name) => [name, float32Tensor([1])])));
const said = (code: string, message: RegExp, remedy: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message), remedy: expect.stringMatching(remedy) });

const FILES: readonly (readonly [name: string, bytes: Uint8Array, code: string, message: RegExp, remedy: RegExp])[] = [
  ["an LFS pointer", POINTER, "model-missing", /Git LFS pointer/, /git lfs pull/],
  ["a web page", text("\n<!DOCTYPE html><html><title>Log in</title>"), "model-missing", /web page/, /[Dd]ownload the file itself/],
  ["a server's answer", text("Entry not found"), "model-missing", /"Entry not found"/, /[Dd]ownload the file itself/],
  ["a server's answer in JSON", text('{"error": "Repository not found"}'), "model-missing", /Repository not found/, /[Dd]ownload/],
  [
    "a bare pickle",
    Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9),
    "model-unsupported",
    /before PyTorch 1\.6/,
    /torch\.save/,
  ],
  ["a picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13), "model-unsupported", /picture/, /model/],
];

describe.each(FILES)("%s", (_, bytes, code, message, remedy) => {
  it("in place of weights", async () => {
    await expect(readSafetensorsHeader(memorySource("unet.safetensors", bytes))).rejects.toEqual(said(code, message, remedy));
  });
});

it.each(FILES.slice(0, 2))("%s in place of JSON", async (_, bytes, code, message, remedy) => {
  await expect(readJson(memoryStore("m", new Map([["config.json", bytes]])), "config.json")).rejects.toEqual(said(code, message, remedy));
});

describe("control: damaged files are damaged", () => {
  it.each([
    ["cut short", weights("a").slice(0, 20)],
    ["zeros", new Uint8Array(64)],
    ["noise", Uint8Array.from({ length: 64 }, (_unused, i) => (i * 151 + 89) % 256)],
  ])("%s", async (_, bytes) => {
    expect(foreignBytes(bytes)).toBeUndefined();
    await expect(readSafetensorsHeader(memorySource("a", bytes))).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it.each(['{"a": ', "", "\u00e9t\u00e9", "[1, 2"])("JSON that is cut short, or never was: %j", async (content) => {
    const store = memoryStore("m", new Map([["a.json", text(content)]]));
    await expect(readJson(store, "a.json")).rejects.toMatchObject({ code: "model-corrupt" });
  });
});

describe("weights of something else", () => {
  const EXPECTED = new Map(["conv_in.weight", "conv_in.bias", "mid_block.resnets.0.norm1.weight"].map((name) => [name, [1]] as const));
  const check = async (...names: readonly string[]) => {
    const reader = await openTensors(memoryStore("m", new Map([["f", weights(...names)]])), ["f"]);
    checkTensors(reader, EXPECTED, [], "unet");
  };

  it.each<[string, readonly string[], RegExp]>([
    [
      "the original layout",
      ["model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.encoder.conv_in.weight"],
      /original layout/,
    ],
    ["SDXL's original layout", ["conditioner.embedders.0.transformer.text_model.final_layer_norm.bias"], /original layout/],
    ["a LoRA of kohya", ["lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight"], /LoRA/],
    ["a LoRA of PEFT", ["base_model.model.mid_block.attentions.0.to_q.lora_A.weight"], /LoRA/],
    ["a LoRA of diffusers", ["unet.down_blocks.0.attentions.0.processor.to_q_lora.down.weight"], /LoRA/],
    ["a LyCORIS", ["lycoris_unet_mid_block.hada_w1_a"], /LoRA/],
    ["a prefix", [...EXPECTED.keys()].map((name) => `unet.${name}`), /begin with "unet\."/],
    ["two prefixes", [...EXPECTED.keys()].map((name) => `_orig_mod.module.${name}`), /begin with "_orig_mod\.module\."/],
    ["float8 with scales", [...EXPECTED.keys(), "conv_in.scale_weight", "scaled_fp8"], /float8/],
    ["4 bits", [...EXPECTED.keys(), "conv_in.weight.absmax", "conv_in.weight.quant_map"], /quantised/],
    ["another network", ["encoder.conv_in.weight", "decoder.conv_in.bias.x"], /another network: "encoder|begin with/],
    ["Flux", ["double_blocks.0.img_attn.qkv.weight"], /Flux/],
    ["a textual inversion", ["emb_params"], /textual inversion/],
  ])("%s", async (_, names, message) => {
    await expect(check(...names)).rejects.toEqual(said("model-unsupported", message, /\w{4}/));
  });

  it("control: the network's own pass, one that is missing or too many is damage", async () => {
    const own = [...EXPECTED.keys()];
    await check(...own);
    await expect(check(...own.slice(1))).rejects.toMatchObject({ code: "model-corrupt", detail: { rule: 14 } });
    await expect(check(...own, "conv_in.extra")).rejects.toMatchObject({ code: "model-corrupt", detail: { rule: 14 } });
  });

  it.each<[string, Dtype, string]>([
    ["integers", "I8", "I8"],
    ["bytes", "U8", "U8"],
  ])("%s are no weights", async (_, dtype, named) => {
    const file = safetensorsFile(new Map([["a", { dtype, shape: [1], data: Uint8Array.of(1) }]]));
    const reader = await openTensors(memoryStore("m", new Map([["f", file]])), ["f"]);
    await expect(reader.readFloat32("a")).rejects.toEqual(said("model-unsupported", new RegExp(`${named}.*float16`), /model/));
  });

  it("one file that is named as a model", () => {
    expect(otherThanOriginal(["model.diffusion_model.out.2.bias"])).toBeUndefined();
    expect(otherThanOriginal(["conv_in.weight"])?.what).toContain("one network");
  });
});

describe("a folder without safetensors files", () => {
  const folder = (...names: readonly string[]) => memoryStore("m", new Map(names.map((name) => [`unet/${name}`, new Uint8Array(8)])));

  it.each(["diffusion_flax_model.msgpack", "tf_model.h5"])("with %s", async (name) => {
    const refusal = said("model-unsupported", new RegExp(name.replaceAll(".", String.raw`\.`)), /safetensors/);
    await expect(weightFiles(folder(name), "unet", "diffusion_pytorch_model")).rejects.toEqual(refusal);
  });

  it("beside a graph the file is missing, and the graph is named", async () => {
    const missing = { code: "model-missing", message: expect.stringContaining("ONNX Runtime") };
    await expect(weightFiles(folder("model.onnx"), "unet", "diffusion_pytorch_model")).rejects.toMatchObject(missing);
  });

  it.each(["diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.bin", "pytorch_model.bin"])(
    "with %s, which is read",
    async (name) => {
      expect(await weightFiles(folder(name), "unet", "diffusion_pytorch_model")).toMatchObject([{ path: `unet/${name}` }]);
    },
  );

  it("control: with nothing the file is missing, and beside safetensors others are not looked at", async () => {
    await expect(weightFiles(folder(), "unet", "diffusion_pytorch_model")).rejects.toMatchObject({ code: "model-missing" });
    const both = folder("diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors");
    expect(await weightFiles(both, "unet", "diffusion_pytorch_model")).toMatchObject([
      { path: "unet/diffusion_pytorch_model.safetensors" },
    ]);
  });
});
