// One file in the original layout becomes the manifest of a model: its networks ask for exactly the tensors that the file has, under
// their own names and shapes; what is sliced or turned has the right values; what the file lacks is found or asked for; and files of
// other kinds are called by their names.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ComponentName } from "../../../catalogue/components";
import { fromFloat16 } from "../../../common/float16";
import { GraphBuilder } from "../../../engine/graph-builder";
import { checkpointTensors } from "../../../engine/weights";
import { openAutoencoder, openDenoiser, openTextEncoder } from "../../../networks";
import { checkTensors } from "../../check-tensors";
import { component, openComponent, weightBytes, type Manifest } from "../../manifest";
import { memoryStore } from "../../memory-source";
import { embedded, manifestOf, modelFile } from "../../places";
import { FIXTURES } from "../../testing/fixtures";
import { halvesOf } from "../../testing/halves";
import { fileOfShapes, openClipShapes, prefixed, unetShapes, WHOLE, type ShapeList } from "../testing/original-file";
import { tensor, torchFile } from "../testing/torch-file";
import type { SingleFileOptions } from "./manifest";

const words = (name: string) => new Uint8Array(readFileSync(`${FIXTURES}/clip-tokenizer-tiny/${name}`));
const VOCABULARY = [
  ["vocab.json", words("vocab.json")],
  ["merges.txt", words("merges.txt")],
] as const;

const open = (shapes: ShapeList, options: SingleFileOptions = {}, name = "my-model.safetensors"): Promise<Manifest> =>
  manifestOf(
    modelFile({ store: memoryStore("folder", new Map([[name, fileOfShapes(shapes)], ...VOCABULARY])), path: name, ...options }, []),
  );

/** Builds every network, and checks its tensors against the file's as the pipeline does. */
async function checkNetworks(manifest: Manifest): Promise<void> {
  const check = async (name: ComponentName, unused: readonly RegExp[], build: (g: GraphBuilder) => unknown): Promise<void> => {
    const g = new GraphBuilder();
    build(g);
    checkTensors(await openComponent(component(manifest, name)), checkpointTensors(g.build()), unused, name);
  };
  const denoiser = openDenoiser(component(manifest, "unet"));
  await check("unet", denoiser.unused, (g) =>
    g.output("x", denoiser.build(g, { batch: 1, height: 8, width: 8, textTokens: 77, steering: "nasa" })),
  );
  for (const name of ["text_encoder", "text_encoder_2"] as const) {
    if (manifest.components[name] === undefined) continue;
    const encoder = openTextEncoder(component(manifest, name));
    await check(name, encoder.unused, (g) => {
      const { lastHiddenState, textEmbeds } = encoder.build(g, { batch: 1 });
      g.output("x", lastHiddenState);
      if (textEmbeds) g.output("y", textEmbeds);
    });
  }
  const { decoder, encoder } = openAutoencoder(component(manifest, "vae"));
  await check("vae", decoder.unused, (g) => g.output("x", decoder.build(g, { batch: 1, height: 8, width: 8 })));
  await check("vae", encoder.unused, (g) => g.output("x", encoder.build(g, { batch: 1, height: 8, width: 8 })));
}

describe("a whole file", () => {
  it.each(["sd15", "sd21", "sdxl"] as const)("%s: every network has its tensors, and no other", async (family) => {
    const manifest = await open(WHOLE[family]);
    await checkNetworks(manifest);
    expect(manifest).toMatchObject({ family, name: "my-model" });
    expect(manifest.pipeline).toBe(family === "sdxl" ? "stable-diffusion-xl" : "stable-diffusion");
  });

  it("CLIP's names may lack their beginning, as in files of old converters", async () => {
    const short = Object.fromEntries(
      Object.entries<readonly number[]>(WHOLE.sd15).map(
        ([name, shape]) => [name.replace("transformer.text_model.", "transformer."), shape] as const,
      ),
    );
    await checkNetworks(await open(short));
  });

  it("heads, layers and activations are those of the family", async () => {
    const [sd15, sd21, sdxl] = await Promise.all([open(WHOLE.sd15), open(WHOLE.sd21), open(WHOLE.sdxl)]);
    expect(sd15.components.unet?.config).toMatchObject({ num_attention_heads: [8, 8], use_linear_projection: false });
    expect(sd21.components.unet?.config).toMatchObject({ num_attention_heads: [1, 1], use_linear_projection: true });
    expect(sdxl.components.unet?.config).toMatchObject({
      projection_class_embeddings_input_dim: 1792,
      transformer_layers_per_block: [1, 2],
    });
    expect(sd15.components.text_encoder?.config).toMatchObject({ num_hidden_layers: 2, hidden_act: "quick_gelu" });
    // The last layer is not read.
    expect(sd21.components.text_encoder?.config).toMatchObject({ num_hidden_layers: 2, hidden_act: "gelu" });
    expect(sdxl.components.text_encoder_2?.config).toMatchObject({ num_hidden_layers: 3, projection_dim: 256 });
    expect([sd15, sdxl].map(({ components }) => components.vae?.config["scaling_factor"])).toEqual([0.18215, 0.13025]);
  });

  it("the sizes of its parts are those of their bytes", async () => {
    const manifest = await open(WHOLE.sd15);
    const values = Object.values(prefixed("", unetShapes())).reduce((sum, shape) => sum + shape.reduce((size, axis) => size * axis, 1), 0);
    expect(manifest.components.unet?.weights?.byteLength).toBe(2 * values);
    expect(weightBytes(manifest)).toBeLessThan(fileOfShapes(WHOLE.sd15).byteLength);
  });

  it("query, key and value are slices of one matrix, and the projection is turned", async () => {
    const reader = await openComponent(component(await open(WHOLE.sdxl), "text_encoder_2"));
    const key = await reader.readFloat32("text_model.encoder.layers.1.self_attn.k_proj.weight");
    expect([key[0], key[1], key.length]).toEqual([fromFloat16(128 * 128), fromFloat16(128 * 128 + 1), 128 * 128]);
    const bias = await reader.readFloat32("text_model.encoder.layers.1.self_attn.v_proj.bias");
    expect(bias[3]).toBe(fromFloat16(256 + 3));
    expect(reader.shape("text_projection.weight")).toEqual([256, 128]);
    const bits = (await halvesOf(reader, ["text_projection.weight"])).get("text_projection.weight") ?? [];
    expect([bits[0], bits[1], bits[128]]).toEqual([0, 256, 1]);
    expect(bits.length).toBe(256 * 128);
  });
});

it("the same file as a .ckpt, under its state_dict, is the same model", async () => {
  const strides = (shape: readonly number[]): readonly number[] =>
    shape.map((_, i) => shape.slice(i + 1).reduce((size, axis) => size * axis, 1));
  const state = new Map(Object.entries(WHOLE.sd15).map(([name, shape]) => [name, tensor("Half", "0", shape, strides(shape))]));
  const file = torchFile(new Map([["state_dict", state]]), { 0: new Uint8Array(2 ** 18) });
  const store = memoryStore("folder", new Map([["my-model.ckpt", file], ...VOCABULARY]));
  const manifest = await manifestOf(modelFile({ store, path: "my-model.ckpt" }, []));
  await checkNetworks(manifest);
  const { components } = await open(WHOLE.sd15);
  expect(manifest.components.unet?.config).toEqual(components.unet?.config);
  expect(manifest.name).toBe("my-model");
});

describe("what a file does not say", () => {
  it("it is stepped by Euler's rule, with a doubt unless its name says that it is quick", async () => {
    const plain = await open(WHOLE.sd15);
    expect(plain.sampler).toMatchObject({ rule: { rule: "euler", timesteps: { spacing: "trailing" } }, predictionType: "epsilon" });
    expect(plain.sampler?.doubt).toContain("few steps");
    expect((await open(WHOLE.sdxl, {}, "dreamXL_turbo.safetensors")).sampler?.doubt).toBeUndefined();
  });

  it("v is predicted where the file or a person says so, and SD2 in LDM's layout has to be asked", async () => {
    expect((await open({ ...WHOLE.sdxl, v_pred: [] })).sampler?.predictionType).toBe("v_prediction");
    const { "denoiser.sigmas": _, ...sd21 }: ShapeList = WHOLE.sd21;
    const ldm: ShapeList = Object.fromEntries(
      Object.entries(sd21).map(([name, shape]) => [name.replace("conditioner.embedders.0.", "cond_stage_model."), shape]),
    );
    await expect(open(ldm)).rejects.toMatchObject({ code: "model-unsupported", remedy: expect.stringContaining("--prediction") });
    expect((await open(ldm, { prediction: "v_prediction" })).sampler?.predictionType).toBe("v_prediction");
    await expect(open({ ...WHOLE.sdxl, ztsnr: [] })).rejects.toMatchObject({ message: expect.stringContaining("zero terminal SNR") });
  });

  it("without a tokenizer it says where one comes from; a named folder is taken before others", async () => {
    const file = { store: memoryStore("folder", new Map([["m.safetensors", fileOfShapes(WHOLE.sd15)]])), path: "m.safetensors" };
    await expect(manifestOf(modelFile(file, []))).rejects.toMatchObject({
      code: "model-missing",
      remedy: expect.stringContaining("--tokenizer"),
    });
    const tokenizer = memoryStore("words", new Map(VOCABULARY));
    expect((await manifestOf(modelFile({ ...file, tokenizer }, []))).components.tokenizer?.store.name).toBe("words");
    const empty = memoryStore("empty", new Map());
    await expect(manifestOf(modelFile({ ...file, tokenizer: empty }, []))).rejects.toMatchObject({
      message: expect.stringContaining("empty"),
    });
  });

  it("networks that it lacks come from the family's repository, or are said to be missing", async () => {
    const unet = {
      store: memoryStore("folder", new Map([["u.safetensors", fileOfShapes(unetShapes())], ...VOCABULARY])),
      path: "u.safetensors",
    };
    await expect(manifestOf(modelFile(unet, []))).rejects.toMatchObject({
      code: "model-missing",
      detail: { component: "text_encoder" },
      message: expect.stringContaining("LCM_Dreamshaper"),
    });
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const base = memoryStore(
      "base",
      new Map([
        ["text_encoder/config.json", text({ architectures: ["CLIPTextModel"] })],
        ["text_encoder/model.safetensors", new Uint8Array(10)],
        ["vae/config.json", text({ _class_name: "AutoencoderKL" })],
        ["vae/diffusion_pytorch_model.bin", new Uint8Array(20)],
      ]),
    );
    const asked: string[] = [];
    const place = ({ repository }: { readonly repository: string }) => (asked.push(repository), base);
    const { components } = await manifestOf(modelFile(unet, [place]));
    expect([components.text_encoder?.store.name, components.vae?.store.name, components.unet?.store.name]).toEqual([
      "base",
      "base",
      "folder",
    ]);
    expect(new Set(asked)).toEqual(new Set(["SimianLuo/LCM_Dreamshaper_v7"]));
    // Files that ship with the app have no revisions, so they do not stand in for a repository.
    await expect(manifestOf(modelFile(unet, [embedded(() => base)]))).rejects.toMatchObject({ code: "model-missing" });
  });
});

describe("files of other kinds", () => {
  const unet = (options: Parameters<typeof unetShapes>[0]): ShapeList => prefixed("model.diffusion_model.", unetShapes(options));
  it.each<[string, ShapeList, RegExp]>([
    ["inpainting", unet({ inputs: 9 }), /inpainting/],
    ["InstructPix2Pix", unet({ inputs: 8 }), /InstructPix2Pix/],
    ["depth", unet({ inputs: 5 }), /depth/],
    ["an upscaler", unet({ inputs: 7 }), /upscaler/],
    [
      "a refiner",
      { ...unet({ added: 2560, text: 1280, isLinear: true }), ...prefixed("conditioner.embedders.0.model.", openClipShapes()) },
      /refiner/,
    ],
    ["Playground 2.5", { ...unet({}), edm_mean: [1, 4, 1, 1], edm_std: [1, 4, 1, 1] }, /EDM/],
    ["Stable Diffusion 3", { "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": [1] }, /Stable Diffusion 3/],
    ["Flux", { "model.diffusion_model.double_blocks.0.img_attn.qkv.weight": [1] }, /Flux/],
    ["video", { ...unet({}), "model.diffusion_model.input_blocks.1.1.time_stack.0.norm1.weight": [1] }, /video/],
    ["a bare autoencoder", { "first_stage_model.decoder.conv_in.weight": [64, 4, 3, 3] }, /no UNet/],
    ["a LoRA", { "lora_unet_mid_block.lora_up.weight": [1] }, /LoRA/],
    ["one network", { "conv_in.weight": [1] }, /one network/],
    ["blocks left out", Object.fromEntries(Object.entries(unet({})).filter(([name]) => !name.includes("output_blocks.2.1"))), /way up/],
  ])("%s", async (_, shapes, message) => {
    await expect(open(shapes)).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringMatching(message) });
  });
});
