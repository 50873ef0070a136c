// Latents to pixels and back, with one plan for each size. The decoder undoes the latent's scaling, runs the network and
// packs RGBA8; the encoder's weights are read when a picture is first drawn over.
import { component, type Manifest } from "../../checkpoints/manifest";
import { OnestrokeError } from "../../common/errors";
import type { Picture } from "../../common/picture";
import type { Device } from "../../engine/device";
import type { Plan } from "../../engine/plan";
import { runPlan } from "../../engine/run";
import type { NumberFormat } from "../../engine/tensor";
import { openAutoencoder } from "../../networks";
import type { Autoencoder } from "../../networks/roles";
import type { Size } from "../engine";
import { channelsFirst } from "../latent-layout";
import type { Work } from "../work";
import { decoderGraph, encoderGraph } from "./graphs";
import { Network } from "./network";

/** Latent pixels on a side of the graph that is only looked at for its tensors. */
const SMALLEST_LATENT = 8;

/** Where a latent is: an output of the denoiser's plan, and its place in the batch. */
export interface LatentAt {
  readonly output: "x0" | "next";
  readonly index: number;
}

export class WgslAutoencoder {
  readonly role: Autoencoder;
  readonly decoder: Network;
  readonly encoder: Network;

  constructor(manifest: Manifest, device: Device, format: NumberFormat) {
    const vae = component(manifest, "vae");
    this.role = openAutoencoder(vae);
    const { needsFloat32, decoder, encoder } = this.role;
    // Weights stay float16 whatever the others are: they are the smallest part, and what they lose is seen pixel by pixel.
    const options = { name: "vae", format: needsFloat32 ? "f32" : format, weights: "f16", component: vae } as const;
    this.decoder = new Network(device, { ...options, unused: decoder.unused });
    this.encoder = new Network(device, { ...options, unused: encoder.unused });
  }

  /**
   * @param latent sides of the latent
   * @param output packed for the screen, or as numbers about [0, 1]
   */
  plan(latent: Size, work: Work, output: "rgba" | "pixels" = "rgba"): Promise<Plan> {
    const { height, width } = latent;
    return this.decoder.plan(`${width}x${height}/${output}`, (g) => decoderGraph(g, this.role, latent, output), work);
  }

  /**
   * The picture of the latent that was given to the plan.
   * @throws OnestrokeError `bad-image` if a pixel is not finite
   */
  async decode(plan: Plan, signal?: AbortSignal): Promise<Picture> {
    await runPlan(plan, signal);
    const pixels = Uint32Array.from(await plan.read("rgba"));
    const data = new Uint8ClampedArray(pixels.buffer);
    const broken = countBroken(data);
    if (broken > 0) throw new OnestrokeError("bad-image", `${broken} pixels are not finite numbers`, { pixels: broken });
    const width = plan.graph.outputs.get("rgba")?.shape.at(-1) ?? 0;
    return { width, height: pixels.length / width, data };
  }

  /** What a plan for `pixels` makes of it: `[height, width, channels]`. */
  async pixels(plan: Plan, signal?: AbortSignal): Promise<Float32Array> {
    await runPlan(plan, signal);
    return Float32Array.from(await plan.read("pixels"));
  }

  /** Whether the files have an encoder: published ones may leave it out. */
  canEncode(signal?: AbortSignal): Promise<boolean> {
    const side = SMALLEST_LATENT * this.role.factor;
    return this.encoder.has((g) => encoderGraph(g, this.role, { width: side, height: side }), signal);
  }

  /** The scaled latent of a picture, `[channels, height, width]`. */
  async encode({ width, height, data }: Picture, work: Work): Promise<Float32Array> {
    if (!(await this.canEncode(work.signal))) {
      throw new OnestrokeError("model-unsupported", "the model's files have no encoder for pictures", { field: "start" });
    }
    const plan = await this.encoder.plan(`${width}x${height}`, (g) => encoderGraph(g, this.role, { width, height }), work);
    const pixels = new Float32Array(width * height * 3);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (data[4 * Math.floor(i / 3) + (i % 3)] ?? 0) / 127.5 - 1;
    plan.write("image", pixels);
    await runPlan(plan, work.signal);
    return channelsFirst(Float32Array.from(await plan.read("latent")), this.role.latentChannels);
  }
}

/** Counts the pixels that `to-rgba` marked with alpha 0. */
function countBroken(data: Uint8ClampedArray): number {
  let count = 0;
  for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha] === 0) count++;
  return count;
}
