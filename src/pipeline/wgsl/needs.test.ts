// What pictures of published models need, at their full size: bars that hold whatever the kernels become. No weights are made.
import { describe, expect, test } from "vitest";
import type { WeightFormat } from "../../common/weight-format";
import { openAutoencoder, openDenoiser, openTextEncoder } from "../../networks";
import { CLIP_G, CLIP_H, CLIP_L, KL, SD21, SDXL } from "../../networks/published";
import type { Autoencoder, TextEncoder } from "../../networks/roles";
import { planPicture, type PlannedFormats, type PlannedNetworks } from "./needs";

const text = (config: unknown): TextEncoder => openTextEncoder({ className: "CLIPTextModel", config });
const large = (force_upcast: boolean): Autoencoder => openAutoencoder({ className: "AutoencoderKL", config: { ...KL, force_upcast } });
const SMALL = openAutoencoder({ className: "AutoencoderTiny", config: {} });

function sdTurbo(autoencoder: Autoencoder): PlannedNetworks {
  const denoiser = openDenoiser({ className: "UNet2DConditionModel", config: SD21 });
  return { texts: [text(CLIP_H)], state: "lastHiddenState", denoiser, autoencoder };
}

function sdxl(autoencoder: Autoencoder): PlannedNetworks {
  const denoiser = openDenoiser({ className: "UNet2DConditionModel", config: SDXL });
  return { texts: [text(CLIP_L), text(CLIP_G)], state: "penultimate", denoiser, autoencoder };
}

/** What WebGPU promises on every device. */
const gpu = (weights: WeightFormat): PlannedFormats => ({
  format: "f16",
  // The autoencoder's stay float16.
  weights: (name) => (name === "autoencoder" ? "f16" : weights),
  bufferBytes: 2 ** 28,
  bindingBytes: 2 ** 27,
});
const square = (side: number) => ({ width: side, height: side });

describe("within the budget of an ordinary GPU", () => {
  test.each<[string, number, WeightFormat, number, PlannedNetworks]>([
    ["an SDXL student with its own decoder, in float32", 1024, "f16", 8e9, sdxl(large(true))],
    ["an SDXL student with its own decoder, in float32", 1024, "q8", 4e9, sdxl(large(true))],
    ["an SDXL student with its own decoder, in float32", 1024, "q4", 4e9, sdxl(large(true))],
    ["an SDXL student with a float16 decoder", 1024, "q8", 4e9, sdxl(large(false))],
    ["an SDXL student with a small decoder", 1024, "q8", 4e9, sdxl(SMALL)],
  ])("%s at %i draws with %s weights within %d bytes, and its denoiser stays for a new text", (_, side, weights, budget, networks) => {
    const plan = planPicture(networks, square(side), gpu(weights), budget);
    expect(plan.peakBytes).toBeLessThanOrEqual(budget);
    expect(plan.turns).not.toContain("denoiser");
  });

  // Text encoder and denoiser are larger together than this, so even the denoiser takes turns.
  test.each<[string, WeightFormat, number, PlannedNetworks]>([
    ["SD-Turbo with its large decoder", "f16", 2.2e9, sdTurbo(large(false))],
    ["SD-Turbo with its large decoder", "q8", 1.3e9, sdTurbo(large(false))],
    ["SD-Turbo with a small decoder", "f16", 2.2e9, sdTurbo(SMALL)],
    ["SD-Turbo with a small decoder", "q8", 1.3e9, sdTurbo(SMALL)],
  ])("%s at 512 draws with %s weights within %d bytes", (_, weights, budget, networks) => {
    const plan = planPicture(networks, square(512), gpu(weights), budget);
    expect(plan.peakBytes).toBeLessThanOrEqual(budget);
    expect(plan.turns).toEqual(["text_encoder", "denoiser"]);
  });

  test("where all fits nothing takes turns, and the decoder takes what it likes", () => {
    const { turns, decoderArenaBytes, peakBytes } = planPicture(sdTurbo(SMALL), square(512), gpu("f16"), 8e9);
    expect({ turns, decoderArenaBytes }).toEqual({ turns: [], decoderArenaBytes: 2 ** 30 });
    // 1.73 GB of denoiser, 0.68 of text encoder, and some for what is computed.
    expect(peakBytes).toBeGreaterThan(2.4e9);
    expect(peakBytes).toBeLessThan(2.7e9);
  });
});

// What a picture may need besides what is usual, and what may not break an ordinary GPU either.
describe.each<[string, number, WeightFormat, number, PlannedNetworks]>([
  ["an SDXL student with its own decoder", 1024, "f16", 8e9, sdxl(large(true))],
  ["an SDXL student with its own decoder", 1024, "q8", 4e9, sdxl(large(true))],
  ["an SDXL student with a float16 decoder", 1024, "q8", 4e9, sdxl(large(false))],
  ["an SDXL student with a small decoder", 1024, "q4", 4e9, sdxl(SMALL)],
  ["SD-Turbo with its large decoder", 512, "f16", 2.2e9, sdTurbo(large(false))],
  ["SD-Turbo with its large decoder", 512, "q8", 1.3e9, sdTurbo(large(false))],
  ["SD-Turbo with a small decoder", 512, "q8", 1.3e9, sdTurbo(SMALL)],
])("%s at %i with %s weights within %d bytes", (_, side, weights, budget, networks) => {
  test("reads a picture to draw over", () => {
    const { reading, peakBytes } = planPicture(networks, square(side), gpu(weights), budget);
    expect(reading.peakBytes).toBeLessThanOrEqual(budget);
    expect(peakBytes).toBeLessThanOrEqual(budget);
  });

  test.each([[["autoencoder"]], [["denoiser"]], [["autoencoder", "denoiser"]]] as const)("draws with %j in float32", (inFloat32) => {
    const wide = planPicture(networks, square(side), { ...gpu(weights), inFloat32 }, budget);
    expect(wide.peakBytes).toBeLessThanOrEqual(budget);
    expect(wide.reading.peakBytes).toBeLessThanOrEqual(budget);
  });
});

describe("what may come besides", () => {
  const networks = sdTurbo(large(false));
  const plan = (budget: number, textTokens?: number) => planPicture(networks, { ...square(512), textTokens }, gpu("f16"), budget);

  test("what reads a picture to draw over stays only where it fits beside all others", () => {
    const { peakBytes, encoderStays, stayingBytes, shapeBytes } = plan(8e9);
    expect(encoderStays).toBe(true);
    const tight = plan(peakBytes);
    expect(tight).toMatchObject({ turns: [], encoderStays: false, stayingBytes: peakBytes });
    expect(stayingBytes - peakBytes, "with its weights").toBeGreaterThan(shapeBytes - tight.shapeBytes + 6.8e7);
    expect(shapeBytes).toBeGreaterThan(tight.shapeBytes);
    // Its weights alone are 68 MB.
    expect(plan(peakBytes + 6.8e7).encoderStays).toBe(false);
    expect(plan(1.4e9).encoderStays).toBe(false);
  });

  test("a text of eight rows takes more, for its keys and values in every block", () => {
    // 16 blocks of 320 to 1280 channels; keys and values of both texts, in float16.
    const blocks = 5 * 320 + 5 * 640 + 6 * 1280;
    const rows = 7 * 77;
    const more = plan(8e9, 8 * 77).peakBytes - plan(8e9, 77).peakBytes;
    expect(more).toBeGreaterThan(2 * 2 * 2 * rows * blocks);
    expect(plan(8e9).peakBytes).toBe(plan(8e9, 77).peakBytes);
  });
});

test("a large picture of a second decoder takes the denoiser of a small one, and the weights of both decoders stay", () => {
  const fine = openAutoencoder({
    className: "AutoencoderTiny",
    config: { decoder_block_out_channels: [64, 64, 64, 64, 64], num_decoder_blocks: [3, 3, 3, 1, 1] },
  });
  const plan = (networks: PlannedNetworks, side: number) => planPicture(networks, square(side), gpu("f16"), 8e9);
  const [alone, both] = [sdTurbo(SMALL), { ...sdTurbo(SMALL), fine }];
  const more = plan(both, 512).peakBytes - plan(alone, 512).peakBytes;
  // At 512 its own decoder draws, and the other one's 11 blocks of three convolutions of 64 channels are weights alone.
  expect(more).toBeGreaterThan(2 * 11 * 3 * 9 * 64 ** 2);
  expect(plan(both, 512).shapeBytes).toBe(plan(alone, 512).shapeBytes);
  // At 1024 the denoiser's latent is that of 512, where one decoder alone has four times as many pixels.
  expect(plan(both, 1024).shapeBytes).toBeLessThan(plan(alone, 1024).shapeBytes);
  expect(plan(both, 1024).peakBytes).toBeGreaterThan(plan(both, 512).peakBytes);
});
