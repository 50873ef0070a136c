// The modules of a UNet as the original repositories call them and as they are called here. Checkpoints and LoRAs both need it.
import type { Level } from "./unet";

/** Modules as they are called there and here. A module stands for everything in it, so its place among others does not matter. */
export type ModuleNames = readonly (readonly [original: string, diffusers: string])[];

/** Of a network with these levels, from the picture's resolution downwards. */
export function unetModules(levels: readonly Pick<Level, "resnets" | "depth">[]): ModuleNames {
  const modules: (readonly [string, string])[] = [
    ["time_embed.0", "time_embedding.linear_1"],
    ["time_embed.2", "time_embedding.linear_2"],
    ["time_embed.cond_proj", "time_embedding.cond_proj"],
    ["label_emb.0.0", "add_embedding.linear_1"],
    ["label_emb.0.2", "add_embedding.linear_2"],
    ["input_blocks.0.0", "conv_in"],
    ["middle_block.0", "mid_block.resnets.0"],
    ["middle_block.1", "mid_block.attentions.0"],
    ["middle_block.2", "mid_block.resnets.1"],
    ["out.0", "conv_norm_out"],
    ["out.2", "conv_out"],
  ];
  let block = 1;
  levels.forEach(({ resnets, depth }, level) => {
    for (let i = 0; i < resnets; i++, block++) {
      modules.push([`input_blocks.${block}.0`, `down_blocks.${level}.resnets.${i}`]);
      if (depth > 0) modules.push([`input_blocks.${block}.1`, `down_blocks.${level}.attentions.${i}`]);
    }
    if (level + 1 < levels.length) modules.push([`input_blocks.${block++}.0.op`, `down_blocks.${level}.downsamplers.0.conv`]);
  });
  block = 0;
  levels.toReversed().forEach(({ resnets, depth }, level) => {
    for (let i = 0; i <= resnets; i++, block++) {
      modules.push([`output_blocks.${block}.0`, `up_blocks.${level}.resnets.${i}`]);
      if (depth > 0) modules.push([`output_blocks.${block}.1`, `up_blocks.${level}.attentions.${i}`]);
      const isLast = i === resnets && level + 1 < levels.length;
      if (isLast) modules.push([`output_blocks.${block}.${depth > 0 ? 2 : 1}.conv`, `up_blocks.${level}.upsamplers.0.conv`]);
    }
  });
  return modules;
}

/** Parts of a residual block. */
const RESNET_PARTS: ModuleNames = [
  ["in_layers.0", "norm1"],
  ["in_layers.2", "conv1"],
  ["emb_layers.1", "time_emb_proj"],
  ["out_layers.0", "norm2"],
  ["out_layers.3", "conv2"],
  ["skip_connection", "conv_shortcut"],
];

/**
 * What a module or a tensor is called here.
 * @param separator "." in checkpoints; LoRAs of kohya write "_"
 * @returns undefined if it is in no module of the network
 */
export function renamed(name: string, modules: ModuleNames, separator: "." | "_" = "."): string | undefined {
  const spelt = (text: string): string => (separator === "." ? text : text.replaceAll(".", separator));
  const within = (prefix: string): boolean => name === prefix || name.startsWith(prefix + separator);
  const found = modules
    .filter(([original]) => within(spelt(original)))
    // "input_blocks.3.0.op" is within "input_blocks.3.0" too.
    .toSorted(([a], [b]) => b.length - a.length)[0];
  if (found === undefined) return undefined;
  const rest = name.slice(spelt(found[0]).length);
  const part = found[1].includes("resnets")
    ? RESNET_PARTS.find(([original]) => startsWithPart(rest, separator + spelt(original), separator))
    : undefined;
  return spelt(found[1]) + (part === undefined ? rest : separator + spelt(part[1]) + rest.slice(1 + spelt(part[0]).length));
}

function startsWithPart(rest: string, part: string, separator: string): boolean {
  return rest === part || rest.startsWith(part + separator);
}
