// The convolutional autoencoder of Stable Diffusion (Rombach et al., arXiv 2112.10752), as
// diffusers' AutoencoderKL publishes it. Latents go in and out unscaled:
// the pipeline applies scaling_factor and shift_factor.
import type { GraphBuilder } from "../engine/graph-builder";
import { axis, channelsOf, type Tensor } from "../engine/tensor";
import { ACTIVATIONS, ConfigReader, RANGES } from "./config";
import { resnetBlock } from "./resnet-block";
import type { Autoencoder, CodecShape } from "./roles";

export interface AutoencoderKlConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** From the picture's resolution downwards. */
  readonly channels: readonly number[];
  readonly resnets: number;
  readonly groups: number;
  readonly quantConvolution: boolean;
  readonly postQuantConvolution: boolean;
  readonly middleAttention: boolean;
  /** Whether float16 activations overflow (SDXL's do, those of its fp16-fix do not). */
  readonly forceFloat32: boolean;
  /** The denoiser's latent is `(latent - shiftFactor) * scalingFactor`. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseAutoencoderKlConfig(json: unknown): AutoencoderKlConfig {
  const config = new ConfigReader(json, "AutoencoderKL");
  config.only("_class_name", "AutoencoderKL");
  config.only("latents_mean");
  config.only("latents_std");
  if (config.choice("act_fn", ACTIVATIONS, "silu") !== "silu") config.refuse("act_fn", "can only be silu");
  const channels = config.sizes("block_out_channels", RANGES.channels, [64]);
  for (const [field, type] of [
    ["down_block_types", "DownEncoderBlock2D"],
    ["up_block_types", "UpDecoderBlock2D"],
  ] as const) {
    if (config.names(field, [type], [type]).length !== channels.length) config.refuse(field, `must have ${channels.length} entries`);
  }
  const groups = config.size("norm_num_groups", RANGES.groups, 32);
  if (channels.some((count) => count % groups !== 0))
    config.refuse("norm_num_groups", `must divide block_out_channels ${channels.join(", ")}`);
  return {
    inChannels: config.size("in_channels", RANGES.channels, 3),
    outChannels: config.size("out_channels", RANGES.channels, 3),
    latentChannels: config.size("latent_channels", RANGES.channels, 4),
    channels,
    resnets: config.size("layers_per_block", RANGES.blocks, 1),
    groups,
    quantConvolution: config.optionalBoolean("use_quant_conv") ?? true,
    postQuantConvolution: config.optionalBoolean("use_post_quant_conv") ?? true,
    middleAttention: config.optionalBoolean("mid_block_add_attention") ?? true,
    forceFloat32: config.optionalBoolean("force_upcast") ?? true,
    scalingFactor: config.optionalNumber("scaling_factor", RANGES.scaling) ?? 0.18215,
    shiftFactor: config.optionalNumber("shift_factor", RANGES.shift) ?? 0,
  };
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function autoencoderKl(json: unknown): Autoencoder {
  const config = parseAutoencoderKlConfig(json);
  const { latentChannels, scalingFactor, shiftFactor, channels, forceFloat32 } = config;
  return {
    latentChannels,
    scalingFactor,
    shiftFactor,
    factor: 2 ** (channels.length - 1),
    needsFloat32: forceFloat32,
    decoder: { unused: [/^encoder\./, /^quant_conv\./], build: (g, shape) => autoencoderKlDecoder(g, config, shape) },
    encoder: { unused: [/^decoder\./, /^post_quant_conv\./], build: (g, shape) => autoencoderKlEncoder(g, config, shape) },
  };
}

const EPSILON = 1e-6;

/**
 * @param shape sizes of the latent, and the latent itself if the graph computes it; default: the input `latent`
 * @returns pixels about [-1, 1], [batch, 2^(levels - 1) height, 2^(levels - 1) width, out channels]
 */
export function autoencoderKlDecoder(
  g: GraphBuilder,
  config: AutoencoderKlConfig,
  shape: CodecShape & { readonly latent?: Tensor },
): Tensor {
  const { latentChannels, resnets, groups } = config;
  const latent = shape.latent ?? g.input("latent", [shape.batch, shape.height, shape.width, latentChannels], "run");
  const quantised = config.postQuantConvolution ? g.conv2d(latent, "post_quant_conv", { outputs: latentChannels, kernel: 1 }) : latent;
  let x = g.conv2d(quantised, "decoder.conv_in", { outputs: config.channels.at(-1) ?? 0 });
  x = middle(g, x, "decoder.mid_block", config);
  config.channels.toReversed().forEach((outputs, level) => {
    const name = `decoder.up_blocks.${level}`;
    for (let block = 0; block <= resnets; block++) x = resnetBlock(g, x, `${name}.resnets.${block}`, { outputs, groups, epsilon: EPSILON });
    if (level + 1 === config.channels.length) return;
    x = g.conv2d(g.resizeNearest(x, 2 * axis(x, 1), 2 * axis(x, 2)), `${name}.upsamplers.0.conv`, { outputs });
  });
  x = g.silu(g.groupNorm(x, "decoder.conv_norm_out", { groups, epsilon: EPSILON }));
  return g.conv2d(x, "decoder.conv_out", { outputs: config.outChannels });
}

/**
 * @param shape sizes of the picture, which is the input `image` in [-1, 1]
 * @returns the posterior's mean, [batch, height / 2^(levels - 1), width / 2^(levels - 1), latent channels]
 */
export function autoencoderKlEncoder(g: GraphBuilder, config: AutoencoderKlConfig, shape: CodecShape): Tensor {
  const { latentChannels, resnets, groups } = config;
  const image = g.input("image", [shape.batch, shape.height, shape.width, config.inChannels], "run");
  let x = g.conv2d(image, "encoder.conv_in", { outputs: config.channels[0] ?? 0 });
  config.channels.forEach((outputs, level) => {
    const name = `encoder.down_blocks.${level}`;
    for (let block = 0; block < resnets; block++) x = resnetBlock(g, x, `${name}.resnets.${block}`, { outputs, groups, epsilon: EPSILON });
    if (level + 1 === config.channels.length) return;
    const padding = { top: 0, left: 0, bottom: 1, right: 1 };
    x = g.conv2d(x, `${name}.downsamplers.0.conv`, { outputs, stride: 2, padding });
  });
  x = middle(g, x, "encoder.mid_block", config);
  x = g.silu(g.groupNorm(x, "encoder.conv_norm_out", { groups, epsilon: EPSILON }));
  // Mean and log-variance stand side by side.
  const outputs = 2 * latentChannels;
  x = g.conv2d(x, "encoder.conv_out", { outputs });
  const moments = config.quantConvolution ? g.conv2d(x, "quant_conv", { outputs, kernel: 1 }) : x;
  return g.slice(moments, "channels", 0, latentChannels);
}

function middle(g: GraphBuilder, x: Tensor, name: string, config: AutoencoderKlConfig): Tensor {
  const options = { outputs: channelsOf(x), groups: config.groups, epsilon: EPSILON };
  const before = resnetBlock(g, x, `${name}.resnets.0`, options);
  const attended = config.middleAttention ? attention(g, before, `${name}.attentions.0`, config.groups) : before;
  return resnetBlock(g, attended, `${name}.resnets.1`, options);
}

/** Attention with one head over all pixels. x: [batch, height, width, channels] */
function attention(g: GraphBuilder, x: Tensor, name: string, groups: number): Tensor {
  const outputs = channelsOf(x);
  const normed = g.groupNorm(x, `${name}.group_norm`, { groups, epsilon: EPSILON });
  const tokens = g.reshape(normed, [axis(x, 0), axis(x, 1) * axis(x, 2), outputs]);
  const project = (part: string) => g.linear(tokens, `${name}.${part}`, { outputs });
  const attended = g.attention(project("to_q"), project("to_k"), project("to_v"), { heads: 1, headSize: outputs });
  return g.addTensors(g.reshape(g.linear(attended, `${name}.to_out.0`, { outputs }), x.shape), x);
}
