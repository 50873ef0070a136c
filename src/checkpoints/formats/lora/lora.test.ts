// LoRAs of every spelling change the weights that they name, by weight * alpha / rank * up * down, and nothing else; relatives of LoRAs,
// LoRAs for other models and damaged ones are refused by name.
import { describe, expect, it } from "vitest";
import { addLowRank } from "../../../common/low-rank";
import { float16Tensor, float32Tensor, safetensorsFile, type TestTensor } from "../../testing/safetensors-file";
import { component, openComponent, type Manifest } from "../../manifest";
import { memoryStore } from "../../memory-source";
import { openTensors, type TensorReader } from "../../tensor-reader";
import { parseLoraKey } from "./keys";
import { withLoras } from "./merge";
import { readLora } from "./read";

const UNET_CONFIG = {
  block_out_channels: [32, 64],
  layers_per_block: 1,
  down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
  up_block_types: ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  cross_attention_dim: 64,
  attention_head_dim: 8,
};
const ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q";
const CONVOLUTION = "down_blocks.0.resnets.0.conv1";
const TEXT = "text_model.encoder.layers.0.mlp.fc1";
const BASE = { linear: [1, 2, 3, 4, 5, 6], convolution: Array.from({ length: 36 }, (_, i) => i / 8) };

async function model(): Promise<Manifest> {
  const store = memoryStore(
    "base",
    new Map([
      [
        "unet",
        safetensorsFile(
          new Map([
            [`${ATTENTION}.weight`, float32Tensor(BASE.linear, [2, 3])],
            [`${ATTENTION}.bias`, float32Tensor([9, 9])],
            [`${CONVOLUTION}.weight`, float32Tensor(BASE.convolution, [2, 2, 3, 3])],
          ]),
        ),
      ],
      ["text", safetensorsFile(new Map([[`${TEXT}.weight`, float32Tensor(BASE.linear, [2, 3])]]))],
    ]),
  );
  const unet = { className: "UNet2DConditionModel", store, folder: "", files: [{ path: "unet" }], config: UNET_CONFIG };
  const text_encoder = { className: "CLIPTextModel", store, folder: "", files: [{ path: "text" }], config: {} };
  return { name: "tiny", pipeline: "stable-diffusion", components: { unet, text_encoder } };
}

const lora = (tensors: Readonly<Record<string, TestTensor>>) =>
  readLora(
    memoryStore("loras", new Map([["dir/style.safetensors", safetensorsFile(new Map(Object.entries(tensors)))]])),
    "dir/style.safetensors",
  );

async function merged(
  tensors: Readonly<Record<string, TestTensor>>,
  weight = 1,
  name: "unet" | "text_encoder" = "unet",
): Promise<TensorReader> {
  return openComponent(component(await withLoras(await model(), [{ lora: await lora(tensors), weight }]), name));
}

/** [2, 1] by [1, 3]: the rows [1, 2, 3] and [2, 4, 6]. */
const UP = float32Tensor([1, 2], [2, 1]);
const DOWN = float32Tensor([1, 2, 3], [1, 3]);
const PRODUCT = [1, 2, 3, 2, 4, 6];
const added = (scale: number): readonly number[] => BASE.linear.map((value, i) => value + scale * (PRODUCT[i] ?? 0));

describe("spellings", () => {
  const flat = ATTENTION.replaceAll(".", "_");
  it.each<[string, string, string]>([
    ["kohya's", `lora_unet_${flat}.lora_up.weight`, `lora_unet_${flat}.lora_down.weight`],
    [
      "kohya's with original blocks",
      "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q.lora_up.weight",
      "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q.lora_down.weight",
    ],
    ["PEFT's", `unet.${ATTENTION}.lora_B.weight`, `unet.${ATTENTION}.lora_A.weight`],
    ["PEFT's own", `base_model.model.${ATTENTION}.lora_B.default.weight`, `base_model.model.${ATTENTION}.lora_A.default.weight`],
    ["the bare network's", `${ATTENTION}.lora_B.weight`, `${ATTENTION}.lora_A.weight`],
    [
      "a processor's",
      `unet.${ATTENTION.replace(".to_q", "")}.processor.to_q_lora.up.weight`,
      `unet.${ATTENTION.replace(".to_q", "")}.processor.to_q_lora.down.weight`,
    ],
    ["diffusers' linear layers", `unet.${ATTENTION}.lora_linear_layer.up.weight`, `unet.${ATTENTION}.lora_linear_layer.down.weight`],
    ["diffusers' short", `unet.${ATTENTION}.lora.up.weight`, `unet.${ATTENTION}.lora.down.weight`],
    [
      "the original network's",
      "diffusion_model.input_blocks.3.1.transformer_blocks.0.attn1.to_q.lora_up.weight",
      "diffusion_model.input_blocks.3.1.transformer_blocks.0.attn1.to_q.lora_down.weight",
    ],
  ])("%s", async (_, up, down) => {
    const reader = await merged({ [up]: UP, [down]: DOWN });
    expect([...(await reader.readFloat32(`${ATTENTION}.weight`))]).toEqual(added(1));
    expect([...(await reader.readFloat32(`${ATTENTION}.bias`))]).toEqual([9, 9]);
    expect([...(await reader.readFloat32(`${CONVOLUTION}.weight`))]).toEqual(BASE.convolution);
  });

  it("text encoders, with one and with two of them", async () => {
    const flatText = TEXT.replaceAll(".", "_");
    for (const name of [`lora_te_${flatText}`, `lora_te1_${flatText}`, `text_encoder.${TEXT}`]) {
      const reader = await merged({ [`${name}.lora_up.weight`]: UP, [`${name}.lora_down.weight`]: DOWN }, 1, "text_encoder");
      expect([...(await reader.readFloat32(`${TEXT}.weight`))]).toEqual(added(1));
    }
    expect(parseLoraKey(`lora_te2_${flatText}.alpha`)).toMatchObject({ target: "text_encoder_2", role: "alpha" });
    expect(parseLoraKey("text_encoder_2.a.b.lora_A.weight")).toEqual({
      target: "text_encoder_2",
      module: "a.b",
      separator: ".",
      role: "down",
    });
  });
});

describe("arithmetic", () => {
  const at = `unet.${ATTENTION}`;

  it("weight, alpha and rank scale the product; several LoRAs add up", async () => {
    const tensors = {
      [`${at}.lora_up.weight`]: float16Tensor([0x3c00, 0, 0x4000, 0], [2, 2]),
      [`${at}.lora_down.weight`]: float32Tensor([1, 2, 3, 7, 7, 7], [2, 3]),
      [`${at}.alpha`]: float32Tensor([1], []),
    };
    expect([...(await (await merged(tensors, 0.5)).readFloat32(`${ATTENTION}.weight`))]).toEqual(added(0.25));
    const one = await lora(tensors);
    const both = await withLoras(await model(), [
      { lora: one, weight: 2 },
      { lora: one, weight: -1 },
      { lora: one, weight: 0 },
    ]);
    const reader = await openComponent(component(both, "unet"));
    expect([...(await reader.readFloat32(`${ATTENTION}.weight`))]).toEqual(added(0.5));
    expect(both.loras).toEqual([2, -1, 0].map((weight) => ({ name: "style", weight })));
  });

  it("a LoRA whose name says that it is quick takes the doubt from a model that is not", async () => {
    const noise = { trainTimesteps: 1000, betaStart: 0.00085, betaEnd: 0.012, betaSchedule: "scaled_linear" } as const;
    const rule = { rule: "tcd", originalSteps: 50 } as const;
    const base: Manifest = { ...(await model()), sampler: { rule, noise, predictionType: "epsilon", doubt: "slow" } };
    const one = await lora({ [`${at}.lora_up.weight`]: UP, [`${at}.lora_down.weight`]: DOWN });
    const doubt = async (name: string, weight: number) => (await withLoras(base, [{ lora: { ...one, name }, weight }])).sampler?.doubt;
    expect(await doubt("ink", 1)).toBe("slow");
    expect(await doubt("lcm-lora-sdv1-5", 1)).toBeUndefined();
    expect(await doubt("lcm-lora-sdv1-5", 0)).toBe("slow");
  });

  it("convolutions: 3x3, and a matrix over a 1x1", async () => {
    const name = `unet.${CONVOLUTION}`;
    const down = Array.from({ length: 18 }, (_, i) => i);
    const reader = await merged({
      [`${name}.lora_up.weight`]: float32Tensor([1, 10], [2, 1, 1, 1]),
      [`${name}.lora_down.weight`]: float32Tensor(down, [1, 2, 3, 3]),
    });
    const expected = BASE.convolution.map((value, i) => value + (i < 18 ? 1 : 10) * (i % 18));
    expect([...(await reader.readFloat32(`${CONVOLUTION}.weight`))]).toEqual(expected);
  });

  it("addLowRank adds the product of matrices", () => {
    const values = new Float32Array(6);
    addLowRank(values, { up: Float32Array.of(1, 2, 3, 4), down: Float32Array.of(1, 0, 2, 0, 1, 1), rank: 2, scale: 0.5 });
    expect([...values]).toEqual([0.5, 1, 2, 1.5, 2, 5]);
  });
});

describe("is refused", () => {
  const at = `lora_unet_${ATTENTION.replaceAll(".", "_")}`;
  const pair = { [`${at}.lora_up.weight`]: UP, [`${at}.lora_down.weight`]: DOWN };

  it.each<[string, string, RegExp]>([
    ["LoHa", `${at}.hada_w1_a`, /LoHa/],
    ["LoKr", `${at}.lokr_w1`, /LoKr/],
    ["DoRA", `${at}.dora_scale`, /DoRA/],
    ["PEFT's DoRA", `unet.${ATTENTION}.lora_magnitude_vector.weight`, /DoRA/],
    ["OFT", `${at}.oft_blocks`, /OFT/],
    ["a third matrix", `${at}.lora_mid.weight`, /third matrix/],
    ["whole differences", `${at}.diff_b`, /whole differences/],
    ["a LoRA for Flux", "lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight", /one of the two|double_blocks/],
    ["a transformer's", "transformer.transformer_blocks.0.attn.to_q.lora_A.weight", /diffusion transformer/],
    ["a model", "conv_in.weight", /conv_in\.weight/],
  ])("%s", async (_, name, message) => {
    const file = lora({ ...pair, [name]: UP });
    await expect(file).rejects.toMatchObject({ message: expect.stringMatching(message) });
  });

  it("a layer that the model does not have, and matrices of another size", async () => {
    const other = { "lora_unet_down_blocks_9_x.lora_up.weight": UP, "lora_unet_down_blocks_9_x.lora_down.weight": DOWN };
    await expect(merged({ ...pair, ...other })).rejects.toMatchObject({
      code: "model-unsupported",
      message: expect.stringMatching(/style does not fit tiny.*down_blocks_9_x/),
    });
    const wide = { ...pair, [`${at}.lora_down.weight`]: float32Tensor([1, 2, 3, 4], [1, 4]) };
    await expect(merged(wide)).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringContaining("[1, 4]") });
    const second = { "lora_te2_a.lora_up.weight": UP, "lora_te2_a.lora_down.weight": DOWN };
    await expect(merged(second)).rejects.toMatchObject({ message: expect.stringContaining("text_encoder_2") });
  });

  it("a layer with one matrix only, and an empty file", async () => {
    await expect(lora({ [`${at}.lora_up.weight`]: UP })).rejects.toMatchObject({ code: "model-corrupt" });
    await expect(lora({})).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringContaining("empty") });
  });
});

it("control: a reader without LoRAs reads the base", async () => {
  const manifest = await model();
  const reader = await openTensors(component(manifest, "unet").store, ["unet"]);
  expect([...(await reader.readFloat32(`${ATTENTION}.weight`))]).toEqual(BASE.linear);
});
