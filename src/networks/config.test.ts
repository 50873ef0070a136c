// A configuration either describes what is implemented or is refused by name. Each refusal has its
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
/** Attention at the upper level only, and between the levels. */
const UNEVEN = {
  block_out_channels: [32, 64],
  down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
  cross_attention_dim: 32,
  transformer_layers_per_block: [[3, 2], 1],
  reverse_transformer_layers_per_block: [[3, 4], 1],
};
const CLIP = published("clip-text-gelu");
const KL = published("vae-kl");
const TINY = published("vae-tiny");
const SIT = published("esc-sit");
const ADDED = { addition_embed_type: "text_time", addition_time_embed_dim: 256, projection_class_embeddings_input_dim: 2816 };
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

describe("numbers", () => {
  const NETWORKS = [
    ["UNet", parseUnetConfig, { ...UNET, time_cond_proj_dim: 256, ...ADDED }],
    ["CLIP", parseClipTextConfig, { ...CLIP, architectures: ["CLIPTextModelWithProjection"] }],
    ["AutoencoderKL", parseAutoencoderKlConfig, KL],
    ["AutoencoderTiny", parseAutoencoderTinyConfig, TINY],
    ["SiT", parseSitConfig, { mlp_ratio: 4, ...SIT }],
    ["iMF", parseImfConfig, { mlp_ratio: 2, num_class_tokens: 8, ...IMF }],
    ["PaGoDA", parsePagodaConfig, { sigma: 80, num_res_blocks: 3, num_head_channels: 32, ...PAGODA }],
  ] as const;
  const ABSURD = [1e9, 20_000, 1048577, -1, 0.3, 1e300, NaN, Infinity, -Infinity];
  const numbersIn = (value: unknown): readonly number[] =>
    typeof value === "number" ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
  const isNumeric = (value: unknown): boolean => typeof value === "number" || (Array.isArray(value) && value.every(isNumeric));

  it.each(NETWORKS)("%s: one that no network has is refused by name, or is of a field that is not read", (_, parse, base) => {
    expect(
      thrown(() => parse(base)),
      "control",
    ).toBeUndefined();
    for (const [field, value] of Object.entries<unknown>(base)) {
      if (!isNumeric(value)) continue;
      for (const absurd of ABSURD) {
        for (const put of [absurd, [absurd], Array.isArray(value) ? value.map(() => absurd) : value]) {
          let parsed: unknown;
          const error = thrown(() => (parsed = parse({ ...base, [field]: put })));
          if (error === undefined) {
            // Whether or not the field is read, the parsed numbers are bounded.
            expect(
              numbersIn(parsed).filter((number) => !(Math.abs(number) <= 2 ** 20)),
              `${field} ${String(put)}`,
            ).toEqual([]);
          } else
            expect(error, `${field} ${String(put)}`).toMatchObject({ code: "model-unsupported", detail: { field: expect.any(String) } });
        }
      }
    }
  });

  it.each([
    ["layers_per_block", 20_000, parseUnetConfig, UNET],
    ["transformer_layers_per_block", 640, parseUnetConfig, UNET],
    ["sample_size", 65_536, parseUnetConfig, UNET],
    ["layers_per_block", 20_000, parseAutoencoderKlConfig, KL],
    ["num_hidden_layers", 1_048_576, parseClipTextConfig, CLIP],
    ["num_decoder_blocks", [1, 1, 1, 1e6], parseAutoencoderTinyConfig, TINY],
    ["depth", 1e6, parseSitConfig, SIT],
    ["input_size", 1e6, parseImfConfig, IMF],
    ["num_res_blocks", 1e6, parsePagodaConfig, PAGODA],
  ] as const)("%s: %j is refused by that name", (field, value, parse, base) => {
    expect(thrown(() => parse({ ...base, [field]: value }))).toMatchObject({ code: "model-unsupported", detail: { field } });
  });

  it("many blocks at many levels are too many together", () => {
    const deep = { ...UNET, transformer_layers_per_block: 100, layers_per_block: 2 };
    expect(thrown(() => parseUnetConfig(deep))).toMatchObject({ detail: { field: "transformer_layers_per_block" } });
    expect(
      thrown(() => parseUnetConfig({ ...deep, transformer_layers_per_block: 10 })),
      "control",
    ).toBeUndefined();
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

  it("what is said of levels without attention is nobody's: depths, heads and text channels", () => {
    const plain = { ...UNEVEN, transformer_layers_per_block: 1, reverse_transformer_layers_per_block: 1 };
    const depths = (json: object) => [...parseUnetConfig(json).down, ...parseUnetConfig(json).up].map((level) => level.depths);
    expect(depths(UNEVEN)).toEqual([
      [3, 2],
      [undefined, undefined],
      [undefined, undefined, undefined],
      [1, 1, 1],
    ]);
    expect(parseUnetConfig(UNEVEN).middle?.depth).toBe(1);
    expect(depths({ ...UNEVEN, transformer_layers_per_block: [[3, 2, 1e9], 1] })).toEqual(depths(UNEVEN));
    for (const ignored of [[3, 4], 640, null, [], [[1]], "2"]) {
      const reverse = [ignored, 1];
      expect(depths({ ...UNEVEN, reverse_transformer_layers_per_block: reverse })).toEqual(depths(UNEVEN));
      const downOnly = { ...plain, down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"], transformer_layers_per_block: [ignored, 1] };
      expect(depths({ ...downOnly, up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"] })).toEqual(
        depths({ ...downOnly, up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"], transformer_layers_per_block: 1 }),
      );
    }
    const noMiddle = { ...plain, mid_block_type: null };
    const expected = parseUnetConfig(noMiddle);
    for (const [field, value] of [
      ["attention_head_dim", [8, 7]],
      ["num_attention_heads", [8, 1e9]],
      ["cross_attention_dim", [32, 1e9]],
      ["only_cross_attention", [false, true]],
      ["transformer_layers_per_block", [1, 1e9]],
    ] as const) {
      expect(parseUnetConfig({ ...noMiddle, [field]: value }).down, field).toEqual(
        expected.down.map((level, i) => (i === 1 ? { ...level, heads: expect.any(Number) } : level)),
      );
      expect(
        thrown(() => parseUnetConfig({ ...noMiddle, [field]: value.toReversed() })),
        `control: ${field} of the level with attention`,
      ).toMatchObject({ detail: { field } });
    }
  });

  it("no middle only if the configuration says null", () => {
    const { mid_block_type: _, ...unsaid } = UNET;
    expect(parseUnetConfig(UNET).middle).toBeUndefined();
    expect(parseUnetConfig(unsaid).middle).toEqual({ depth: 1, heads: 8 });
  });
});
