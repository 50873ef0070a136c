// The improved-MeanFlow transformer (arXiv 2512.02012). It has no adaptive norms: label, guidance scale,
// guidance interval and duration are tokens before the patches. Guidance is an input, so changing it
// does not need a second pass. Of its two heads only u, the average velocity, is built.
import type { GraphBuilder } from "../engine/graph-builder";
import type { Tensor } from "../engine/tensor";
import { ConfigReader, RANGES } from "./config";
import type { Denoiser, Inputs } from "./roles";
import { repeated, sinusoid } from "./sinusoid";

export interface ImfConfig {
  /** Side of the square latent. */
  readonly size: number;
  readonly patch: number;
  readonly inChannels: number;
  readonly channels: number;
  /** Blocks that both heads share, and blocks of the u-head. */
  readonly sharedDepth: number;
  readonly headDepth: number;
  readonly heads: number;
  readonly hiddenChannels: number;
  readonly classes: number;
  /** Learnable tokens for each condition. */
  readonly tokens: { readonly label: number; readonly guidance: number; readonly interval: number; readonly time: number };
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseImfConfig(json: unknown): ImfConfig {
  const config = new ConfigReader(json, "improved MeanFlow DiT");
  config.only("family", "imf-dit");
  const [size, patch] = [config.size("input_size", RANGES.side, 32), config.size("patch_size", RANGES.patch, 2)];
  const [channels, heads] = [config.size("hidden_size", RANGES.channels, 1152), config.size("num_heads", RANGES.heads, 16)];
  const [depth, headDepth] = [config.size("depth", RANGES.layers, 28), config.size("aux_head_depth", RANGES.layers, 8)];
  if (size % patch !== 0) config.refuse("patch_size", `must divide input_size ${size}`);
  if (channels % heads !== 0) config.refuse("num_heads", `must divide hidden_size ${channels}`);
  if (headDepth > depth) config.refuse("aux_head_depth", `must not exceed depth ${depth}`);
  return {
    size,
    patch,
    inChannels: config.size("in_channels", RANGES.channels, 4),
    channels,
    sharedDepth: depth - headDepth,
    headDepth,
    heads,
    hiddenChannels: Math.floor(channels * (config.optionalNumber("mlp_ratio", RANGES.multiplier) ?? 8 / 3)),
    classes: config.size("num_classes", RANGES.rows, 1000),
    tokens: {
      label: config.size("num_class_tokens", RANGES.tokens, 8),
      guidance: config.size("num_cfg_tokens", RANGES.tokens, 4),
      interval: config.size("num_interval_tokens", RANGES.tokens, 2),
      time: config.size("num_time_tokens", RANGES.tokens, 4),
    },
  };
}

/** Guidance as an input: its scale, and the interval of times in which it applies. */
export interface ImfGuidance {
  readonly omega: number;
  readonly begin: number;
  readonly end: number;
}

/** No guidance: scale 1 at all times. */
const UNGUIDED: ImfGuidance = { omega: 1, begin: 0, end: 1 };

/** @throws OnestrokeError `model-unsupported` naming the field */
export function imfDenoiser(json: unknown, guidance: ImfGuidance = UNGUIDED): Denoiser {
  const config = parseImfConfig(json);
  const { inChannels, size, classes } = config;
  return {
    inChannels,
    outChannels: inChannels,
    sampleSize: size,
    reads: { kind: "label", classes },
    unused: IMF_UNUSED,
    build: (g, shape) => imfDit(g, config, shape),
    timeInputs: ({ timestep, endTimestep }, batch = 1) => ({ duration: features(timestep - endTimestep, batch) }),
    pictureInputs: (_, batch = 1) => imfGuidanceInputs(guidance, batch),
  };
}

export function imfGuidanceInputs({ omega, begin, end }: ImfGuidance, batch: number): Inputs {
  return { guidance: features(1 - 1 / omega, batch), interval_begin: features(begin, batch), interval_end: features(end, batch) };
}

function features(value: number, batch: number): Float32Array {
  return repeated(sinusoid([value], IMF_FEATURES), batch);
}

/** Number of sinusoidal features of a scalar, which is used unscaled. */
const IMF_FEATURES = 256;

/** Tensors of the v-head, which serves training only. */
export const IMF_UNUSED: readonly RegExp[] = [/^v_heads\./, /^v_final_layer\./];

const EPSILON = 1e-6;

/**
 * Inputs: `sample` [batch, size, size, channels] unless `shape.sample` is given; sinusoids [batch, 256] of
 * `duration` (t - r), `guidance` (1 - 1/omega), `interval_begin` and `interval_end`; `label` u32 [batch, 1].
 * @returns u, [batch, size, size, in channels]
 */
export function imfDit(g: GraphBuilder, config: ImfConfig, shape: { readonly batch: number; readonly sample?: Tensor }): Tensor {
  const { batch } = shape;
  const { size, patch, channels } = config;
  const sample = shape.sample ?? g.input("sample", [batch, size, size, config.inChannels], "run");
  const prefix = prefixTokens(g, config, batch);
  const patches = g.conv2d(sample, "x_embedder.proj", { outputs: channels, kernel: patch, stride: patch, padding: NO_PADDING });
  const tokens = (size / patch) ** 2;
  let x = g.concatTokens(prefix, g.reshape(patches, [batch, tokens, channels]));
  for (let layer = 0; layer < config.sharedDepth; layer++) x = block(g, x, `shared_blocks.${layer}`, config);
  for (let layer = 0; layer < config.headDepth; layer++) x = block(g, x, `u_heads.${layer}`, config);
  const drawn = g.slice(x, "tokens", prefix.shape[1] ?? 0, tokens);
  const normed = g.rmsNorm(drawn, "u_final_layer.norm", { epsilon: EPSILON });
  const out = g.linear(normed, "u_final_layer.linear._flax_linear", { outputs: patch * patch * config.inChannels });
  return g.unpatchify(out, { patch, height: size, width: size });
}

const NO_PADDING = { top: 0, left: 0, bottom: 0, right: 0 };

/** [label | guidance | interval begin | interval end | time], each a table of tokens plus one embedding. */
function prefixTokens(g: GraphBuilder, config: ImfConfig, batch: number): Tensor {
  const { channels, tokens } = config;
  const embed = (input: string, name: string, rate: "prompt" | "timestep") => {
    const features = g.input(input, [batch, IMF_FEATURES], rate);
    const hidden = g.silu(g.linear(features, `${name}.mlp.0._flax_linear`, { outputs: channels }));
    return g.linear(hidden, `${name}.mlp.2._flax_linear`, { outputs: channels });
  };
  const label = g.input("label", [batch, 1], "prompt", "u32");
  const table = { key: "y_embedder.embedding_table._flax_embedding.weight", shape: [config.classes + 1, channels] };
  const labelled = g.reshape(g.embedding(label, table), [batch, channels]);
  return [
    g.tableTokens(labelled, "class_tokens", [tokens.label, channels]),
    g.tableTokens(embed("guidance", "omega_embedder", "prompt"), "omega_tokens", [tokens.guidance, channels]),
    g.tableTokens(embed("interval_begin", "cfg_t_start_embedder", "prompt"), "t_min_tokens", [tokens.interval, channels]),
    g.tableTokens(embed("interval_end", "cfg_t_end_embedder", "prompt"), "t_max_tokens", [tokens.interval, channels]),
    g.tableTokens(embed("duration", "h_embedder", "timestep"), "time_tokens", [tokens.time, channels]),
  ].reduce((sequence, part) => g.concatTokens(sequence, part));
}

/** Pre-norm attention with normalised, rotated queries and keys, and SwiGLU. A learnt vector scales each residual. */
function block(g: GraphBuilder, input: Tensor, name: string, config: ImfConfig): Tensor {
  const { channels, heads, hiddenChannels } = config;
  const headSize = channels / heads;
  const normed = g.rmsNorm(input, `${name}.norm1`, { epsilon: EPSILON });
  const project = (part: string) => g.linear(normed, `${name}.attn.${part}_proj._flax_linear`, { outputs: channels, bias: false });
  const rotated = (part: "q" | "k") => {
    const scaled = g.rmsNorm(project(part), `${name}.attn.${part}_norm`, { epsilon: EPSILON, groupSize: headSize });
    return g.rotary(scaled, { heads, headSize, theta: 10_000 });
  };
  const attended = g.attention(rotated("q"), rotated("k"), project("v"), { heads, headSize });
  const out = g.linear(attended, `${name}.attn.out_proj._flax_linear`, { outputs: channels, bias: false });
  const x = g.scaleChannels(out, `${name}.attn_scale`, input);
  const normedAgain = g.rmsNorm(x, `${name}.norm2`, { epsilon: EPSILON });
  const hidden = (part: string) => g.linear(normedAgain, `${name}.mlp.${part}._flax_linear`, { outputs: hiddenChannels, bias: false });
  const gated = g.multiply(g.silu(hidden("w1")), hidden("w3"));
  return g.scaleChannels(g.linear(gated, `${name}.mlp.w2._flax_linear`, { outputs: channels, bias: false }), `${name}.mlp_scale`, x);
}
