// Networks whose plans are priced, at full size. A plan's dispatches follow from shapes alone, so
// neither weights nor a GPU are needed. Sampler and packing are added as in the pipeline.
import { readFileSync } from "node:fs";
import { fuseGraph } from "../../../engine/fuse";
import type { Graph } from "../../../engine/graph";
import { GraphBuilder } from "../../../engine/graph-builder";
import { openAutoencoder, openDenoiser, openTextEncoder } from "../../../networks";
import { CLIP_H, KL, SD21, SDXL } from "../../../networks/published";
import { decoderGraph } from "../../../pipeline/wgsl/graphs";
import { stepGraph } from "../../../pipeline/wgsl/graphs";

/** By their names on the command line: the network, and the side of its latent. */
const NETWORKS = {
  "sd21-unet-64": (g) => denoiser(g, SD21, 64),
  "sdxl-unet-128": (g) => denoiser(g, SDXL, 128),
  "taesd-512": (g) => decoder(g, "AutoencoderTiny", {}, 64),
  "kl-decoder-512": (g) => decoder(g, "AutoencoderKL", { ...KL, force_upcast: false }, 64),
  "clip-h": (g) => textEncoder(g, CLIP_H),
  "vignette-unet": (g) => denoiser(g, vignette("unet"), 32),
  "vignette-vae": (g) => decoder(g, "AutoencoderTiny", vignette("vae"), 32),
} as const satisfies Readonly<Record<string, (g: GraphBuilder) => void>>;

export type PlannedNetwork = keyof typeof NETWORKS;

export const PLANNED_NETWORKS = Object.keys(NETWORKS) as readonly PlannedNetwork[];

export function plannedGraph(network: PlannedNetwork): Graph {
  const g = new GraphBuilder();
  NETWORKS[network](g);
  return fuseGraph(g.build());
}

function vignette(part: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../../models/vignette/${part}/config.json`, import.meta.url), "utf8"));
}

function denoiser(g: GraphBuilder, config: unknown, side: number): void {
  const role = openDenoiser({ className: "UNet2DConditionModel", config });
  stepGraph(g, role, { height: side, width: side, textTokens: 77, method: "nasa" });
}

function decoder(g: GraphBuilder, className: string, config: unknown, side: number): void {
  decoderGraph(g, openAutoencoder({ className, config }), { height: side, width: side }, "rgba");
}

function textEncoder(g: GraphBuilder, config: unknown): void {
  const role = openTextEncoder({ className: "CLIPTextModel", config });
  g.output("hidden", role.build(g, { batch: 1 }).lastHiddenState);
}
