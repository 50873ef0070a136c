// The published configuration of diffusers' UNet2DConditionModel, as the levels the graph
// is built from. Names and defaults are diffusers'; what it can say and the graph cannot do
// is refused by name.
import { ACTIVATIONS, ConfigReader, isSize } from "./config";

/** One resolution on the way down or up. */
export interface UnetLevel {
  readonly channels: number;
  /** Transformer blocks after each residual block; `undefined`: no attention at this level. One entry a residual block. */
  readonly depths: readonly (number | undefined)[];
  readonly heads: number;
}

export interface UnetConfig {
  /** Side of the latent it was trained at. */
  readonly sampleSize: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly down: readonly UnetLevel[];
  /** `undefined`: none (SDXS). Without a depth it is one residual block. */
  readonly middle: { readonly depth: number | undefined; readonly heads: number } | undefined;
  /** From the lowest resolution up. */
  readonly up: readonly UnetLevel[];
  readonly groups: number;
  readonly epsilon: number;
  readonly textChannels: number;
  /** Projections around the transformer are linear layers (SD2, SDXL) or 1x1 convolutions (SD1): the same sums, other shapes. */
  readonly linearProjection: boolean;
  readonly inKernel: number;
  readonly outKernel: number;
  /** Downsampling pads on every side, or only at the bottom and the right. */
  readonly symmetricDownsampling: boolean;
  readonly timeFeatures: { readonly dimension: number; readonly cosineFirst: boolean; readonly frequencyShift: number };
  readonly timeChannels: number;
  /** Features of the guidance scale (latent consistency models). */
  readonly guidanceFeatures: number | undefined;
  /** SDXL: pooled text and `TIME_IDS` sizes, each with `sizeFeatures` features, beside the time. */
  readonly added: { readonly pooledChannels: number; readonly sizeFeatures: number } | undefined;
}

/** SDXL tells its network the original size, the crop and the target size, two numbers each. */
export const TIME_IDS = 6;

const DOWN_TYPES = ["CrossAttnDownBlock2D", "DownBlock2D"] as const;
const UP_TYPES = ["CrossAttnUpBlock2D", "UpBlock2D"] as const;
const MIDDLE_TYPES = { UNetMidBlock2DCrossAttn: "attention", UNetMidBlock2D: "plain" } as const;

/** Settings with one implemented value each; `undefined` means they must be absent. */
const FIXED: readonly (readonly [field: string, accepted?: string | number | boolean])[] = [
  ["center_input_sample", false],
  ["only_cross_attention", false],
  ["mid_block_only_cross_attention", false],
  ["dual_cross_attention", false],
  ["attention_type", "default"],
  ["cross_attention_norm"],
  ["class_embed_type"],
  ["num_class_embeds"],
  ["class_embeddings_concat", false],
  ["encoder_hid_dim"],
  ["encoder_hid_dim_type"],
  ["resnet_time_scale_shift", "default"],
  ["resnet_skip_time_act", false],
  ["resnet_out_scale_factor", 1],
  ["mid_block_scale_factor", 1],
  ["time_embedding_type", "positional"],
  ["time_embedding_act_fn"],
  ["timestep_post_act"],
];

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseUnetConfig(json: unknown): UnetConfig {
  const config = new ConfigReader(json, "UNet2DConditionModel");
  config.only("_class_name", "UNet2DConditionModel");
  for (const [field, accepted] of FIXED) config.only(field, accepted);
  if (config.choice("act_fn", ACTIVATIONS, "silu") !== "silu") config.refuse("act_fn", "can only be silu");
  const channels = config.sizes("block_out_channels", [320, 640, 1280, 1280]);
  const groups = config.size("norm_num_groups", 32);
  if (channels.some((count) => count % groups !== 0))
    config.refuse("norm_num_groups", `must divide block_out_channels ${channels.join(", ")}`);
  const base = channels[0] ?? 0;
  return {
    sampleSize: config.size("sample_size", 64),
    inChannels: config.size("in_channels", 4),
    outChannels: config.size("out_channels", 4),
    ...parseLevels(config, channels),
    groups,
    epsilon: config.optionalNumber("norm_eps") ?? 1e-5,
    textChannels: textChannels(config, channels.length),
    linearProjection: config.optionalBoolean("use_linear_projection") ?? false,
    inKernel: oddKernel(config, "conv_in_kernel"),
    outKernel: oddKernel(config, "conv_out_kernel"),
    symmetricDownsampling: config.size("downsample_padding", 1, 0) === 1 || asymmetric(config),
    timeFeatures: {
      dimension: base,
      cosineFirst: config.optionalBoolean("flip_sin_to_cos") ?? true,
      frequencyShift: config.optionalNumber("freq_shift") ?? 0,
    },
    timeChannels: config.size("time_embedding_dim", 4 * base),
    guidanceFeatures: config.has("time_cond_proj_dim") ? config.size("time_cond_proj_dim") : undefined,
    added: parseAdded(config),
  };
}

function parseLevels(config: ConfigReader, channels: readonly number[]): Pick<UnetConfig, "down" | "middle" | "up"> {
  const levels = channels.length;
  const downTypes = config.names("down_block_types", DOWN_TYPES, [
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "DownBlock2D",
  ]);
  const upTypes = config.names("up_block_types", UP_TYPES, ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]);
  if (downTypes.length !== levels) config.refuse("down_block_types", `must have ${levels} entries`);
  if (upTypes.length !== levels) config.refuse("up_block_types", `must have ${levels} entries`);
  const resnets = config.sizePerLevel("layers_per_block", levels, 2);
  const heads = headsPerLevel(config, channels);
  const depths = parseDepths(config, "transformer_layers_per_block", resnets);
  const upDepths = config.has("reverse_transformer_layers_per_block")
    ? parseDepths(
        config,
        "reverse_transformer_layers_per_block",
        resnets.toReversed().map((count) => count + 1),
      )
    : depths.toReversed().map((list, level) => extend(config, list, (resnets.at(-1 - level) ?? 0) + 1));
  const level = (i: number, crossAttention: boolean, blocks: readonly number[]): UnetLevel => ({
    channels: channels.at(i) ?? 0,
    depths: blocks.map((depth) => (crossAttention ? depth : undefined)),
    heads: heads.at(i) ?? 1,
  });
  return {
    down: downTypes.map((type, i) => level(i, type === "CrossAttnDownBlock2D", depths[i] ?? [])),
    middle: parseMiddle(config, depths.at(-1)?.[0], heads.at(-1) ?? 1),
    up: upTypes.map((type, i) => level(-1 - i, type === "CrossAttnUpBlock2D", upDepths[i] ?? [])),
  };
}

function parseMiddle(config: ConfigReader, depth: number | undefined, heads: number): UnetConfig["middle"] {
  // An explicit null is "none" (SDXS); only an absent field takes the default.
  if (config.object["mid_block_type"] === null) return undefined;
  const attention = config.choice("mid_block_type", MIDDLE_TYPES, "UNetMidBlock2DCrossAttn") === "attention";
  return { depth: attention ? (depth ?? 1) : undefined, heads };
}

/** Published configurations say `attention_head_dim` and mean the number of heads. */
function headsPerLevel(config: ConfigReader, channels: readonly number[]): readonly number[] {
  const field = config.has("num_attention_heads") ? "num_attention_heads" : "attention_head_dim";
  const heads = config.sizePerLevel(field, channels.length, 8);
  if (heads.some((count, i) => (channels[i] ?? 0) % count !== 0))
    config.refuse(field, `must divide block_out_channels ${channels.join(", ")}`);
  return heads;
}

/** Transformer blocks after each residual block of each level: one number for all, one a level, or a list a level. */
function parseDepths(config: ConfigReader, field: string, resnets: readonly number[]): readonly (readonly number[])[] {
  const value = config.object[field] ?? 1;
  const levels: readonly unknown[] = Array.isArray(value) ? value : resnets.map(() => value);
  if (levels.length !== resnets.length) config.refuse(field, `must have ${resnets.length} entries`);
  return levels.map((entry, level) => {
    const list: readonly unknown[] = Array.isArray(entry) ? entry : Array.from({ length: resnets[level] ?? 0 }, () => entry);
    if (list.length !== resnets[level]) config.refuse(field, "must have one entry for each residual block");
    return list.map((depth) => (isSize(depth, 0) ? depth : config.refuse(field, "must be made of integers")));
  });
}

/** The way up has one residual block more; the way down's depths serve it only if they are all alike. */
function extend(config: ConfigReader, depths: readonly number[], count: number): readonly number[] {
  const [first] = depths;
  if (first === undefined || depths.some((depth) => depth !== first)) {
    return config.refuse("reverse_transformer_layers_per_block", "must be given where depths differ within a level");
  }
  return Array.from({ length: count }, () => first);
}

function textChannels(config: ConfigReader, levels: number): number {
  const widths = config.sizePerLevel("cross_attention_dim", levels, 1280);
  if (new Set(widths).size !== 1) config.refuse("cross_attention_dim", "must be the same at every level");
  return widths[0] ?? 0;
}

function oddKernel(config: ConfigReader, field: string): number {
  const kernel = config.size(field, 3);
  return kernel % 2 === 1 ? kernel : config.refuse(field, "must be odd");
}

function asymmetric(config: ConfigReader): false {
  return config.size("downsample_padding", 1, 0) === 0 ? false : config.refuse("downsample_padding", "knows only 0 and 1");
}

function parseAdded(config: ConfigReader): UnetConfig["added"] {
  config.only("addition_embed_type", "text_time");
  if (!config.has("addition_embed_type")) return undefined;
  const sizeFeatures = config.size("addition_time_embed_dim");
  const pooledChannels = config.size("projection_class_embeddings_input_dim") - TIME_IDS * sizeFeatures;
  if (pooledChannels <= 0) config.refuse("projection_class_embeddings_input_dim", `must exceed ${TIME_IDS} x ${sizeFeatures}`);
  return { pooledChannels, sizeFeatures };
}
