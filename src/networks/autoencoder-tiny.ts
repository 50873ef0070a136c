// TAESD (github.com/madebyollin/taesd): the small distilled autoencoder, as diffusers'
// AutoencoderTiny publishes it. It has no norms and no attention, and its layers are numbered consecutively.
// Unlike in diffusers, levels may differ in width: the convolution between two levels changes it.
import type { GraphBuilder } from "../engine/graph-builder";
import type { Activation } from "../engine/ops";
import { axis, channelsOf, type Tensor } from "../engine/tensor";
import { ACTIVATIONS, ConfigReader, RANGES } from "./config";
import type { Autoencoder, CodecShape } from "./roles";

export interface AutoencoderTinyLevel {
  readonly channels: number;
  /** Can be 0. */
  readonly blocks: number;
}

export interface AutoencoderTinyConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** From the picture downwards. */
  readonly encoder: readonly AutoencoderTinyLevel[];
  /** From the latent upwards. */
  readonly decoder: readonly AutoencoderTinyLevel[];
  readonly activation: Activation;
  readonly upsampling: number;
  /** The denoiser's latent is `(latent - shiftFactor) * scalingFactor`. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseAutoencoderTinyConfig(json: unknown): AutoencoderTinyConfig {
  const config = new ConfigReader(json, "AutoencoderTiny");
  config.only("_class_name", "AutoencoderTiny");
  config.only("upsample_fn", "nearest");
  return {
    inChannels: config.size("in_channels", RANGES.channels, 3),
    outChannels: config.size("out_channels", RANGES.channels, 3),
    latentChannels: config.size("latent_channels", RANGES.channels, 4),
    encoder: levels(config, "encoder_block_out_channels", "num_encoder_blocks", [1, 3, 3, 3]),
    decoder: levels(config, "decoder_block_out_channels", "num_decoder_blocks", [3, 3, 3, 1]),
    activation: config.choice<Activation>("act_fn", ACTIVATIONS, "relu"),
    upsampling: config.size("upsampling_scaling_factor", [1, 4], 2),
    scalingFactor: config.optionalNumber("scaling_factor", RANGES.scaling) ?? 1,
    shiftFactor: config.optionalNumber("shift_factor", RANGES.shift) ?? 0,
  };
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function autoencoderTiny(json: unknown): Autoencoder {
  const config = parseAutoencoderTinyConfig(json);
  const { latentChannels, scalingFactor, shiftFactor, upsampling, decoder } = config;
  return {
    latentChannels,
    scalingFactor,
    shiftFactor,
    factor: upsampling ** (decoder.length - 1),
    needsFloat32: false,
    decoder: { unused: [/^encoder\./], build: (g, shape) => autoencoderTinyDecoder(g, config, shape) },
    encoder: { unused: [/^decoder\./], build: (g, shape) => autoencoderTinyEncoder(g, config, shape) },
  };
}

function levels(config: ConfigReader, widths: string, counts: string, defaultCounts: readonly number[]): readonly AutoencoderTinyLevel[] {
  const channels = config.sizes(widths, RANGES.channels, [64, 64, 64, 64]);
  const blocks = config.sizes(counts, [0, RANGES.blocks[1]], defaultCounts);
  if (blocks.length !== channels.length) config.refuse(counts, `must have as many entries as ${widths}`);
  return channels.map((width, level) => ({ channels: width, blocks: blocks[level] ?? 0 }));
}

/**
 * @param shape sizes of the latent, and the latent itself if the graph computes it; default: the input `latent`
 * @returns pixels about [-1, 1], each side `upsampling ^ (levels - 1)` times as long, out channels
 */
export function autoencoderTinyDecoder(
  g: GraphBuilder,
  config: AutoencoderTinyConfig,
  shape: CodecShape & { readonly latent?: Tensor },
): Tensor {
  const { decoder, activation, upsampling } = config;
  const latent = shape.latent ?? g.input("latent", [shape.batch, shape.height, shape.width, config.latentChannels], "run");
  const layer = numbered("decoder");
  let x = g.conv2d(g.activate(latent, "soft-clamp"), layer(), { outputs: decoder[0]?.channels ?? 0 });
  layer();
  x = g.activate(x, activation);
  decoder.forEach(({ blocks }, level) => {
    for (let block = 0; block < blocks; block++) x = tinyBlock(g, x, layer(), activation);
    const next = decoder[level + 1];
    if (next === undefined) return;
    layer();
    x = g.resizeNearest(x, upsampling * axis(x, 1), upsampling * axis(x, 2));
    x = g.conv2d(x, layer(), { outputs: next.channels, bias: false });
  });
  // The network's pixels are in [0, 1].
  return g.scaleShift(g.conv2d(x, layer(), { outputs: config.outChannels }), 2, -1);
}

/**
 * @param shape sizes of the picture, which is the input `image` in [-1, 1]
 * @returns [batch, height / 2^(levels - 1), width / 2^(levels - 1), latent channels]
 */
export function autoencoderTinyEncoder(g: GraphBuilder, config: AutoencoderTinyConfig, shape: CodecShape): Tensor {
  const image = g.input("image", [shape.batch, shape.height, shape.width, config.inChannels], "run");
  const layer = numbered("encoder");
  let x = g.scaleShift(image, 0.5, 0.5);
  config.encoder.forEach(({ channels, blocks }, level) => {
    x = level === 0 ? g.conv2d(x, layer(), { outputs: channels }) : g.conv2d(x, layer(), { outputs: channels, stride: 2, bias: false });
    for (let block = 0; block < blocks; block++) x = tinyBlock(g, x, layer(), config.activation);
  });
  return g.conv2d(x, layer(), { outputs: config.latentChannels });
}

/** Three convolutions and a skip. The last activation is ReLU, whatever the others are. */
function tinyBlock(g: GraphBuilder, x: Tensor, name: string, activation: Activation): Tensor {
  const outputs = channelsOf(x);
  let h = g.activate(g.conv2d(x, `${name}.conv.0`, { outputs }), activation);
  h = g.activate(g.conv2d(h, `${name}.conv.2`, { outputs }), activation);
  return g.activate(g.addTensors(g.conv2d(h, `${name}.conv.4`, { outputs }), x), "relu");
}

/** Gives the names of consecutive layers; layers without weights count too. */
function numbered(part: string): () => string {
  let index = 0;
  return () => `${part}.layers.${index++}`;
}
