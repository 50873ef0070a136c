// The text-conditioned UNet of Stable Diffusion (Rombach et al., arXiv 2112.10752), as
// diffusers' UNet2DConditionModel publishes it: SD1.5, SD2.1, LCM, SDXL, SDXS and their
// students. Cross-attention takes a negative text beside the prompt (NASA, arXiv 2412.02687,
// NAG, arXiv 2505.21179, or VSF, arXiv 2508.10931); without negative keys it is exactly the published network.
import type { GraphBuilder } from "../engine/graph-builder";
import { steeringFields } from "../engine/steering-input";
import { axis, channelsOf, type Tensor } from "../engine/tensor";
import type { SteeringMethod } from "../common/steering";
import { CONSISTENCY_GUIDANCE, guidanceEmbedding } from "./guidance-embedding";
import { resnetBlock } from "./resnet-block";
import type { Denoiser, DenoiserShape } from "./roles";
import { repeated, sinusoid } from "./sinusoid";
import { parseUnetConfig, TIME_IDS, type UnetConfig } from "./unet-config";

/** @throws OnestrokeError `model-unsupported` naming the field */
export function unetDenoiser(json: unknown): Denoiser {
  const config = parseUnetConfig(json);
  const { inChannels, outChannels, sampleSize, textChannels, timeFeatures, guidanceFeatures, added } = config;
  const features = (values: readonly number[], dimension: number, batch: number) =>
    sinusoid(Array.from({ length: batch }, () => values).flat(), dimension, timeFeatures);
  return {
    inChannels,
    outChannels,
    sampleSize,
    reads: { kind: "text", channels: textChannels, pooledChannels: added?.pooledChannels },
    unused: UNET_UNUSED,
    build: (g, shape) => unet2dCondition(g, config, shape),
    timeInputs: ({ timestep }, batch = 1) => ({
      timestep: features([timestep], timeFeatures.dimension, batch),
      ...(guidanceFeatures === undefined ? {} : { guidance: repeated(guidanceEmbedding(CONSISTENCY_GUIDANCE, guidanceFeatures), batch) }),
    }),
    pictureInputs: ({ width, height }, batch = 1) =>
      // The original size, the corner of the crop, and the target size.
      added === undefined ? {} : { sizes: features([height, width, 0, 0, height, width], added.sizeFeatures, batch) },
  };
}

/** Every tensor of a published UNet is read. */
export const UNET_UNUSED: readonly RegExp[] = [];

/** What every block reads besides the image. */
interface Context {
  readonly g: GraphBuilder;
  readonly config: UnetConfig;
  /** SiLU of the time embedding, [batch, time channels]. */
  readonly time: Tensor;
  readonly text: Tensor;
  readonly negativeText: Tensor;
  readonly steering: Tensor;
  readonly method: SteeringMethod;
}

/**
 * Inputs: `sample` [batch, height, width, in channels]; `timestep` [batch, features] (sinusoid);
 * `text` and `negative_text` [text batch, textTokens, text channels]; `steering` f32 (engine/steering-input.ts);
 * `guidance` [batch, features] (LCM); `pooled_text` [batch, channels] and `sizes` [batch, 6 * features] (SDXL).
 * @returns the prediction, [batch, height, width, out channels]
 */
export function unet2dCondition(g: GraphBuilder, config: UnetConfig, shape: DenoiserShape): Tensor {
  const { batch, textTokens, textBatch = batch } = shape;
  const textShape = [textBatch, textTokens, config.textChannels];
  const context: Context = {
    g,
    config,
    time: g.silu(timeEmbedding(g, config, batch)),
    text: g.input("text", textShape, "prompt"),
    negativeText: g.input("negative_text", textShape, "negative"),
    steering: g.input("steering", [1, steeringFields(textTokens)], "run", "f32"),
    method: shape.steering,
  };
  const sample = shape.sample ?? g.input("sample", [batch, shape.height, shape.width, config.inChannels], "run");
  const { groups, epsilon, inKernel, outKernel, outChannels } = config;
  let x = g.conv2d(sample, "conv_in", { outputs: config.down[0]?.channels ?? 0, kernel: inKernel });
  const skips = [x];
  x = downPath(context, x, skips);
  x = middle(context, x);
  x = upPath(context, x, skips);
  x = g.silu(g.groupNorm(x, "conv_norm_out", { groups, epsilon }));
  return g.conv2d(x, "conv_out", { outputs: outChannels, kernel: outKernel });
}

function timeEmbedding(g: GraphBuilder, config: UnetConfig, batch: number): Tensor {
  const { timeFeatures, timeChannels, guidanceFeatures, added } = config;
  let features = g.input("timestep", [batch, timeFeatures.dimension], "timestep");
  if (guidanceFeatures !== undefined) {
    const guidance = g.input("guidance", [batch, guidanceFeatures], "timestep");
    features = g.addTensors(g.linear(guidance, "time_embedding.cond_proj", { outputs: timeFeatures.dimension, bias: false }), features);
  }
  const time = embeddingMlp(g, features, "time_embedding", timeChannels);
  if (added === undefined) return time;
  const pooled = g.input("pooled_text", [batch, added.pooledChannels], "prompt");
  const sizes = g.input("sizes", [batch, TIME_IDS * added.sizeFeatures], "prompt");
  return g.addTensors(time, embeddingMlp(g, g.concatChannels(pooled, sizes), "add_embedding", timeChannels));
}

function embeddingMlp(g: GraphBuilder, x: Tensor, name: string, outputs: number): Tensor {
  return g.linear(g.silu(g.linear(x, `${name}.linear_1`, { outputs })), `${name}.linear_2`, { outputs });
}

/** Adds the result of every block to `skips`. */
function downPath(context: Context, input: Tensor, skips: Tensor[]): Tensor {
  const { g, config } = context;
  const padding = config.symmetricDownsampling ? {} : { padding: { top: 0, left: 0, bottom: 1, right: 1 } };
  let x = input;
  config.down.forEach(({ channels, depths, heads }, level) => {
    const name = `down_blocks.${level}`;
    depths.forEach((depth, block) => {
      x = resnet(context, x, `${name}.resnets.${block}`, channels);
      if (depth !== undefined) x = transformer(context, x, `${name}.attentions.${block}`, heads, depth);
      skips.push(x);
    });
    if (level + 1 === config.down.length) return;
    x = g.conv2d(x, `${name}.downsamplers.0.conv`, { outputs: channels, stride: 2, ...padding });
    skips.push(x);
  });
  return x;
}

function middle(context: Context, input: Tensor): Tensor {
  const { config } = context;
  if (config.middle === undefined) return input;
  const channels = channelsOf(input);
  const x = resnet(context, input, "mid_block.resnets.0", channels);
  if (config.middle.depth === undefined) return x;
  const attended = transformer(context, x, "mid_block.attentions.0", config.middle.heads, config.middle.depth);
  return resnet(context, attended, "mid_block.resnets.1", channels);
}

function upPath(context: Context, input: Tensor, skips: Tensor[]): Tensor {
  const { g, config } = context;
  let x = input;
  config.up.forEach(({ channels, depths, heads }, level) => {
    const name = `up_blocks.${level}`;
    depths.forEach((depth, block) => {
      const skip = skips.pop();
      if (skip) x = g.concatChannels(x, skip);
      x = resnet(context, x, `${name}.resnets.${block}`, channels);
      if (depth !== undefined) x = transformer(context, x, `${name}.attentions.${block}`, heads, depth);
    });
    const next = skips.at(-1);
    // The size of the skip that x will be joined to: twice as large, or one less where a size was odd.
    if (next) x = g.conv2d(g.resizeNearest(x, axis(next, 1), axis(next, 2)), `${name}.upsamplers.0.conv`, { outputs: channels });
  });
  return x;
}

function resnet({ g, config, time }: Context, x: Tensor, name: string, outputs: number): Tensor {
  return resnetBlock(g, x, name, { outputs, groups: config.groups, epsilon: config.epsilon, time });
}

/** Transformer blocks over the pixels as tokens. x: [batch, height, width, channels] */
function transformer(context: Context, x: Tensor, name: string, heads: number, depth: number): Tensor {
  const { g, config } = context;
  const [batch, height, width, channels] = [axis(x, 0), axis(x, 1), axis(x, 2), channelsOf(x)];
  const project = (input: Tensor, part: string) =>
    config.linearProjection
      ? g.linear(input, `${name}.${part}`, { outputs: channels })
      : g.conv2d(input, `${name}.${part}`, { outputs: channels, kernel: 1 });
  const normed = g.groupNorm(x, `${name}.norm`, { groups: config.groups, epsilon: 1e-6 });
  let tokens = g.reshape(project(normed, "proj_in"), [batch, height * width, channels]);
  for (let block = 0; block < depth; block++) tokens = transformerBlock(context, tokens, `${name}.transformer_blocks.${block}`, heads);
  return g.addTensors(project(g.reshape(tokens, [batch, height, width, channels]), "proj_out"), x);
}

/** Self-attention, cross-attention to the text, and GEGLU. x: [batch, tokens, channels] */
function transformerBlock(context: Context, input: Tensor, name: string, heads: number): Tensor {
  const { g } = context;
  const channels = channelsOf(input);
  const norm = (x: Tensor, index: number) => g.layerNorm(x, `${name}.norm${index}`, { epsilon: 1e-5 });
  let x = g.addTensors(selfAttention(g, norm(input, 1), `${name}.attn1`, heads), input);
  x = g.addTensors(crossAttention(context, norm(x, 2), `${name}.attn2`, heads), x);
  const hidden = g.linear(norm(x, 3), `${name}.ff.net.0.proj`, { outputs: 8 * channels });
  const gated = g.gatedActivation(hidden, "gelu", { gateFirst: false });
  return g.addTensors(g.linear(gated, `${name}.ff.net.2`, { outputs: channels }), x);
}

function selfAttention(g: GraphBuilder, x: Tensor, name: string, heads: number): Tensor {
  const outputs = channelsOf(x);
  const project = (part: string) => g.linear(x, `${name}.${part}`, { outputs, bias: false });
  const attended = g.attention(project("to_q"), project("to_k"), project("to_v"), { heads, headSize: outputs / heads });
  return g.linear(attended, `${name}.to_out.0`, { outputs });
}

/** Keys and values depend on the texts alone, so the plan computes them once for each prompt. */
function crossAttention(context: Context, x: Tensor, name: string, heads: number): Tensor {
  const { g, text, negativeText, steering, method } = context;
  const outputs = channelsOf(x);
  const project = (input: Tensor, part: string) => g.linear(input, `${name}.${part}`, { outputs, bias: false });
  const branch = (input: Tensor) => ({ k: project(input, "to_k"), v: project(input, "to_v") });
  const options = { heads, headSize: outputs / heads, method };
  const attended = g.crossAttention(project(x, "to_q"), branch(text), branch(negativeText), steering, options);
  return g.linear(attended, `${name}.to_out.0`, { outputs });
}
