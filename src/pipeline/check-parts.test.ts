// Parts that do not fit each other are refused, and the error names what they disagree in. Each rule has its own test.
import { describe, expect, test } from "vitest";
import { diffusersManifest } from "../checkpoints/diffusers-manifest";
import { component } from "../checkpoints/manifest";
import { nodeStore } from "../checkpoints/node-file";
import { testDevice } from "../engine/testing/evaluate";
import { checkDenoiser, checkTokenizer } from "./check-parts";
import { openWgslModel } from "./wgsl/model";

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
  const READS = { kind: "text", channels: 2048, pooledChannels: 1280 } as const;
  const DENOISER = { inChannels: 4, outChannels: 4, reads: READS };
  const TEXTS = [
    { channels: 768, projection: undefined },
    { channels: 1280, projection: 1280 },
  ];
  const [FIRST] = TEXTS;

  test("control: all agree; pooled text that nobody reads may be there", () => {
    expect(() => checkDenoiser(DENOISER, 4, TEXTS)).not.toThrow();
    expect(() => checkDenoiser({ ...DENOISER, reads: { ...READS, pooledChannels: undefined } }, 4, TEXTS)).not.toThrow();
    expect(() => checkDenoiser({ ...DENOISER, reads: { kind: "label", classes: 1000 } }, 4, [])).not.toThrow();
  });

  test.each([
    ["a latent of another autoencoder", DENOISER, 16, TEXTS, /latent has 16/],
    ["noise predicted beside a variance", { ...DENOISER, outChannels: 8 }, 4, TEXTS, /maps 4 to 8/],
    ["a narrower text", DENOISER, 4, [{ channels: 768, projection: 1280 }], /reads 2048 text channels.* give 768/],
    ["a wider text", DENOISER, 4, [...TEXTS, { channels: 2048, projection: 1280 }], /give 4096/],
    ["another pooled text", DENOISER, 4, [FIRST, { channels: 1280, projection: 768 }], /reads 1280 pooled text channels.* give 768/],
    ["no pooled text", DENOISER, 4, [FIRST, { channels: 1280, projection: undefined }], /give none/],
    ["texts that nobody reads", { ...DENOISER, reads: { kind: "label", classes: 10 } }, 4, TEXTS, /reads a label.* 2 text encoders/],
    ["no text where it reads one", DENOISER, 4, [], /reads a text.* 0 text encoders/],
  ] as const)("%s", (_, denoiser, latentChannels, texts, message) => {
    const encoders = texts.flatMap((text) => (text === undefined ? [] : [text]));
    expect(() => checkDenoiser(denoiser, latentChannels, encoders)).toThrow(refused(message));
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
  await expect(openWgslModel({ ...manifest, components }, await testDevice())).rejects.toEqual(refused(message));
});
