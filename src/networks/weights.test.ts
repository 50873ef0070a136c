// A graph asks for exactly the tensors its reference implementation saves, by name and shape.
import { describe, expect, it } from "vitest";
import { checkTensors } from "../checkpoints/check-tensors";
import { nodeStore } from "../checkpoints/node-file";
import { openTensors } from "../checkpoints/tensor-reader";
import { FIXTURES, goldenJson } from "../checkpoints/testing/fixtures";
import { weightFiles } from "../checkpoints/weight-files";
import { GraphBuilder } from "../engine/graph-builder";
import { checkpointTensors } from "../engine/weights";
import {
  AUTOENCODER_KL_DECODER_UNUSED,
  AUTOENCODER_KL_ENCODER_UNUSED,
  autoencoderKlDecoder,
  autoencoderKlEncoder,
  parseAutoencoderKlConfig,
} from "./autoencoder-kl";
import {
  AUTOENCODER_TINY_DECODER_UNUSED,
  AUTOENCODER_TINY_ENCODER_UNUSED,
  autoencoderTinyDecoder,
  autoencoderTinyEncoder,
  parseAutoencoderTinyConfig,
} from "./autoencoder-tiny";
import { CLIP_TEXT_UNUSED, clipText, parseClipTextConfig } from "./clip-text";
import { parseSitConfig, sit, SIT_UNUSED } from "./sit";
import { UNET_UNUSED, unet2dCondition } from "./unet-2d-condition";
import { parseUnetConfig } from "./unet-config";

const SIZES = { batch: 1, height: 16, width: 16 };

type Build = (g: GraphBuilder, config: unknown) => unknown;

const unet: Build = (g, config) => unet2dCondition(g, parseUnetConfig(config), { ...SIZES, textTokens: 77, steering: "nasa" });

async function check(fixture: string, stem: "model" | "diffusion_pytorch_model", unused: readonly RegExp[], build: Build) {
  const store = nodeStore(`${FIXTURES}/${fixture}`);
  const files = await weightFiles(store, "", stem);
  const paths = files.map(({ path }) => path);
  const reader = await openTensors(store, paths);
  const g = new GraphBuilder();
  build(g, goldenJson(`${FIXTURES}/${fixture}/config.json`));
  const tensors = checkpointTensors(g.build());
  checkTensors(reader, tensors, unused, fixture);
  return { reader, tensors };
}

describe("weights of a graph are the checkpoint's", () => {
  it.each<[fixture: string, leftOver: RegExp, stem: "model" | "diffusion_pytorch_model", unused: readonly RegExp[], build: Build]>([
    ["unet-sdxs", /nothing/, "diffusion_pytorch_model", UNET_UNUSED, unet],
    ["clip-text-gelu", /nothing/, "model", CLIP_TEXT_UNUSED, (g, config) => clipText(g, parseClipTextConfig(config), SIZES)],
    ["esc-sit", /^logvar_linear\./, "model", SIT_UNUSED, (g, config) => sit(g, parseSitConfig(config), SIZES)],
    [
      "vae-kl",
      /^(encoder|quant_conv)\./,
      "diffusion_pytorch_model",
      AUTOENCODER_KL_DECODER_UNUSED,
      (g, config) => autoencoderKlDecoder(g, parseAutoencoderKlConfig(config), SIZES),
    ],
    [
      "vae-kl",
      /^(decoder|post_quant_conv)\./,
      "diffusion_pytorch_model",
      AUTOENCODER_KL_ENCODER_UNUSED,
      (g, config) => autoencoderKlEncoder(g, parseAutoencoderKlConfig(config), SIZES),
    ],
    [
      "vae-tiny",
      /^encoder\./,
      "diffusion_pytorch_model",
      AUTOENCODER_TINY_DECODER_UNUSED,
      (g, config) => autoencoderTinyDecoder(g, parseAutoencoderTinyConfig(config), SIZES),
    ],
    [
      "vae-tiny",
      /^decoder\./,
      "diffusion_pytorch_model",
      AUTOENCODER_TINY_ENCODER_UNUSED,
      (g, config) => autoencoderTinyEncoder(g, parseAutoencoderTinyConfig(config), SIZES),
    ],
  ])("%s: every tensor is read, or matches %s", async (fixture, leftOver, stem, unused, build) => {
    const { reader, tensors } = await check(fixture, stem, unused, build);
    expect(reader.names.filter((name) => !tensors.has(name))).toEqual(reader.names.filter((name) => leftOver.test(name)));
  });

  it("control: a middle block that the checkpoint lacks is missing", async () => {
    const withMiddle: Build = (g, config) => unet(g, { ...Object(config), mid_block_type: "UNetMidBlock2DCrossAttn" });
    await expect(check("unet-sdxs", "diffusion_pytorch_model", UNET_UNUSED, withMiddle)).rejects.toThrow(/mid_block.* is missing/);
  });
});
