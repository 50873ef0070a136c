// The published configuration of diffusers' UNet2DConditionModel, as the levels that the graph
// is built from. Names and defaults are diffusers'. What a configuration can express and the graph cannot do
// is refused by name.
import { isIntegerWithin, within, type Range } from "../common/json";
import { ACTIVATIONS, ConfigReader, RANGES } from "./config";

/** One resolution on the way down or up. */
export interface UnetLevel {
  readonly channels: number;
  /** Transformer blocks after each residual block, one entry for each; `undefined` means that this level has no attention. */
  readonly depths: readonly (number | undefined)[];
  readonly heads: number;
}

export interface UnetConfig {
  /** Side of the latent that it was trained on. */
  readonly sampleSize: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly down: readonly UnetLevel[];
  /** `undefined` means that there is no middle block (SDXS). A middle without a depth is one residual block. */
  readonly middle: { readonly depth: number | undefined; readonly heads: number } | undefined;
  /** From the lowest resolution upwards. */
  readonly up: readonly UnetLevel[];
  readonly groups: number;
  readonly epsilon: number;
  readonly textChannels: number;
  /** Whether projections around the transformer are linear (SD2, SDXL) or 1x1 convolutions (SD1): equal sums, but different shapes. */
  readonly linearProjection: boolean;
  readonly inKernel: number;
  readonly outKernel: number;
  /** Whether downsampling pads on every side, or only at the bottom and the right. */
  readonly symmetricDownsampling: boolean;
  readonly timeFeatures: { readonly dimension: number; readonly cosineFirst: boolean; readonly frequencyShift: number };
  readonly timeChannels: number;
  /** Features of the guidance scale (latent consistency models). */
  readonly guidanceFeatures: number | undefined;
  /** SDXL: pooled text and `TIME_IDS` sizes, each with `sizeFeatures` features, besides the time. */
  readonly added: { readonly pooledChannels: number; readonly sizeFeatures: number } | undefined;
}

/** SDXL's network is given the original size, the crop and the target size, two numbers each. */
export const TIME_IDS = 6;

const DOWN_TYPES = ["CrossAttnDownBlock2D", "DownBlock2D"] as const;
const UP_TYPES = ["CrossAttnUpBlock2D", "UpBlock2D"] as const;
const MIDDLE_TYPES = { UNetMidBlock2DCrossAttn: "attention", UNetMidBlock2D: "plain" } as const;

/** Settings that have one implemented value each; `undefined` means that the setting must be absent. */
const FIXED: readonly (readonly [field: string, accepted?: string | number | boolean])[] = [
  ["center_input_sample", false],
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

/** Number of features of a sinusoid. With fewer than four, spacing the frequencies would divide by zero. */
const FEATURES: Range = [4, RANGES.channels[1]];
const TIME_CHANNELS: Range = [1, 4 * RANGES.channels[1]];

/** In the whole network; SDXL has 70. */
const MOST_TRANSFORMER_BLOCKS = 512;

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseUnetConfig(json: unknown): UnetConfig {
  const config = new ConfigReader(json, "UNet2DConditionModel");
  config.only("_class_name", "UNet2DConditionModel");
  for (const [field, accepted] of FIXED) config.only(field, accepted);
  if (config.choice("act_fn", ACTIVATIONS, "silu") !== "silu") config.refuse("act_fn", "can only be silu");
  const channels = config.sizes("block_out_channels", RANGES.channels, [320, 640, 1280, 1280]);
  const groups = config.size("norm_num_groups", RANGES.groups, 32);
  if (channels.some((count) => count % groups !== 0))
    config.refuse("norm_num_groups", `must divide block_out_channels ${channels.join(", ")}`);
  const base = channels[0] ?? 0;
  return {
    sampleSize: config.size("sample_size", RANGES.side, 64),
    inChannels: config.size("in_channels", RANGES.channels, 4),
    outChannels: config.size("out_channels", RANGES.channels, 4),
    ...parseLevels(config, channels),
    groups,
    epsilon: config.optionalNumber("norm_eps", RANGES.epsilon) ?? 1e-5,
    linearProjection: config.optionalBoolean("use_linear_projection") ?? false,
    inKernel: oddKernel(config, "conv_in_kernel"),
    outKernel: oddKernel(config, "conv_out_kernel"),
    symmetricDownsampling: config.size("downsample_padding", [0, 1], 1) === 1,
    timeFeatures: {
      dimension: base,
      cosineFirst: config.optionalBoolean("flip_sin_to_cos") ?? true,
      frequencyShift: config.optionalNumber("freq_shift", [0, 1]) ?? 0,
    },
    timeChannels: config.size("time_embedding_dim", TIME_CHANNELS, 4 * base),
    guidanceFeatures: config.has("time_cond_proj_dim") ? config.size("time_cond_proj_dim", FEATURES) : undefined,
    added: parseAdded(config),
  };
}

function parseLevels(config: ConfigReader, channels: readonly number[]): Pick<UnetConfig, "down" | "middle" | "up" | "textChannels"> {
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
  const down = downTypes.map((type) => type === "CrossAttnDownBlock2D");
  const up = upTypes.map((type) => type === "CrossAttnUpBlock2D");
  const middle = middleType(config);
  // A level's attention settings count if it has attention on the way down, on the way up, or in the middle block.
  const attended = down.map((isAttended, i) => isAttended || up[levels - 1 - i] === true || (middle === "attention" && i + 1 === levels));
  if (levelValues(config, "only_cross_attention", attended, false).some((value, i) => attended[i] === true && value !== false))
    config.refuse("only_cross_attention", "can only be false");
  const resnets = config.sizePerLevel("layers_per_block", levels, RANGES.blocks, 2);
  const heads = headsPerLevel(config, channels, attended);
  const depths = parseDepths(config, resnets, { down, up });
  const level = (i: number, blocks: UnetLevel["depths"]): UnetLevel => ({
    channels: channels.at(i) ?? 0,
    depths: blocks,
    heads: heads.at(i) ?? 1,
  });
  const parsed = {
    down: depths.down.map((blocks, i) => level(i, blocks)),
    middle: middle && { depth: middle === "attention" ? depths.middle() : undefined, heads: heads.at(-1) ?? 1 },
    up: depths.up.map((blocks, i) => level(-1 - i, blocks)),
    textChannels: textChannels(config, attended),
  };
  const blocks = [...parsed.down, ...parsed.up].flatMap((each) => each.depths).reduce<number>((sum, depth) => sum + (depth ?? 0), 0);
  if (blocks + (parsed.middle?.depth ?? 0) > MOST_TRANSFORMER_BLOCKS)
    config.refuse("transformer_layers_per_block", `must not make more than ${MOST_TRANSFORMER_BLOCKS} transformer blocks in all`);
  return parsed;
}

function middleType(config: ConfigReader): "attention" | "plain" | undefined {
  // An explicit null means that there is no middle block (SDXS); only an absent field takes the default.
  if (config.object["mid_block_type"] === null) return undefined;
  return config.choice("mid_block_type", MIDDLE_TYPES, "UNetMidBlock2DCrossAttn");
}

/** One value for all levels, or a list with one for each level. The values are not checked. */
function levelValues(config: ConfigReader, field: string, { length }: readonly unknown[], fallback: unknown): readonly unknown[] {
  const value = config.object[field] ?? fallback;
  const levels: readonly unknown[] = Array.isArray(value) ? value : Array.from({ length }, () => value);
  return levels.length === length ? levels : config.refuse(field, `must have one entry for each of the ${length} levels`);
}

/** One size for each level. Levels without attention do not use theirs, so it is 1 here. */
function attendedSizes(
  config: ConfigReader,
  field: string,
  range: Range,
  attended: readonly boolean[],
  fallback: number,
): readonly number[] {
  return levelValues(config, field, attended, fallback).map((value, i) => {
    if (attended[i] !== true) return 1;
    return isIntegerWithin(value, range) ? value : config.refuse(field, `must be an integer ${within(range)}, or one for each level`);
  });
}

/** Published configurations have `attention_head_dim` and mean the number of heads. */
function headsPerLevel(config: ConfigReader, channels: readonly number[], attended: readonly boolean[]): readonly number[] {
  const field = config.has("num_attention_heads") ? "num_attention_heads" : "attention_head_dim";
  const heads = attendedSizes(config, field, RANGES.heads, attended, 8);
  if (heads.some((count, i) => (channels[i] ?? 0) % count !== 0))
    config.refuse(field, `must divide block_out_channels ${channels.join(", ")}`);
  return heads;
}

interface Depths {
  readonly down: readonly UnetLevel["depths"][];
  readonly up: readonly UnetLevel["depths"][];
  middle(): number;
}

/**
 * Transformer blocks after each residual block of each level: one number for all, one for each level, or a list for each level. The way up
 * has one residual block more; the way down's depths apply to it only if they are all equal within a level.
 */
function parseDepths(
  config: ConfigReader,
  resnets: readonly number[],
  { down, up }: { readonly down: readonly boolean[]; readonly up: readonly boolean[] },
): Depths {
  const [DOWN, UP] = ["transformer_layers_per_block", "reverse_transformer_layers_per_block"] as const;
  const range: Range = [0, RANGES.layers[1]];
  const depth = (field: string, value: unknown): number =>
    isIntegerWithin(value, range) ? value : config.refuse(field, `must be made of integers ${within(range)}`);
  const list = (field: string, entry: unknown, count: number): readonly number[] => {
    if (!Array.isArray(entry)) return Array.from({ length: count }, () => depth(field, entry));
    // Entries beyond the last block are nobody's, as those of levels without attention are.
    if (entry.length < count) return config.refuse(field, "must have one entry for each residual block");
    return entry.slice(0, count).map((value) => depth(field, value));
  };
  const none = (count: number): UnetLevel["depths"] => Array.from({ length: count }, () => undefined);
  const given = levelValues(config, DOWN, down, 1);
  const reversed = config.has(UP) ? levelValues(config, UP, up, 1) : undefined;
  const upwards = (level: number, count: number): readonly number[] => {
    if (reversed) return list(UP, reversed[level], count);
    const alike = [given.at(-1 - level)].flat();
    if (alike.some((value) => value !== alike[0])) return config.refuse(UP, "must be given where depths differ within a level");
    return list(DOWN, alike[0], count);
  };
  return {
    down: resnets.map((count, level) => (down[level] === true ? list(DOWN, given[level], count) : none(count))),
    up: resnets.toReversed().map((count, level) => (up[level] === true ? upwards(level, count + 1) : none(count + 1))),
    middle: () => depth(DOWN, [given.at(-1)].flat()[0]),
  };
}

function textChannels(config: ConfigReader, attended: readonly boolean[]): number {
  const widths = attendedSizes(config, "cross_attention_dim", RANGES.channels, attended, 1280).filter((_, i) => attended[i]);
  if (new Set(widths).size > 1) config.refuse("cross_attention_dim", "must be the same at every level with attention");
  return widths[0] ?? config.refuse("down_block_types", "must have attention to the text at some level");
}

function oddKernel(config: ConfigReader, field: string): number {
  const kernel = config.size(field, RANGES.kernel, 3);
  return kernel % 2 === 1 ? kernel : config.refuse(field, "must be odd");
}

function parseAdded(config: ConfigReader): UnetConfig["added"] {
  config.only("addition_embed_type", "text_time");
  if (!config.has("addition_embed_type")) return undefined;
  const sizeFeatures = config.size("addition_time_embed_dim", FEATURES);
  const pooledChannels = config.size("projection_class_embeddings_input_dim", TIME_CHANNELS) - TIME_IDS * sizeFeatures;
  if (pooledChannels <= 0) config.refuse("projection_class_embeddings_input_dim", `must exceed ${TIME_IDS} x ${sizeFeatures}`);
  return { pooledChannels, sizeFeatures };
}
