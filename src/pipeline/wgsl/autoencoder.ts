// Latents to pixels and back, with one plan for each size. The decoder undoes the latent's scaling, runs the network and
// packs RGBA8; there may be a second one for larger pictures (scales.ts). Weights that a first picture does not need, those of the encoder
// and of the other decoder, are read when one does.
import { component, componentBytes, type Component, type Manifest } from "../../checkpoints/manifest";
import { OnestrokeError } from "../../common/errors";
import type { Picture } from "../../common/picture";
import { trainedFor } from "../../common/trained-sizes";
import type { Device } from "../../engine/device";
import type { Plan } from "../../engine/plan";
import { runPlan } from "../../engine/run";
import type { NumberFormat } from "../../engine/tensor";
import { openAutoencoder } from "../../networks";
import type { Autoencoder } from "../../networks/roles";
import type { Size } from "../engine";
import { averaged } from "../averaged";
import { channelsFirst } from "../latent-layout";
import { latentOf, readSize, scalesOf, type Decoding, type Scales } from "../scales";
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

export interface WgslDecoder extends Decoding {
  readonly role: Autoencoder;
  readonly network: Network;
  /** Of its file. */
  readonly byteLength: number;
}

interface AutoencoderOptions {
  /** Of activations. */
  readonly format: NumberFormat;
  /** Side of the latent that the denoiser was trained on. */
  readonly sampleSize: number;
}

export class WgslAutoencoder {
  readonly role: Autoencoder;
  /** A second decoder of the same latents. */
  readonly fine: Autoencoder | undefined;
  readonly scales: Scales<WgslDecoder>;
  readonly encoder: Network;

  constructor(manifest: Manifest, device: Device, { format, sampleSize }: AutoencoderOptions) {
    const [vae, fine] = [component(manifest, "vae"), manifest.components.vae_fine];
    this.role = openAutoencoder(vae);
    this.fine = fine && openAutoencoder(fine);
    const networkOf = (name: string, part: Component, needsFloat32: boolean, unused: readonly RegExp[]): Network =>
      // Weights stay float16 whatever the others are: they are the smallest part, and what they lose is seen pixel by pixel.
      new Network(device, { name, component: part, format: needsFloat32 ? "f32" : format, weights: "f16", unused });
    const decoderOf = (name: string, part: Component, role: Autoencoder): WgslDecoder => {
      const { factor, needsFloat32, decoder } = role;
      return { factor, role, byteLength: componentBytes(part), network: networkOf(name, part, needsFloat32, decoder.unused) };
    };
    const usual = decoderOf("vae", vae, this.role);
    this.scales = scalesOf(sampleSize, usual, fine && this.fine && decoderOf("vae_fine", fine, this.fine));
    this.encoder = networkOf("vae", vae, this.role.needsFloat32, this.role.encoder.unused);
  }

  get decoders(): readonly Network[] {
    return this.scales.map(({ decoder }) => decoder.network);
  }

  /** What is not computed in float32 anyway. */
  get inFloat16(): readonly Network[] {
    const decoders = this.scales.map(({ decoder }) => decoder).filter(({ role }) => !role.needsFloat32);
    return [...(this.role.needsFloat32 ? [] : [this.encoder]), ...decoders.map(({ network }) => network)];
  }

  /** Bytes as stored of the decoder that a picture of that size does not need. */
  otherBytes(size: Size): number {
    const { decoder: needed } = trainedFor(size, this.scales);
    return this.scales.reduce((sum, { decoder }) => sum + (decoder === needed ? 0 : decoder.byteLength), 0);
  }

  /**
   * @param size of the picture
   * @param output packed for the screen, or as numbers about [0, 1]
   */
  plan(size: Size, work: Work, output: "rgba" | "pixels" = "rgba"): Promise<Plan> {
    const { role, network } = trainedFor(size, this.scales).decoder;
    const latent = latentOf(size, this.scales);
    return network.plan(`${latent.width}x${latent.height}/${output}`, (g) => decoderGraph(g, role, latent, output), work);
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

  /** The scaled latent of a picture of the size that is drawn, `[channels, height, width]`. */
  async encode(picture: Picture, work: Work): Promise<Float32Array> {
    if (!(await this.canEncode(work.signal))) {
      throw new OnestrokeError("model-unsupported", "the model's files have no encoder for pictures", { field: "start" });
    }
    const { width, height, data } = averaged(picture, readSize(picture, this.scales, this.role));
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
