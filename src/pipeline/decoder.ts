// Latents to pixels: undoes the latent scaling, runs the autoencoder's decoder and packs
// RGBA8, as one plan a size.
import { component, openComponent, type Manifest } from "../checkpoints/manifest";
import type { Device } from "../engine/device";
import type { GraphBuilder } from "../engine/graph-builder";
import type { Plan } from "../engine/plan";
import { runPlan } from "../engine/run";
import type { NumberFormat, Tensor } from "../engine/tensor";
import { OnestrokeError } from "../common/errors";
import { AUTOENCODER_KL_DECODER_UNUSED, autoencoderKlDecoder, parseAutoencoderKlConfig } from "../networks/autoencoder-kl";
import { AUTOENCODER_TINY_DECODER_UNUSED, autoencoderTinyDecoder, parseAutoencoderTinyConfig } from "../networks/autoencoder-tiny";
import { Network, type NetworkHooks } from "./network";
import type { RgbaImage } from "./request";

/** What the pipeline needs to know of an autoencoder, whichever it is. */
interface Autoencoder {
  readonly latentChannels: number;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Pixels a latent pixel, along one side. */
  readonly factor: number;
  readonly unused: readonly RegExp[];
  /** Float16 activations would overflow. */
  readonly needsFloat32: boolean;
  decode(g: GraphBuilder, latent: Tensor, height: number, width: number): Tensor;
}

export class Decoder {
  readonly autoencoder: Autoencoder;
  readonly network: Network;

  constructor(manifest: Manifest, device: Device, format: NumberFormat) {
    const vae = component(manifest, "vae");
    this.autoencoder = vae.className === "AutoencoderTiny" ? tiny(vae.config) : kl(vae.config);
    const { unused, needsFloat32 } = this.autoencoder;
    this.network = new Network(device, {
      name: "vae",
      format: needsFloat32 ? "f32" : format,
      open: (signal) => openComponent(vae, signal),
      unused,
    });
  }

  /**
   * @param shape of the latent
   * @param output packed for the screen, or as numbers about [0, 1]
   */
  plan(shape: { readonly height: number; readonly width: number }, hooks: NetworkHooks, output: "rgba" | "pixels" = "rgba"): Promise<Plan> {
    const { height, width } = shape;
    return this.network.plan(`${width}x${height}/${output}`, (g) => this.#build(g, height, width, output), hooks);
  }

  /**
   * The picture of `output` (a latent) of the denoiser's plan.
   * @throws OnestrokeError `bad-image` if a pixel is not finite
   */
  async decode(plan: Plan, denoiser: Plan, output: "x0" | "next", signal?: AbortSignal): Promise<RgbaImage> {
    plan.copyFrom(denoiser, output, "latent");
    await runPlan(plan, signal);
    const pixels = Uint32Array.from(await plan.read("rgba"));
    const data = new Uint8ClampedArray(pixels.buffer);
    const broken = countBroken(data);
    if (broken > 0) throw new OnestrokeError("bad-image", `${broken} pixels are not finite numbers`, { pixels: broken });
    const width = plan.graph.outputs.get("rgba")?.shape.at(-1) ?? 0;
    return { width, height: pixels.length / width, data };
  }

  /** What a plan for `pixels` makes of the denoiser's last latent: `[height, width, channels]`. */
  async pixels(plan: Plan, denoiser: Plan, signal?: AbortSignal): Promise<Float32Array> {
    plan.copyFrom(denoiser, "next", "latent");
    await runPlan(plan, signal);
    return Float32Array.from(await plan.read("pixels"));
  }

  #build(g: GraphBuilder, height: number, width: number, output: "rgba" | "pixels"): void {
    const { latentChannels, scalingFactor, shiftFactor, decode } = this.autoencoder;
    const latent = g.input("latent", [1, height, width, latentChannels], "run", "f32");
    const unscaled = scalingFactor === 1 && shiftFactor === 0 ? latent : g.scaleShift(latent, 1 / scalingFactor, shiftFactor);
    const decoded = decode(g, unscaled, height, width);
    if (output === "rgba") g.output("rgba", g.toRgba(decoded, { scale: 0.5, shift: 0.5 }));
    else g.output("pixels", g.scaleShift(decoded, 0.5, 0.5));
  }
}

/** Pixels that `to-rgba` marked with alpha 0. */
function countBroken(data: Uint8ClampedArray): number {
  let count = 0;
  for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha] === 0) count++;
  return count;
}

function tiny(json: unknown): Autoencoder {
  const config = parseAutoencoderTinyConfig(json);
  return {
    ...config,
    factor: config.upsampling ** (config.decoder.length - 1),
    unused: AUTOENCODER_TINY_DECODER_UNUSED,
    needsFloat32: false,
    decode: (g, latent, height, width) => autoencoderTinyDecoder(g, config, { batch: 1, height, width, latent }),
  };
}

function kl(json: unknown): Autoencoder {
  const config = parseAutoencoderKlConfig(json);
  return {
    ...config,
    factor: 2 ** (config.channels.length - 1),
    unused: AUTOENCODER_KL_DECODER_UNUSED,
    needsFloat32: config.forceFloat32,
    decode: (g, latent, height, width) => autoencoderKlDecoder(g, config, { batch: 1, height, width, latent }),
  };
}
