// The parameter counts of published checkpoints, from the weights that our graphs ask for.
// Nothing is allocated, since a graph holds only shapes. Counts are compared to the published decimals of a million.
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../engine/graph-builder";
import { product } from "../engine/tensor";
import { checkpointTensors } from "../engine/weights";
import { autoencoderKlDecoder, parseAutoencoderKlConfig } from "./autoencoder-kl";
import { autoencoderTinyDecoder, parseAutoencoderTinyConfig } from "./autoencoder-tiny";
import { imfDit, parseImfConfig } from "./imf-dit";
import { pagodaDecoder, parsePagodaConfig } from "./pagoda";
import { parseSitConfig, sit } from "./sit";
import { KL, PAGODA_256, SD21, SDXL, SDXS } from "./published";
import { unet2dCondition } from "./unet-2d-condition";
import { parseUnetConfig } from "./unet-config";

function millions(build: (g: GraphBuilder) => unknown): number {
  const g = new GraphBuilder();
  build(g);
  const shapes = [...checkpointTensors(g.build()).values()];
  return shapes.reduce((total, shape) => total + product(shape), 0) / 1e6;
}

const unet = (json: unknown) => (g: GraphBuilder) =>
  unet2dCondition(g, parseUnetConfig(json), { batch: 1, height: 64, width: 64, textTokens: 77, steering: "nasa" });

describe("parameters in millions", () => {
  it.each<[name: string, published: string, build: (g: GraphBuilder) => unknown]>([
    ["SD1.5", "859.52", unet({ cross_attention_dim: 768 })],
    ["LCM Dreamshaper, with its guidance embedding", "859.6", unet({ cross_attention_dim: 768, time_cond_proj_dim: 256 })],
    ["SD2.1, SD-Turbo, SwiftBrush", "865.91", unet(SD21)],
    ["SDXL, NitroSD, DMD2", "2567.46", unet(SDXL)],
    ["SDXS-512-DreamShaper, without a middle", "315.75", unet(SDXS)],
    ["SiT-XL/2 of ESC", "676.74", (g) => sit(g, parseSitConfig({}), { batch: 1 })],
    ["SiT-B/2 of ESC", "131.29", (g) => sit(g, parseSitConfig({ hidden_size: 768, depth: 12, num_heads: 12 }), { batch: 1 })],
    ["iMF-B/2 without its v-head", "88.9", (g) => imfDit(g, parseImfConfig({ hidden_size: 768, depth: 12, num_heads: 12 }), { batch: 1 })],
    ["AutoencoderKL's decoder", "49.49", (g) => autoencoderKlDecoder(g, parseAutoencoderKlConfig(KL), { batch: 1, height: 64, width: 64 })],
    ["TAESD's decoder", "1.22", (g) => autoencoderTinyDecoder(g, parseAutoencoderTinyConfig({}), { batch: 1, height: 64, width: 64 })],
    ["PaGoDA to 256", "300.77", (g) => pagodaDecoder(g, parsePagodaConfig(PAGODA_256), { batch: 1 })],
  ])("%s: %s", (_, published, build) => {
    expect(millions(build).toFixed(published.split(".")[1]?.length)).toBe(published);
  });

  it("control: another text width is another number", () => {
    expect(millions(unet({ ...SDXS, cross_attention_dim: 1024 }))).toBeGreaterThan(316);
  });
});
