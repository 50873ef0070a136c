// PaGoDA's generator (arXiv 2405.14822): the ADM UNet (arXiv 2105.05233) of a low-resolution
// teacher, then up-sampling blocks without skips up to the picture's size. One forward pass goes from
// noise to pixels without an autoencoder. Its only conditions are sigma and the label.
import type { GraphBuilder } from "../engine/graph-builder";
import { axis, channelsOf, type Tensor } from "../engine/tensor";
import { ConfigReader, RANGES } from "./config";
import type { Denoiser } from "./roles";
import { repeated, sinusoid } from "./sinusoid";

export interface PagodaConfig {
  /** Sides of the square noise and of the square picture. */
  readonly inputSize: number;
  readonly outputSize: number;
  readonly channels: number;
  /** Channels of each level of the UNet: on the way down, and on the way up from the lowest level. */
  readonly down: readonly number[];
  readonly up: readonly number[];
  readonly resnets: number;
  /** Channels of each further octave, from the UNet's size upwards. */
  readonly octaves: readonly number[];
  readonly octaveResnets: number;
  /** Downsampling factors at which there is attention. */
  readonly attentionAt: readonly number[];
  readonly headChannels: number;
  readonly classes: number;
  /** Whether time and label scale and shift the norm, or else are added before it: `film` for the UNet, `octaveFilm` for the octaves. */
  readonly film: boolean;
  readonly octaveFilm: boolean;
  readonly sigma: number;
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parsePagodaConfig(json: unknown): PagodaConfig {
  const config = new ConfigReader(json, "PaGoDA decoder");
  config.only("family", "pagoda-decoder");
  config.only("resblock_updown", true);
  config.only("learn_sigma", false);
  // The order in which queries, keys and values are packed depends on it.
  config.only("attention_type", "flash");
  const channels = config.size("model_channels", RANGES.channels, 192);
  const highChannels = config.size("model_channels_high", RANGES.channels, channels);
  const encoder = config.multipliers("encoder_channel_mult");
  const decoder = config.multipliers("decoder_channel_mult").toReversed();
  if (decoder.length < encoder.length) config.refuse("decoder_channel_mult", `must have at least ${encoder.length} entries`);
  const [inputSize, outputSize] = [config.size("input_size", RANGES.side), config.size("output_size", RANGES.side)];
  const octaves = decoder.slice(encoder.length).map((multiplier) => Math.floor(highChannels * multiplier));
  if (inputSize * 2 ** octaves.length !== outputSize) config.refuse("output_size", `must be ${inputSize * 2 ** octaves.length}`);
  const pagoda: PagodaConfig = {
    inputSize,
    outputSize,
    channels,
    down: encoder.map((multiplier) => Math.floor(channels * multiplier)),
    up: decoder.slice(0, encoder.length).map((multiplier) => Math.floor(channels * multiplier)),
    resnets: config.size("num_res_blocks", RANGES.blocks, 3),
    octaves,
    octaveResnets: config.size("num_res_blocks_high", RANGES.blocks, 2),
    attentionAt: config.sizes("attention_resolutions", RANGES.side),
    headChannels: config.size("num_head_channels", RANGES.channels, 64),
    classes: config.size("num_classes", RANGES.rows, 1000),
    film: config.optionalBoolean("use_scale_shift_norm") ?? true,
    octaveFilm: config.optionalBoolean("use_scale_shift_norm_high") ?? false,
    sigma: config.optionalNumber("sigma", [1e-3, 1e4]) ?? 80,
  };
  const widths = [channels, ...pagoda.down, ...pagoda.up, ...octaves];
  if (widths.some((width) => width % GROUPS !== 0)) config.refuse("model_channels", `must give channels that ${GROUPS} groups divide`);
  const attended = [pagoda.down.at(-1) ?? 0, ...attendedWidths(pagoda.down, pagoda), ...attendedWidths(pagoda.up.toReversed(), pagoda)];
  if (attended.some((width) => width % pagoda.headChannels !== 0)) config.refuse("num_head_channels", `must divide ${attended.join(", ")}`);
  return pagoda;
}

/**
 * In one step it predicts the picture itself, larger than the sample, so no autoencoder follows it.
 * @throws OnestrokeError `model-unsupported` naming the field
 */
export function pagodaDenoiser(json: unknown): Denoiser {
  const config = parsePagodaConfig(json);
  const { channels, inputSize, classes } = config;
  return {
    inChannels: 3,
    outChannels: 3,
    sampleSize: inputSize,
    reads: { kind: "label", classes },
    unused: [],
    build: (g, shape) => pagodaDecoder(g, config, shape),
    timeInputs: ({ timestep }, batch = 1) => ({ timestep: repeated(sinusoid([timestep], channels), batch) }),
    pictureInputs: () => ({}),
  };
}

/** Channels of the levels with attention. @param widths from the highest resolution downwards */
function attendedWidths(widths: readonly number[], { attentionAt }: PagodaConfig): readonly number[] {
  return widths.filter((_, level) => attentionAt.includes(2 ** level));
}

const GROUPS = 32;
const EPSILON = 1e-5;

interface Context {
  readonly g: GraphBuilder;
  readonly config: PagodaConfig;
  /** SiLU of the embedding of time and label. */
  readonly condition: Tensor;
}

/**
 * Inputs: `sample` [batch, input size, input size, 3], noise times sigma / sqrt(sigma^2 + 0.25); `timestep`
 * [batch, channels] (sinusoid of 250 ln(sigma)); `label` u32 [batch, 1].
 * @returns the picture, about [-1, 1], [batch, output size, output size, 3]
 */
export function pagodaDecoder(g: GraphBuilder, config: PagodaConfig, shape: { readonly batch: number; readonly sample?: Tensor }): Tensor {
  const { channels, inputSize } = config;
  const sample = shape.sample ?? g.input("sample", [shape.batch, inputSize, inputSize, 3], "run");
  const context = { g, config, condition: g.silu(conditioning(g, config, shape.batch)) };
  let x = g.conv2d(sample, "input_blocks.0.0", { outputs: channels });
  const skips = [x];
  x = downPath(context, x, skips);
  x = resBlock(context, x, "middle_block.0", { outputs: channelsOf(x) });
  x = attentionBlock(context, x, "middle_block.1");
  x = resBlock(context, x, "middle_block.2", { outputs: channelsOf(x) });
  x = upPath(context, x, skips);
  x = octavePath(context, x);
  x = g.silu(g.groupNorm(x, "out.0", { groups: GROUPS, epsilon: EPSILON }));
  return g.conv2d(x, "out.2", { outputs: 3 });
}

function conditioning(g: GraphBuilder, { channels, classes }: PagodaConfig, batch: number): Tensor {
  const outputs = 4 * channels;
  const features = g.input("timestep", [batch, channels], "timestep");
  const time = g.linear(g.silu(g.linear(features, "time_embed.0", { outputs })), "time_embed.2", { outputs });
  const label = g.input("label", [batch, 1], "prompt", "u32");
  const labels = g.embedding(label, { key: "label_emb.weight", shape: [classes, outputs] });
  return g.addTensors(time, g.reshape(labels, [batch, outputs]));
}

/** Pushes the result of every input block to `skips`. */
function downPath(context: Context, input: Tensor, skips: Tensor[]): Tensor {
  const { config } = context;
  let x = input;
  config.down.forEach((outputs, level) => {
    for (let block = 0; block < config.resnets; block++) {
      const name = `input_blocks.${skips.length}`;
      x = resBlock(context, x, `${name}.0`, { outputs });
      if (config.attentionAt.includes(2 ** level)) x = attentionBlock(context, x, `${name}.1`);
      skips.push(x);
    }
    if (level + 1 === config.down.length) return;
    x = resBlock(context, x, `input_blocks.${skips.length}.0`, { outputs, resample: "down" });
    skips.push(x);
  });
  return x;
}

function upPath(context: Context, input: Tensor, skips: readonly Tensor[]): Tensor {
  const { g, config } = context;
  const waiting = [...skips];
  let x = input;
  config.up.forEach((outputs, level) => {
    const last = level + 1 === config.up.length;
    for (let block = 0; block <= config.resnets; block++) {
      const name = `output_blocks.${skips.length - waiting.length}`;
      const skip = waiting.pop();
      let part = 0;
      x = resBlock(context, skip ? g.concatChannels(x, skip) : x, `${name}.${part++}`, { outputs });
      if (config.attentionAt.includes(2 ** (config.up.length - 1 - level))) x = attentionBlock(context, x, `${name}.${part++}`);
      if (!last && block === config.resnets) x = resBlock(context, x, `${name}.${part}`, { outputs, resample: "up" });
    }
  });
  return x;
}

/** Each octave doubles the side; it has no skips and no attention. */
function octavePath(context: Context, input: Tensor): Tensor {
  const { config } = context;
  let x = input;
  let index = config.down.length * (config.resnets + 1);
  for (const outputs of config.octaves) {
    const film = config.octaveFilm;
    x = resBlock(context, x, `output_blocks.${index++}.0`, { outputs, film, resample: "up" });
    for (let block = 0; block < config.octaveResnets; block++) x = resBlock(context, x, `output_blocks.${index++}.0`, { outputs, film });
  }
  return x;
}

interface ResBlockOptions {
  readonly outputs: number;
  /** Default: the UNet's setting. */
  readonly film?: boolean;
  readonly resample?: "up" | "down";
}

function resBlock({ g, config, condition }: Context, input: Tensor, name: string, options: ResBlockOptions): Tensor {
  const { outputs, film = config.film, resample } = options;
  const norm = { groups: GROUPS, epsilon: EPSILON };
  const x = resampled(g, input, resample);
  const normed = g.silu(g.groupNorm(input, `${name}.in_layers.0`, norm));
  let h = g.conv2d(resampled(g, normed, resample), `${name}.in_layers.2`, { outputs });
  const modulation = g.linear(condition, `${name}.emb_layers.1`, { outputs: film ? 2 * outputs : outputs });
  h = film
    ? g.groupNorm(h, `${name}.out_layers.0`, { ...norm, modulation })
    : g.groupNorm(g.addTensors(h, modulation), `${name}.out_layers.0`, norm);
  h = g.conv2d(g.silu(h), `${name}.out_layers.3`, { outputs });
  return g.addTensors(h, channelsOf(x) === outputs ? x : g.conv2d(x, `${name}.skip_connection`, { outputs, kernel: 1 }));
}

function resampled(g: GraphBuilder, x: Tensor, resample: ResBlockOptions["resample"]): Tensor {
  switch (resample) {
    case undefined:
      return x;
    case "up":
      return g.resizeNearest(x, 2 * axis(x, 1), 2 * axis(x, 2));
    case "down":
      return g.averagePool(x);
  }
}

/** Self-attention over pixels. All queries are packed before all keys and values. */
function attentionBlock({ g, config }: Context, x: Tensor, name: string): Tensor {
  const channels = channelsOf(x);
  const headSize = config.headChannels;
  const normed = g.groupNorm(x, `${name}.norm`, { groups: GROUPS, epsilon: EPSILON });
  const qkv = g.reshape(g.conv2d(normed, `${name}.qkv`, { outputs: 3 * channels, kernel: 1 }), [
    axis(x, 0),
    axis(x, 1) * axis(x, 2),
    3 * channels,
  ]);
  const attended = g.attention(qkv, qkv, qkv, {
    heads: channels / headSize,
    headSize,
    qLayout: { offset: 0, headStride: headSize },
    kLayout: { offset: channels, headStride: headSize },
    vLayout: { offset: 2 * channels, headStride: headSize },
  });
  const out = g.conv2d(g.reshape(attended, x.shape), `${name}.proj_out`, { outputs: channels, kernel: 1 });
  return g.addTensors(out, x);
}
