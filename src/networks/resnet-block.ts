// diffusers' ResnetBlock2D, which UNets and autoencoders share: two normalised convolutions
// and a shortcut. In UNets the time is added between the convolutions.
import type { GraphBuilder } from "../engine/graph-builder";
import { channelsOf, type Tensor } from "../engine/tensor";

export interface ResnetOptions {
  readonly outputs: number;
  readonly groups: number;
  readonly epsilon: number;
  /** SiLU of the time embedding [batch, channels]; autoencoders have none. */
  readonly time?: Tensor;
}

/** x: [batch, height, width, channels] to [batch, height, width, outputs] */
export function resnetBlock(g: GraphBuilder, x: Tensor, name: string, options: ResnetOptions): Tensor {
  const { outputs, groups, epsilon, time } = options;
  let h = g.silu(g.groupNorm(x, `${name}.norm1`, { groups, epsilon }));
  h = g.conv2d(h, `${name}.conv1`, { outputs });
  if (time) h = g.addTensors(h, g.linear(time, `${name}.time_emb_proj`, { outputs }));
  h = g.silu(g.groupNorm(h, `${name}.norm2`, { groups, epsilon }));
  h = g.conv2d(h, `${name}.conv2`, { outputs });
  const shortcut = channelsOf(x) === outputs ? x : g.conv2d(x, `${name}.conv_shortcut`, { outputs, kernel: 1 });
  return g.addTensors(h, shortcut);
}
