// The autoencoder of the original repositories: its structure, read off names and shapes, and its tensors' names here. The way up is
// numbered from the picture's resolution, ours from the latent's; attention is made of 1x1 convolutions.
import type { JsonObject } from "../../../common/json";
import { unfit, type Shapes } from "./unet";

const MOST = 16;

/** Groups of every normalisation, which no tensor tells. */
const GROUPS = 32;

/** @throws OnestrokeError `model-unsupported` naming what does not fit */
export function autoencoderConfig(shapes: Shapes, where: string, scalingFactor: number, forceFloat32: boolean): JsonObject {
  const count = (name: (index: number) => string): number => {
    let found = 0;
    while (found < MOST && shapes.has(name(found))) found++;
    return found;
  };
  const channels: number[] = [];
  const levels = count((level) => `decoder.up.${level}.block.0.conv1.weight`);
  for (let level = 0; level < levels; level++) channels.push(shapes.get(`decoder.up.${level}.block.0.conv1.weight`)?.[0] ?? 0);
  const resnets = count((block) => `decoder.up.0.block.${block}.conv1.weight`) - 1;
  const latentChannels = shapes.get("decoder.conv_in.weight")?.[1];
  if (levels === 0 || resnets < 1 || latentChannels === undefined) throw unfit(where, "has an autoencoder without a decoder");
  return {
    _class_name: "AutoencoderKL",
    block_out_channels: channels,
    layers_per_block: resnets,
    down_block_types: channels.map(() => "DownEncoderBlock2D"),
    up_block_types: channels.map(() => "UpDecoderBlock2D"),
    in_channels: 3,
    out_channels: shapes.get("decoder.conv_out.weight")?.[0] ?? 3,
    latent_channels: latentChannels,
    norm_num_groups: GROUPS,
    scaling_factor: scalingFactor,
    force_upcast: forceFloat32,
    use_quant_conv: shapes.has("quant_conv.weight"),
    use_post_quant_conv: shapes.has("post_quant_conv.weight"),
    mid_block_add_attention: shapes.has("decoder.mid.attn_1.q.weight"),
  };
}

const PARTS: readonly (readonly [original: RegExp, here: string])[] = [
  [/\.mid\.block_1\./, ".mid_block.resnets.0."],
  [/\.mid\.block_2\./, ".mid_block.resnets.1."],
  [/\.mid\.attn_1\.norm\./, ".mid_block.attentions.0.group_norm."],
  [/\.mid\.attn_1\.(q|k|v)\./, ".mid_block.attentions.0.to_$1."],
  [/\.mid\.attn_1\.proj_out\./, ".mid_block.attentions.0.to_out.0."],
  [/\.nin_shortcut\./, ".conv_shortcut."],
  [/\.norm_out\./, ".conv_norm_out."],
  [/\.down\.(\d+)\.block\./, ".down_blocks.$1.resnets."],
  [/\.down\.(\d+)\.downsample\./, ".down_blocks.$1.downsamplers.0."],
];

/** @param levels of the network */
export function autoencoderName(original: string, levels: number): string {
  const name = original
    .replace(/\.up\.(\d+)\.block\./, (_, level: string) => `.up_blocks.${levels - 1 - Number(level)}.resnets.`)
    .replace(/\.up\.(\d+)\.upsample\./, (_, level: string) => `.up_blocks.${levels - 1 - Number(level)}.upsamplers.0.`);
  return PARTS.reduce((text, [pattern, here]) => text.replace(pattern, here), name);
}
