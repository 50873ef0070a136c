// Graph to graph: fewer dispatches and fewer passes over memory, the same outputs.
// Each rewrite is its own file. Their order matters: epilogues first, so that what
// follows sees whole layers. What depends on a target's tiles and limits is no rewrite, and chosen when the
// graph is staged: layer-norms.ts, shortcuts.ts, queries.ts.
import type { Graph } from "../graph";
import { fuseActivation } from "./activation";
import { fuseChannelBias } from "./channel-bias";
import { fuseConcat } from "./concat";
import { fuseGated } from "./gated";
import { fuseProjections } from "./projections";
import { fuseResidual } from "./residual";
import { prune, rewriteGraph } from "./rewrite";
import { fuseRgbaRange } from "./rgba-range";
import { fuseTimeProjections } from "./time-projections";
import { fuseUpsample } from "./upsample";

const REWRITES = [
  fuseChannelBias,
  fuseGated,
  fuseActivation,
  fuseResidual,
  fuseActivation, // again: what follows a residual (AutoencoderTiny)
  fuseUpsample,
  fuseConcat,
  fuseProjections,
  fuseRgbaRange,
];

export function fuseGraph(graph: Graph): Graph {
  return fuseTimeProjections(REWRITES.reduce(rewriteGraph, prune(graph)));
}
