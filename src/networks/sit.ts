// SiT for shortcut models: a diffusion transformer with adaptive layer norms that predicts the
// average velocity u(z, r, t | label) (ESC, arXiv 2512.11831; MeanFlow, arXiv 2505.13447; SiT,
// arXiv 2401.08740). Training has built the guidance in, so each step is one pass.
import type { GraphBuilder } from "../engine/graph-builder";
import type { Tensor } from "../engine/tensor";
import { ConfigReader, RANGES } from "./config";
import type { Denoiser } from "./roles";
import { repeated, sinusoid } from "./sinusoid";

export interface SitConfig {
  /** Side of the square latent, which the position table fixes. */
  readonly size: number;
  readonly patch: number;
  readonly inChannels: number;
  readonly channels: number;
  readonly depth: number;
  readonly heads: number;
  readonly hiddenChannels: number;
  /** Number of labels; the label after the last one means "none". */
  readonly classes: number;
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function parseSitConfig(json: unknown): SitConfig {
  const config = new ConfigReader(json, "ESC SiT");
  config.only("family", "esc-sit");
  config.only("qk_norm", false);
  const channels = config.size("hidden_size", RANGES.channels, 1152);
  config.only("decoder_hidden_size", channels);
  const [size, patch] = [config.size("input_size", RANGES.side, 32), config.size("patch_size", RANGES.patch, 2)];
  const heads = config.size("num_heads", RANGES.heads, 16);
  if (size % patch !== 0) config.refuse("patch_size", `must divide input_size ${size}`);
  if (channels % heads !== 0) config.refuse("num_heads", `must divide hidden_size ${channels}`);
  return {
    size,
    patch,
    inChannels: config.size("in_channels", RANGES.channels, 4),
    channels,
    depth: config.size("depth", RANGES.layers, 28),
    heads,
    hiddenChannels: Math.floor(channels * (config.optionalNumber("mlp_ratio", RANGES.multiplier) ?? 4)),
    classes: config.size("num_classes", RANGES.rows, 1000),
  };
}

/** @throws OnestrokeError `model-unsupported` naming the field */
export function sitDenoiser(json: unknown): Denoiser {
  const config = parseSitConfig(json);
  const { inChannels, size, classes } = config;
  const features = (value: number, batch: number) => repeated(sinusoid([value], SIT_TIME_FEATURES), batch);
  return {
    inChannels,
    outChannels: inChannels,
    sampleSize: size,
    reads: { kind: "label", classes },
    unused: SIT_UNUSED,
    build: (g, shape) => sit(g, config, shape),
    timeInputs: ({ timestep, endTimestep }, batch = 1) => ({
      time: features(timestep, batch),
      duration: features(timestep - endTimestep, batch),
    }),
    pictureInputs: () => ({}),
  };
}

/** Number of sinusoidal features of a time. Times are in [0, 1] and used unscaled. */
const SIT_TIME_FEATURES = 256;

/** `logvar_linear` only weighs the training loss. */
export const SIT_UNUSED: readonly RegExp[] = [/^logvar_linear\./];

const EPSILON = 1e-6;

/**
 * Inputs: `sample` [batch, size, size, channels] unless `shape.sample` is given; `time` and `duration`
 * [batch, 256] (sinusoids of t and t - r); `label` u32 [batch, 1].
 * @returns u, [batch, size, size, in channels]
 */
export function sit(g: GraphBuilder, config: SitConfig, shape: { readonly batch: number; readonly sample?: Tensor }): Tensor {
  const { batch } = shape;
  const { size, patch, channels } = config;
  const tokens = (size / patch) ** 2;
  const sample = shape.sample ?? g.input("sample", [batch, size, size, config.inChannels], "run");
  const condition = g.silu(conditioning(g, config, batch));
  const patches = g.conv2d(sample, "x_embedder.proj", { outputs: channels, kernel: patch, stride: patch, padding: NO_PADDING });
  let x = g.addTable(g.reshape(patches, [batch, tokens, channels]), "pos_embed", [1, tokens, channels]);
  for (let layer = 0; layer < config.depth; layer++) x = sitBlock(g, x, condition, `blocks.${layer}`, config);
  const modulation = g.linear(condition, "final_layer.adaLN_modulation.1", { outputs: 2 * channels });
  const normed = modulatedNorm(g, x, modulation, 0);
  const out = g.linear(normed, "final_layer.linear", { outputs: patch * patch * config.inChannels });
  return g.unpatchify(out, { patch, height: size, width: size });
}

const NO_PADDING = { top: 0, left: 0, bottom: 0, right: 0 };

/** c = t + (t - r) + label, where each term is embedded. [batch, channels] */
function conditioning(g: GraphBuilder, config: SitConfig, batch: number): Tensor {
  const { channels } = config;
  const embed = (input: string, name: string) => {
    const features = g.input(input, [batch, SIT_TIME_FEATURES], "timestep");
    return g.linear(g.silu(g.linear(features, `${name}.mlp.0`, { outputs: channels })), `${name}.mlp.2`, { outputs: channels });
  };
  const label = g.input("label", [batch, 1], "prompt", "u32");
  const table = { key: "y_embedder.embedding_table.weight", shape: [config.classes + 1, channels] };
  const labels = g.reshape(g.embedding(label, table), [batch, channels]);
  return g.addTensors(g.addTensors(embed("time", "t_embedder"), embed("duration", "r_embedder")), labels);
}

/** adaLN-Zero (Peebles and Xie, arXiv 2212.09748). Chunks: shift, scale and gate of the attention, then of the MLP. */
function sitBlock(g: GraphBuilder, input: Tensor, condition: Tensor, name: string, config: SitConfig): Tensor {
  const { channels, heads, hiddenChannels } = config;
  const headSize = channels / heads;
  const modulation = g.linear(condition, `${name}.adaLN_modulation.1`, { outputs: 6 * channels });
  const qkv = g.linear(modulatedNorm(g, input, modulation, 0), `${name}.attn.qkv`, { outputs: 3 * channels });
  const attended = g.attention(qkv, qkv, qkv, {
    heads,
    headSize,
    qLayout: { offset: 0, headStride: headSize },
    kLayout: { offset: channels, headStride: headSize },
    vLayout: { offset: 2 * channels, headStride: headSize },
  });
  const x = g.gatedAdd(input, g.linear(attended, `${name}.attn.proj`, { outputs: channels }), modulation, 2);
  const hidden = g.linear(modulatedNorm(g, x, modulation, 3), `${name}.mlp.fc1`, { outputs: hiddenChannels });
  const out = g.linear(g.activate(hidden, "gelu-tanh"), `${name}.mlp.fc2`, { outputs: channels });
  return g.gatedAdd(x, out, modulation, 5);
}

/** norm(x) * (1 + scale) + shift, with shift and scale in the two chunks from `first`. */
function modulatedNorm(g: GraphBuilder, x: Tensor, tensor: Tensor, first: number): Tensor {
  return g.layerNorm(x, "", { epsilon: EPSILON, affine: false, modulation: { tensor, shiftChunk: first, scaleChunk: first + 1 } });
}
