// A graph asks for exactly the tensors that its reference implementation saves, by name and shape.
import { describe, expect, it } from "vitest";
import { checkTensors } from "../checkpoints/check-tensors";
import { nodeStore } from "../checkpoints/node-file";
import { openTensors } from "../checkpoints/tensor-reader";
import { FIXTURES, goldenJson } from "../checkpoints/testing/fixtures";
import { weightFiles } from "../checkpoints/weight-files";
import type { JsonObject } from "../common/json";
import { GraphBuilder } from "../engine/graph-builder";
import { checkpointTensors } from "../engine/weights";
import { networkRow, openAutoencoder, openDenoiser, openTextEncoder } from ".";

const SIZES = { batch: 1, height: 16, width: 16 };
const SHAPE = { ...SIZES, textTokens: 77, steering: "nasa" } as const;

/** Builds a graph of the fixture's network. @returns the checkpoint's tensors that the graph may leave unread */
type Build = (g: GraphBuilder, config: JsonObject) => readonly RegExp[];

const unet: Build = (g, config) => {
  const denoiser = openDenoiser({ className: "UNet2DConditionModel", config });
  denoiser.build(g, SHAPE);
  return denoiser.unused;
};

async function check(fixture: string, className: string, build: Build) {
  const store = nodeStore(`${FIXTURES}/${fixture}`);
  const files = await weightFiles(store, "", networkRow(className)?.stem ?? "model");
  const paths = files.map(({ path }) => path);
  const reader = await openTensors(store, paths);
  const g = new GraphBuilder();
  const unused = build(g, goldenJson(`${FIXTURES}/${fixture}/config.json`));
  const tensors = checkpointTensors(g.build());
  checkTensors(reader, tensors, unused, fixture);
  return { reader, tensors };
}

const autoencoder =
  (className: string, part: "decoder" | "encoder"): Build =>
  (g, config) => {
    const graph = openAutoencoder({ className, config })[part];
    graph.build(g, SIZES);
    return graph.unused;
  };

describe("weights of a graph are the checkpoint's", () => {
  it.each<[fixture: string, leftOver: RegExp, className: string, build: Build]>([
    ["unet-sdxs", /nothing/, "UNet2DConditionModel", unet],
    [
      "clip-text-gelu",
      /nothing/,
      "CLIPTextModel",
      (g, config) => {
        const encoder = openTextEncoder({ className: "CLIPTextModel", config });
        encoder.build(g, SIZES);
        return encoder.unused;
      },
    ],
    [
      "esc-sit",
      /^logvar_linear\./,
      "esc-sit",
      (g, config) => {
        const denoiser = openDenoiser({ className: "esc-sit", config });
        denoiser.build(g, SHAPE);
        return denoiser.unused;
      },
    ],
    ["vae-kl", /^(encoder|quant_conv)\./, "AutoencoderKL", autoencoder("AutoencoderKL", "decoder")],
    ["vae-kl", /^(decoder|post_quant_conv)\./, "AutoencoderKL", autoencoder("AutoencoderKL", "encoder")],
    ["vae-tiny", /^encoder\./, "AutoencoderTiny", autoencoder("AutoencoderTiny", "decoder")],
    ["vae-tiny", /^decoder\./, "AutoencoderTiny", autoencoder("AutoencoderTiny", "encoder")],
  ])("%s: every tensor is read, or matches %s", async (fixture, leftOver, className, build) => {
    const { reader, tensors } = await check(fixture, className, build);
    expect(reader.names.filter((name) => !tensors.has(name))).toEqual(reader.names.filter((name) => leftOver.test(name)));
  });

  it("control: a middle block that the checkpoint lacks is missing", async () => {
    const withMiddle: Build = (g, config) => unet(g, { ...config, mid_block_type: "UNetMidBlock2DCrossAttn" });
    await expect(check("unet-sdxs", "UNet2DConditionModel", withMiddle)).rejects.toThrow(/mid_block.* is missing/);
  });
});
