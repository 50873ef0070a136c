// Networks whose plans are priced, at full size: a plan's dispatches follow from shapes alone, so
// neither weights nor a GPU are needed. Sampler and packing stand around them as in the pipeline.
import { readFileSync } from "node:fs";
import { fuseGraph } from "../../../engine/fuse";
import type { Graph } from "../../../engine/graph";
import { GraphBuilder } from "../../../engine/graph-builder";
import { autoencoderKlDecoder, parseAutoencoderKlConfig } from "../../../networks/autoencoder-kl";
import { autoencoderTinyDecoder, parseAutoencoderTinyConfig } from "../../../networks/autoencoder-tiny";
import { clipText, parseClipTextConfig } from "../../../networks/clip-text";
import { KL, SD21, SDXL } from "../../../networks/testing/published";
import { unet2dCondition } from "../../../networks/unet-2d-condition";
import { parseUnetConfig } from "../../../networks/unet-config";

/** By their names on the command line: the network, and the side of its latent or picture. */
const NETWORKS = {
  "sd21-unet-64": (g) => unet(g, SD21, 64),
  "sdxl-unet-128": (g) => unet(g, SDXL, 128),
  "taesd-512": (g) => tinyDecoder(g, {}, 64),
  "kl-decoder-512": (g) => klDecoder(g, { ...KL, force_upcast: false }, 64),
  "clip-h": (g) => textEncoder(g, CLIP_H),
  "vignette-unet": (g) => unet(g, vignette("unet"), 32),
  "vignette-vae": (g) => tinyDecoder(g, vignette("vae"), 32),
} as const satisfies Readonly<Record<string, (g: GraphBuilder) => void>>;

export type PlannedNetwork = keyof typeof NETWORKS;

export const PLANNED_NETWORKS = Object.keys(NETWORKS) as readonly PlannedNetwork[];

export function plannedGraph(network: PlannedNetwork): Graph {
  const g = new GraphBuilder();
  NETWORKS[network](g);
  return fuseGraph(g.build());
}

const CLIP_H = {
  model_type: "clip_text_model",
  hidden_size: 1024,
  intermediate_size: 4096,
  num_attention_heads: 16,
  num_hidden_layers: 23,
  hidden_act: "gelu",
};

function vignette(part: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../../models/vignette/${part}/config.json`, import.meta.url), "utf8"));
}

function unet(g: GraphBuilder, json: unknown, side: number): void {
  const config = parseUnetConfig(json);
  const shape = [1, side, side, config.inChannels];
  const x = g.input("x", shape, "run", "f32");
  const noise = g.input("noise", shape, "run", "f32");
  const coefficients = g.input("coefficients", [1, 12], "run", "f32");
  const sample = g.combine(x, coefficients, 0, { element: "activation" });
  const out = unet2dCondition(g, config, { batch: 1, height: side, width: side, textTokens: 77, steering: "nasa", sample });
  g.output("x0", g.combine(x, coefficients, 1, { b: out, noise }));
  g.output("next", g.combine(x, coefficients, 2, { b: out, noise }));
}

function tinyDecoder(g: GraphBuilder, json: unknown, side: number): void {
  const config = parseAutoencoderTinyConfig(json);
  const latent = g.input("latent", [1, side, side, config.latentChannels], "run", "f32");
  const decoded = autoencoderTinyDecoder(g, config, { batch: 1, height: side, width: side, latent });
  g.output("rgba", g.toRgba(decoded, { scale: 0.5, shift: 0.5 }));
}

function klDecoder(g: GraphBuilder, json: unknown, side: number): void {
  const config = parseAutoencoderKlConfig(json);
  const latent = g.input("latent", [1, side, side, config.latentChannels], "run", "f32");
  const unscaled = g.scaleShift(latent, 1 / config.scalingFactor, config.shiftFactor);
  const decoded = autoencoderKlDecoder(g, config, { batch: 1, height: side, width: side, latent: unscaled });
  g.output("rgba", g.toRgba(decoded, { scale: 0.5, shift: 0.5 }));
}

function textEncoder(g: GraphBuilder, json: unknown): void {
  g.output("hidden", clipText(g, parseClipTextConfig(json), { batch: 1 }).lastHiddenState);
}
