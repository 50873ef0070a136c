// Small checkpoints in the original layout, as lists of names and shapes that are written out here once more, so that a test does not
// depend on the code that it tests.
import { safetensorsFile, type TestTensor } from "../../testing/safetensors-file";

export type ShapeList = Readonly<Record<string, readonly number[]>>;

const CHANNELS = [32, 64] as const;
const TIME = 128;

const pair = (name: string, ...shape: readonly number[]): ShapeList => ({ [`${name}.weight`]: shape, [`${name}.bias`]: [shape[0] ?? 0] });

function resnet(name: string, inputs: number, outputs: number): ShapeList {
  return {
    ...pair(`${name}.in_layers.0`, inputs),
    ...pair(`${name}.in_layers.2`, outputs, inputs, 3, 3),
    ...pair(`${name}.emb_layers.1`, outputs, TIME),
    ...pair(`${name}.out_layers.0`, outputs),
    ...pair(`${name}.out_layers.3`, outputs, outputs, 3, 3),
    ...(inputs === outputs ? {} : pair(`${name}.skip_connection`, outputs, inputs, 1, 1)),
  };
}

function transformer(name: string, channels: number, text: number, depth: number, isLinear: boolean): ShapeList {
  const projection = isLinear ? [channels, channels] : [channels, channels, 1, 1];
  const block = (at: string): ShapeList => ({
    ...Object.fromEntries(
      [1, 2].flatMap((i) =>
        ["to_q", "to_k", "to_v"].map((side) => [`${at}.attn${i}.${side}.weight`, [channels, i === 2 && side !== "to_q" ? text : channels]]),
      ),
    ),
    ...pair(`${at}.attn1.to_out.0`, channels, channels),
    ...pair(`${at}.attn2.to_out.0`, channels, channels),
    ...pair(`${at}.ff.net.0.proj`, 8 * channels, channels),
    ...pair(`${at}.ff.net.2`, channels, 4 * channels),
    ...[1, 2, 3].reduce((norms, i) => ({ ...norms, ...pair(`${at}.norm${i}`, channels) }), {}),
  });
  return {
    ...pair(`${name}.norm`, channels),
    ...pair(`${name}.proj_in`, ...projection),
    ...pair(`${name}.proj_out`, ...projection),
    ...Array.from({ length: depth }, (_, i) => block(`${name}.transformer_blocks.${i}`)).reduce((all, next) => ({ ...all, ...next }), {}),
  };
}

/** Two resolutions with one residual block each; attention of depth 1 and 2. */
export function unetShapes(options: { inputs?: number; text?: number; isLinear?: boolean; added?: number } = {}): ShapeList {
  const { inputs = 4, text = 64, isLinear = false, added } = options;
  const [low, high] = CHANNELS;
  const at = (name: string, channels: number, depth: number) => transformer(name, channels, text, depth, isLinear);
  return {
    ...pair("time_embed.0", TIME, low),
    ...pair("time_embed.2", TIME, TIME),
    ...(added === undefined ? {} : { ...pair("label_emb.0.0", TIME, added), ...pair("label_emb.0.2", TIME, TIME) }),
    ...pair("input_blocks.0.0", low, inputs, 3, 3),
    ...resnet("input_blocks.1.0", low, low),
    ...at("input_blocks.1.1", low, 1),
    ...pair("input_blocks.2.0.op", low, low, 3, 3),
    ...resnet("input_blocks.3.0", low, high),
    ...at("input_blocks.3.1", high, 2),
    ...resnet("middle_block.0", high, high),
    ...at("middle_block.1", high, 2),
    ...resnet("middle_block.2", high, high),
    ...resnet("output_blocks.0.0", high + high, high),
    ...at("output_blocks.0.1", high, 2),
    ...resnet("output_blocks.1.0", high + low, high),
    ...at("output_blocks.1.1", high, 2),
    ...pair("output_blocks.1.2.conv", high, high, 3, 3),
    ...resnet("output_blocks.2.0", high + low, low),
    ...at("output_blocks.2.1", low, 1),
    ...resnet("output_blocks.3.0", low + low, low),
    ...at("output_blocks.3.1", low, 1),
    ...pair("out.0", low),
    ...pair("out.2", 4, low, 3, 3),
  };
}

function vaeResnet(name: string, inputs: number, outputs: number): ShapeList {
  return {
    ...pair(`${name}.norm1`, inputs),
    ...pair(`${name}.conv1`, outputs, inputs, 3, 3),
    ...pair(`${name}.norm2`, outputs),
    ...pair(`${name}.conv2`, outputs, outputs, 3, 3),
    ...(inputs === outputs ? {} : pair(`${name}.nin_shortcut`, outputs, inputs, 1, 1)),
  };
}

function vaeMiddle(name: string, channels: number): ShapeList {
  return {
    ...vaeResnet(`${name}.block_1`, channels, channels),
    ...vaeResnet(`${name}.block_2`, channels, channels),
    ...pair(`${name}.attn_1.norm`, channels),
    ...["q", "k", "v", "proj_out"].reduce((all, side) => ({ ...all, ...pair(`${name}.attn_1.${side}`, channels, channels, 1, 1) }), {}),
  };
}

export function vaeShapes(): ShapeList {
  const [low, high] = CHANNELS;
  return {
    ...pair("encoder.conv_in", low, 3, 3, 3),
    ...vaeResnet("encoder.down.0.block.0", low, low),
    ...pair("encoder.down.0.downsample.conv", low, low, 3, 3),
    ...vaeResnet("encoder.down.1.block.0", low, high),
    ...vaeMiddle("encoder.mid", high),
    ...pair("encoder.norm_out", high),
    ...pair("encoder.conv_out", 8, high, 3, 3),
    ...pair("quant_conv", 8, 8, 1, 1),
    ...pair("post_quant_conv", 4, 4, 1, 1),
    ...pair("decoder.conv_in", high, 4, 3, 3),
    ...vaeMiddle("decoder.mid", high),
    ...vaeResnet("decoder.up.1.block.0", high, high),
    ...vaeResnet("decoder.up.1.block.1", high, high),
    ...pair("decoder.up.1.upsample.conv", high, high, 3, 3),
    ...vaeResnet("decoder.up.0.block.0", high, low),
    ...vaeResnet("decoder.up.0.block.1", low, low),
    ...pair("decoder.norm_out", low),
    ...pair("decoder.conv_out", 3, low, 3, 3),
  };
}

const WORDS = 600;

/** CLIP-L's names; `layers` layers of one head. */
export function clipShapes(layers = 2): ShapeList {
  const layer = (at: string): ShapeList => ({
    ...["q_proj", "k_proj", "v_proj", "out_proj"].reduce((all, side) => ({ ...all, ...pair(`${at}.self_attn.${side}`, 64, 64) }), {}),
    ...pair(`${at}.layer_norm1`, 64),
    ...pair(`${at}.layer_norm2`, 64),
    ...pair(`${at}.mlp.fc1`, 256, 64),
    ...pair(`${at}.mlp.fc2`, 64, 256),
  });
  return {
    "text_model.embeddings.position_ids": [1, 77],
    "text_model.embeddings.token_embedding.weight": [WORDS, 64],
    "text_model.embeddings.position_embedding.weight": [77, 64],
    ...Array.from({ length: layers }, (_, i) => layer(`text_model.encoder.layers.${i}`)).reduce((all, next) => ({ ...all, ...next }), {}),
    ...pair("text_model.final_layer_norm", 64),
  };
}

/** OpenCLIP's names; three layers. */
export function openClipShapes(width = 64): ShapeList {
  const layer = (at: string): ShapeList => ({
    [`${at}.attn.in_proj_weight`]: [3 * width, width],
    [`${at}.attn.in_proj_bias`]: [3 * width],
    ...pair(`${at}.attn.out_proj`, width, width),
    ...pair(`${at}.ln_1`, width),
    ...pair(`${at}.ln_2`, width),
    ...pair(`${at}.mlp.c_fc`, 4 * width, width),
    ...pair(`${at}.mlp.c_proj`, width, 4 * width),
  });
  return {
    positional_embedding: [77, width],
    text_projection: [width, 2 * width],
    logit_scale: [],
    attn_mask: [77, 77],
    ...pair("ln_final", width),
    "token_embedding.weight": [WORDS, width],
    ...[0, 1, 2].map((i) => layer(`transformer.resblocks.${i}`)).reduce((all, next) => ({ ...all, ...next }), {}),
  };
}

export function prefixed(prefix: string, shapes: ShapeList): ShapeList {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [prefix + name, shape]));
}

const UNET = "model.diffusion_model.";
const VAE = prefixed("first_stage_model.", vaeShapes());
const SURPLUS: ShapeList = {
  "cond_stage_model.logit_scale": [],
  "cond_stage_model.transformer.logit_scale": [],
  "cond_stage_model.transformer.text_projection.weight": [64, 64],
  betas: [4],
  alphas_cumprod: [4],
  "model_ema.num_updates": [],
  "model_ema.decay": [],
};

/** Whole files of the three families, with what is published beside the weights. */
export const WHOLE = {
  sd15: { ...prefixed(UNET, unetShapes()), ...VAE, ...prefixed("cond_stage_model.transformer.", clipShapes()), ...SURPLUS },
  sd21: {
    ...prefixed(UNET, unetShapes({ isLinear: true })),
    ...VAE,
    ...prefixed("conditioner.embedders.0.model.", openClipShapes()),
    "denoiser.sigmas": [4],
  },
  sdxl: {
    ...prefixed(UNET, unetShapes({ isLinear: true, text: 192, added: 2 * 128 + 6 * 256 })),
    ...VAE,
    ...prefixed("conditioner.embedders.0.transformer.", clipShapes()),
    ...prefixed("conditioner.embedders.1.model.", openClipShapes(128)),
  },
} as const satisfies Readonly<Record<string, ShapeList>>;

const RISING = new Uint8Array(Uint16Array.from({ length: 2 ** 19 }, (_, i) => i % 0x7c00).buffer);

/** A file whose values are the rising numbers of float16, from zero on in every tensor. */
export function fileOfShapes(shapes: ShapeList): Uint8Array<ArrayBuffer> {
  const tensor = (shape: readonly number[]): TestTensor => {
    const byteLength = 2 * shape.reduce((size, axis) => size * axis, 1);
    return { dtype: "F16", shape, data: RISING.subarray(0, byteLength) };
  };
  return safetensorsFile(new Map(Object.entries(shapes).map(([name, shape]) => [name, tensor(shape)])));
}
