// The UNet of the original repositories (LDM, and SGM after it): its structure, read off the names and shapes of its tensors. Every block of
// the way down and up has a number of its own there, and what it is made of shows only in its tensors.
import { OnestrokeError } from "../../../common/errors";
import type { JsonObject } from "../../../common/json";

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** One resolution. */
export interface Level {
  readonly channels: number;
  readonly resnets: number;
  /** Transformer blocks after each residual block; 0 means that there is no attention. */
  readonly depth: number;
}

/** What the tensors say of the network. */
export interface OriginalUnet {
  /** From the picture's resolution downwards. */
  readonly levels: readonly Level[];
  readonly middleDepth: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly textChannels: number;
  /** Whether the projections around transformers are matrices (SD2, SDXL) or 1x1 convolutions (SD1). */
  readonly linearProjection: boolean;
  /** Input of the embedding of sizes and pooled text (SDXL). */
  readonly addedChannels: number | undefined;
  /** Input of the embedding of the guidance scale (latent consistency models). */
  readonly guidanceChannels: number | undefined;
}

/** More blocks than any network has, so that a file that lies is refused soon. */
const MOST_BLOCKS = 64;

/**
 * @param shapes of the UNet's tensors, without the prefix that they have in a whole checkpoint
 * @throws OnestrokeError `model-unsupported` naming what does not fit
 */
export function readUnet(shapes: Shapes, where: string): OriginalUnet {
  const need = (name: string): readonly number[] => {
    const shape = shapes.get(name);
    if (shape === undefined) throw unfit(where, `has no ${name}`);
    return shape;
  };
  const [channels = 0, inChannels = 0] = need("input_blocks.0.0.weight");
  const levels: Level[] = [];
  let level = { channels, resnets: 0, depth: 0 };
  for (let block = 1; block < MOST_BLOCKS; block++) {
    const name = `input_blocks.${block}`;
    if (shapes.has(`${name}.0.op.weight`)) {
      levels.push(level);
      level = { channels: level.channels, resnets: 0, depth: 0 };
      continue;
    }
    const convolution = shapes.get(`${name}.0.in_layers.2.weight`);
    if (convolution === undefined) break;
    const depth = depthOf(shapes, `${name}.1`);
    if (level.resnets > 0 && depth !== level.depth) throw unfit(where, `has blocks of different depth at one resolution (${name})`);
    level = { channels: convolution[0] ?? 0, resnets: level.resnets + 1, depth };
  }
  levels.push(level);
  const middleDepth = depthOf(shapes, "middle_block.1");
  refuseUneven(shapes, levels, middleDepth, where);
  const attended = [...shapes.keys()].find((name) => name.endsWith(".attn2.to_k.weight"));
  if (attended === undefined) throw unfit(where, "has no attention to a text");
  const projection = [...shapes.keys()].find((name) => /^input_blocks\..*\.proj_in\.weight$/.test(name)) ?? "";
  const added = shapes.get("label_emb.0.0.weight")?.[1];
  return {
    levels,
    middleDepth,
    inChannels,
    outChannels: need("out.2.weight")[0] ?? 0,
    textChannels: need(attended)[1] ?? 0,
    linearProjection: shapes.get(projection)?.length === 2,
    addedChannels: added,
    guidanceChannels: shapes.get("time_embed.cond_proj.weight")?.[1],
  };
}

/** Students with blocks left out here and there (SSD-1B, BK-SDM) are other networks. */
function refuseUneven(shapes: Shapes, levels: readonly Level[], middleDepth: number, where: string): void {
  let block = 0;
  for (const { resnets, depth } of levels.toReversed()) {
    for (let i = 0; i <= resnets; i++, block++) {
      if (depthOf(shapes, `output_blocks.${block}.1`) !== depth)
        throw unfit(where, `has other blocks on its way up (output_blocks.${block})`);
    }
  }
  const last = levels.at(-1)?.depth ?? 0;
  if (last !== 0 && last !== middleDepth) throw unfit(where, "has a middle block of another depth");
}

function depthOf(shapes: Shapes, name: string): number {
  let depth = 0;
  while (depth < MOST_BLOCKS && shapes.has(`${name}.transformer_blocks.${depth}.attn1.to_q.weight`)) depth++;
  return depth;
}

/** SDXL describes six sizes with so many features each. */
const SIZE_FEATURES = 256;
/** Groups of every normalisation, which no tensor tells. */
const GROUPS = 32;

/**
 * The same as diffusers' UNet2DConditionModel is configured.
 * @param heads of a layer, by its channels
 * @param sampleSize side of the latents that it was trained on, which no tensor tells
 */
export function unetConfig(unet: OriginalUnet, heads: (channels: number) => number, sampleSize: number): JsonObject {
  const { levels, middleDepth, addedChannels, guidanceChannels } = unet;
  const attended = levels.map(({ depth }) => depth > 0);
  return {
    _class_name: "UNet2DConditionModel",
    sample_size: sampleSize,
    in_channels: unet.inChannels,
    out_channels: unet.outChannels,
    block_out_channels: levels.map(({ channels }) => channels),
    layers_per_block: levels.map(({ resnets }) => resnets),
    down_block_types: attended.map((hasAttention) => (hasAttention ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    up_block_types: attended.toReversed().map((hasAttention) => (hasAttention ? "CrossAttnUpBlock2D" : "UpBlock2D")),
    mid_block_type: middleDepth > 0 ? "UNetMidBlock2DCrossAttn" : "UNetMidBlock2D",
    // The last level's depth is the middle's too: SD1 and SD2 have no other attention there.
    transformer_layers_per_block: levels.map(({ depth }, i) => (depth === 0 && i + 1 === levels.length ? middleDepth : depth)),
    num_attention_heads: levels.map(({ channels }) => heads(channels)),
    cross_attention_dim: unet.textChannels,
    use_linear_projection: unet.linearProjection,
    norm_num_groups: GROUPS,
    ...(guidanceChannels === undefined ? {} : { time_cond_proj_dim: guidanceChannels }),
    ...(addedChannels === undefined
      ? {}
      : {
          addition_embed_type: "text_time",
          addition_time_embed_dim: SIZE_FEATURES,
          projection_class_embeddings_input_dim: addedChannels,
        }),
  };
}

export function unfit(where: string, problem: string): OnestrokeError {
  return new OnestrokeError("model-unsupported", `${where}: the network in the original layout ${problem}`, { file: where });
}
