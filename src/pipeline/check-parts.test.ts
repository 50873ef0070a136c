// Parts that do not fit each other are refused by what they disagree in; each rule by itself.
import { describe, expect, test } from "vitest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { component } from "../checkpoints/manifest";
import { nodeStore } from "../checkpoints/node-file";
import { testDevice } from "../engine/testing/evaluate";
import { checkChannels, checkTokenizer } from "./check-parts";
import { TextToImage } from "./text-to-image";

const refused = (message: RegExp) => expect.objectContaining({ code: "model-unsupported", message: expect.stringMatching(message) });

describe("tokenizer and text encoder", () => {
  const ENCODER = { tokens: 77, vocabularySize: 1000 };

  test("control: rows of one length; the encoder may know more tokens", () => {
    for (const vocabularySize of [1000, 999]) expect(() => checkTokenizer({ maxLength: 77, vocabularySize }, ENCODER)).not.toThrow();
  });

  test.each([76, 78])("rows of %d tokens", (maxLength) => {
    expect(() => checkTokenizer({ maxLength, vocabularySize: 1000 }, ENCODER)).toThrow(refused(/rows of 7[68] tokens/));
  });

  test("an id past the embedding's last row", () => {
    expect(() => checkTokenizer({ maxLength: 77, vocabularySize: 1001 }, ENCODER)).toThrow(refused(/knows 1001 tokens/));
  });
});

describe("denoiser, latent and texts", () => {
  const DENOISER = { inChannels: 4, outChannels: 4, textChannels: 2048, added: { pooledChannels: 1280, sizeFeatures: 256 } };
  const TEXT = { channels: 2048, pooledChannels: 1280 };

  test("control: all agree; pooled text that nobody reads may be there", () => {
    expect(() => checkChannels(DENOISER, 4, TEXT)).not.toThrow();
    expect(() => checkChannels({ ...DENOISER, added: undefined }, 4, TEXT)).not.toThrow();
  });

  test.each([
    ["a latent of another autoencoder", DENOISER, 16, TEXT, /latent has 16/],
    ["noise predicted beside a variance", { ...DENOISER, outChannels: 8 }, 4, TEXT, /maps 4 to 8/],
    ["a narrower text", DENOISER, 4, { ...TEXT, channels: 768 }, /reads 2048 text channels.* give 768/],
    ["a wider text", DENOISER, 4, { ...TEXT, channels: 4096 }, /give 4096/],
    ["another pooled text", DENOISER, 4, { ...TEXT, pooledChannels: 768 }, /reads 1280 pooled text channels.* give 768/],
    ["no pooled text", DENOISER, 4, { ...TEXT, pooledChannels: undefined }, /give none/],
  ] as const)("%s", (_, denoiser, latentChannels, text, message) => {
    expect(() => checkChannels(denoiser, latentChannels, text)).toThrow(refused(message));
  });
});

test.each([
  ["unet", { cross_attention_dim: 256 }, /reads 256 text channels/],
  ["unet", { sample_size: 512 }, /"sample_size".* 4096 pixels/],
  ["text_encoder", { max_position_embeddings: 64 }, /reads 64/],
] as const)("a checkpoint whose %s is another's is refused when it is opened", async (name, change, message) => {
  const manifest = await diffusersManifest(nodeStore("models/vignette"));
  const part = component(manifest, name);
  const components = { ...manifest.components, [name]: { ...part, config: { ...part.config, ...change } } };
  await expect(TextToImage.load({ ...manifest, components }, await testDevice())).rejects.toEqual(refused(message));
});
