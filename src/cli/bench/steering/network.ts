// The network whose steering is priced: the UNet of SD2.1, or a small one, under every way of
// steering, and what each way writes to it. As in the pipeline, an unsteered picture runs NASA's graph with its negative branch closed.
import type { Scale } from "../page/rows";
import { fuseGraph } from "../../../engine/fuse";
import type { Graph } from "../../../engine/graph";
import { GraphBuilder } from "../../../engine/graph-builder";
import { packSteering } from "../../../engine/steering-input";
import { SD21 } from "../../../networks/published";
import { unet2dCondition } from "../../../networks/unet-2d-condition";
import { parseUnetConfig } from "../../../networks/unet-config";
import { STEERING_METHODS, type SteeringMethod } from "../../../common/steering";
import { STEERING_DEFAULTS } from "../../../common/steering-defaults";

export const WAYS = ["none", ...STEERING_METHODS] as const;
export type Way = (typeof WAYS)[number];

/** Gives each way what belongs to the graph that it runs: each method has a graph of its own. */
export function perWay<T>(byMethod: Readonly<Record<SteeringMethod, T>>): Readonly<Record<Way, T>> {
  return { none: byMethod.nasa, ...byMethod };
}

const TEXT_TOKENS = 77;

interface Layout {
  readonly name: string;
  readonly json: unknown;
  /** Side of the latent. */
  readonly side: number;
}

export const LAYOUTS: Readonly<Record<Scale, Layout>> = {
  full: { name: "SD2.1 at 64x64 latents", json: SD21, side: 64 },
  small: {
    name: "two levels of 32 and 64 channels at 8x8 latents",
    json: {
      block_out_channels: [32, 64],
      layers_per_block: 1,
      down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
      up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
      attention_head_dim: [2, 4],
      cross_attention_dim: 32,
      use_linear_projection: true,
    },
    side: 8,
  },
};

export function unetGraph(scale: Scale, steering: SteeringMethod): Graph {
  const { json, side } = LAYOUTS[scale];
  const g = new GraphBuilder();
  const shape = { batch: 1, height: side, width: side, textTokens: TEXT_TOKENS, steering };
  g.output("y", unet2dCondition(g, parseUnetConfig(json), shape));
  return fuseGraph(g.build());
}

/** What the pipeline writes to the input `steering`, at the default strengths of the family. */
export function steeringFields(way: Way): Float32Array {
  const text = { tokens: TEXT_TOKENS };
  return packSteering({ positive: text, negative: text }, way === "none" ? { method: "none" } : STEERING_DEFAULTS.sd21[way], TEXT_TOKENS);
}
