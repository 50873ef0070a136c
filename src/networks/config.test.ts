// A configuration says either what is implemented or is refused by name. Each refusal has its
// control: the same configuration without the value is accepted.
import { describe, expect, it } from "vitest";
import { FIXTURES, goldenJson } from "../checkpoints/testing/fixtures";
import { OnestrokeError } from "../common/errors";
import { parseAutoencoderKlConfig } from "./autoencoder-kl";
import { parseAutoencoderTinyConfig } from "./autoencoder-tiny";
import { parseClipTextConfig } from "./clip-text";
import { parseImfConfig } from "./imf-dit";
import { parsePagodaConfig } from "./pagoda";
import { parseSitConfig } from "./sit";
import { parseUnetConfig } from "./unet-config";

const published = (fixture: string) => goldenJson(`${FIXTURES}/${fixture}/config.json`);
const UNET = published("unet-sdxs");
const CLIP = published("clip-text-gelu");
const KL = published("vae-kl");
const TINY = published("vae-tiny");
const SIT = published("esc-sit");
const IMF = { ...SIT, family: "imf-dit", depth: 5, aux_head_depth: 2 };
const PAGODA = {
  family: "pagoda-decoder",
  input_size: 16,
  output_size: 32,
  model_channels: 32,
  encoder_channel_mult: [1, 2],
  decoder_channel_mult: [1, 1, 2],
  attention_resolutions: [2],
};

function thrown(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe("values that change the result", () => {
  it.each<[field: string, value: unknown, parse: (json: unknown) => unknown, base: object]>([
    ["act_fn", "mish", parseUnetConfig, UNET],
    ["down_block_types", ["DownBlock2D", "CrossAttnDownBlock2D", "AttnDownBlock2D"], parseUnetConfig, UNET],
    ["mid_block_type", "UNetMidBlock2DSimpleCrossAttn", parseUnetConfig, UNET],
    ["up_block_types", ["CrossAttnUpBlock2D", "UpBlock2D"], parseUnetConfig, UNET],
    ["only_cross_attention", [false, true, false], parseUnetConfig, UNET],
    ["dual_cross_attention", true, parseUnetConfig, UNET],
    ["class_embed_type", "timestep", parseUnetConfig, UNET],
    ["num_class_embeds", 1000, parseUnetConfig, UNET],
    ["addition_embed_type", "image", parseUnetConfig, UNET],
    ["encoder_hid_dim_type", "text_proj", parseUnetConfig, UNET],
    ["resnet_time_scale_shift", "scale_shift", parseUnetConfig, UNET],
    ["time_embedding_type", "fourier", parseUnetConfig, UNET],
    ["timestep_post_act", "silu", parseUnetConfig, UNET],
    ["cross_attention_norm", "layer_norm", parseUnetConfig, UNET],
    ["attention_type", "gated", parseUnetConfig, UNET],
    ["center_input_sample", true, parseUnetConfig, UNET],
    ["downsample_padding", 2, parseUnetConfig, UNET],
    ["cross_attention_dim", [48, 48, 64], parseUnetConfig, UNET],
    ["attention_head_dim", 7, parseUnetConfig, UNET],
    ["norm_num_groups", 24, parseUnetConfig, UNET],
    ["block_out_channels", [32, -32, 64], parseUnetConfig, UNET],
    ["_class_name", "UNet2DModel", parseUnetConfig, UNET],
    ["hidden_act", "gelu_new", parseClipTextConfig, CLIP],
    ["model_type", "clip_vision_model", parseClipTextConfig, CLIP],
    ["architectures", ["CLIPModel"], parseClipTextConfig, CLIP],
    ["num_attention_heads", 5, parseClipTextConfig, CLIP],
    ["act_fn", "relu", parseAutoencoderKlConfig, KL],
    ["down_block_types", ["AttnDownEncoderBlock2D"], parseAutoencoderKlConfig, KL],
    ["latents_mean", [0, 0, 0, 0], parseAutoencoderKlConfig, KL],
    ["act_fn", "mish", parseAutoencoderTinyConfig, TINY],
    ["upsample_fn", "bilinear", parseAutoencoderTinyConfig, TINY],
    ["num_decoder_blocks", [3, 3], parseAutoencoderTinyConfig, TINY],
    ["qk_norm", true, parseSitConfig, SIT],
    ["family", "dit", parseSitConfig, SIT],
    ["aux_head_depth", 6, parseImfConfig, IMF],
    ["resblock_updown", false, parsePagodaConfig, PAGODA],
    ["attention_type", "vanilla", parsePagodaConfig, PAGODA],
    ["output_size", 64, parsePagodaConfig, PAGODA],
  ])("%s: %j", (field, value, parse, base) => {
    expect(
      thrown(() => parse(base)),
      "control",
    ).toBeUndefined();
    const error = thrown(() => parse({ ...base, [field]: value }));
    expect(error).toBeInstanceOf(OnestrokeError);
    expect(error).toMatchObject({ code: "model-unsupported", detail: { field, value: JSON.stringify(value) } });
  });

  it.each([
    ["sample_size", 96],
    ["dropout", 0.1],
    ["upcast_attention", true],
    ["something_new", "anything"],
    ["_diffusers_version", "9.9"],
  ])("not those that do not: %s", (field, value) => {
    expect(thrown(() => parseUnetConfig({ ...UNET, [field]: value }))).toBeUndefined();
  });

  it("a configuration that is no object", () => {
    for (const json of [undefined, null, [], "unet", 1])
      expect(thrown(() => parseUnetConfig(json))).toMatchObject({ code: "model-unsupported" });
  });
});

describe("levels of a UNet", () => {
  it("heads: attention_head_dim means their number", () => {
    expect(parseUnetConfig({ ...UNET, attention_head_dim: [1, 2, 4] }).up.map(({ heads }) => heads)).toEqual([4, 2, 1]);
  });

  it("the way up has one block more than the way down", () => {
    const { down, up } = parseUnetConfig({ ...UNET, layers_per_block: [1, 2, 3] });
    expect(down.map(({ depths }) => depths.length)).toEqual([1, 2, 3]);
    expect(up.map(({ depths }) => depths.length)).toEqual([4, 3, 2]);
  });

  it("depths: one for all, one a level, or a list a level with its own way up", () => {
    const each = parseUnetConfig({ ...UNET, transformer_layers_per_block: [1, 2, 10] });
    expect(each.up.map(({ depths }) => depths)).toEqual([
      [10, 10],
      [2, 2],
      [undefined, undefined],
    ]);
    const uneven = { ...UNET, layers_per_block: 2, transformer_layers_per_block: [0, [2, 2], [4, 3]] };
    expect(thrown(() => parseUnetConfig(uneven))).toMatchObject({ detail: { field: "reverse_transformer_layers_per_block" } });
    const both = parseUnetConfig({ ...uneven, reverse_transformer_layers_per_block: [[4, 4, 10], [2, 1, 1], 1] });
    expect(both.up.map(({ depths }) => depths)).toEqual([
      [4, 4, 10],
      [2, 1, 1],
      [undefined, undefined, undefined],
    ]);
  });

  it("no middle only if the configuration says null", () => {
    const { mid_block_type: _, ...unsaid } = UNET;
    expect(parseUnetConfig(UNET).middle).toBeUndefined();
    expect(parseUnetConfig(unsaid).middle).toEqual({ depth: 1, heads: 8 });
  });
});
