// LoRAs of every spelling are told from models by the names of their tensors.
import { expect, test } from "vitest";
import { pickled, tensor, torchFile } from "../../checkpoints/formats/testing/torch-file";
import { isLoraFile } from "./is-lora";

function file(...names: readonly string[]): Blob {
  const header = JSON.stringify(Object.fromEntries(names.map((name) => [name, { dtype: "F16", shape: [0], data_offsets: [0, 0] }])));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.length), true);
  return new Blob([length.buffer, header]);
}

test.each([
  "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight",
  "unet.mid_block.attentions.0.proj_in.lora_A.weight",
  "base_model.model.conv_in.lora_B.default.weight",
  "unet.a.processor.to_q_lora.down.weight",
  "unet.a.lora.up.weight",
  "unet.a.lora_linear_layer.down.weight",
  // Its relatives are refused by name, as LoRAs.
  "lora_unet_a.hada_w1_a",
  "lora_unet_a.dora_scale",
  "lora_unet_a.oft_blocks",
])("%s is a LoRA's", async (name) => expect(await isLoraFile(file("lora_unet_a.alpha", name))).toBe(true));

function described(text: string): Blob {
  const header = JSON.stringify({ __metadata__: { notes: text }, "conv_in.weight": { dtype: "F16", shape: [0], data_offsets: [0, 0] } });
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(header.length), true);
  return new Blob([length.buffer, header]);
}

/** The same as torch.save writes it. */
const saved = (...names: readonly string[]): Blob =>
  new Blob([torchFile(new Map(names.map((name) => [name, tensor("Half", "0", [1], [1])])), { 0: new Uint8Array(2) })]);

test.each(["unet.a.processor.to_q_lora.down.weight", "lora_unet_a.lora_up.weight"])("%s is one's in a .bin too", async (name) =>
  expect(await isLoraFile(saved("lora_unet_a.alpha", name))).toBe(true),
);

test.each<[string, Blob]>([
  ["a model", file("model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.decoder.conv_in.weight")],
  ["a word that looks like one in its metadata", file("conv_in.weight", "florals.weight")],
  ["a model whose metadata names a LoRA's matrix", described('the file "a.lora_up.weight" was merged into it')],
  ["a model of torch.save", saved("model.diffusion_model.input_blocks.0.0.weight")],
  ["a pickle without its archive", new Blob([pickled(new Map())])],
  ["an empty file", new Blob([])],
  ["text", new Blob(["lora_up.weight, and more than eight bytes"])],
])("control: %s is none", async (_, blob) => expect(await isLoraFile(blob)).toBe(false));
