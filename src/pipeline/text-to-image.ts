// Text to image: tokenizer and encoder, denoiser times steps, decoder. `generate` reads
// as the algorithm; everything it waits for was compiled before or is compiled here once.
import { component, weightBytes, type ComponentName, type Manifest } from "../checkpoints/manifest";
import type { Device } from "../engine/device";
import type { Plan } from "../engine/plan";
import type { NumberFormat } from "../engine/tensor";
import { throwIfCancelled } from "../common/errors";
import { TorchGenerator } from "../samplers/noise/torch-generator";
import { scheduleFor, type SamplerRecipe } from "../samplers/recipe";
import { recipeFromConfig, withRule, type SamplerOverrides } from "../samplers/scheduler-file";
import type { SteeringDefaults } from "../common/steering-defaults";
import { effectiveSteering, steeringAt } from "../steering/schedule";
import { checkChannels } from "./check-parts";
import { checkRequest, checkUsualSide, maxSteps } from "./check-request";
import { Decoder } from "./decoder";
import { steeringDefaults } from "./default-steering";
import { Denoiser } from "./denoiser";
import { networkHooks, StageClock, wholeModel } from "./hooks";
import type { NetworkHooks } from "./network";
import type { GeneratedImage, ImageRequest, PipelineHooks, Timings } from "./request";
import { TextEncoding, type EncodedText } from "./text-encoding";

export interface TextToImageInfo {
  readonly name: string;
  /** Stored bytes of all weights. */
  readonly weightBytes: number;
  /** Pixels along each side the model was trained at. */
  readonly defaultSize: number;
  /** Widths and heights are multiples of this. */
  readonly sizeMultiple: number;
  readonly maxSteps: number;
  /** What a negative prompt means when nobody says how to steer. */
  readonly steering: SteeringDefaults;
  readonly license: string | undefined;
  /** Why the steps of this checkpoint may draw badly, for the person who chose their rule. */
  readonly doubt: string | undefined;
}

export interface TextToImageOptions {
  /** For checkpoints whose scheduler file is not the student's. */
  readonly sampler?: SamplerOverrides;
  /** Of activations. Default: float16 where the device has it. */
  readonly format?: NumberFormat;
  /** Encoder lengths (of 77 tokens) a prompt may fill. Default 1: the rest is cut, as published pipelines do. */
  readonly textRows?: number;
  /** Weights that may stay on the GPU between images; above it networks take turns. Default 6 GiB. */
  readonly residentBytes?: number;
}

const DEFAULT_RESIDENT_BYTES = 6 * 2 ** 30;

export class TextToImage {
  readonly info: TextToImageInfo;
  readonly #device: Device;
  readonly #sampler: SamplerRecipe;
  readonly #text: TextEncoding;
  readonly #denoiser: Denoiser;
  readonly #decoder: Decoder;
  readonly #manifest: Manifest;
  /** Text encoders and denoiser do not fit together: they take turns on the GPU. */
  readonly #takeTurns: boolean;
  #loadTimings: Pick<Timings, "load" | "compile"> = { load: 0, compile: 0 };

  private constructor(manifest: Manifest, device: Device, text: TextEncoding, format: NumberFormat, options: TextToImageOptions) {
    this.#manifest = manifest;
    this.#device = device;
    this.#text = text;
    this.#sampler = manifest.sampler
      ? withRule(manifest.sampler, options.sampler?.rule)
      : recipeFromConfig(component(manifest, "scheduler").config, options.sampler);
    this.#denoiser = new Denoiser(manifest, device, format);
    this.#decoder = new Decoder(manifest, device, format);
    const bytes = weightBytes(manifest);
    this.#takeTurns = bytes > (options.residentBytes ?? DEFAULT_RESIDENT_BYTES);
    const { factor, latentChannels } = this.#decoder.autoencoder;
    const { sampleSize } = this.#denoiser.config;
    checkChannels(this.#denoiser.config, latentChannels, text);
    checkUsualSide(sampleSize * factor);
    this.info = {
      name: manifest.name,
      weightBytes: bytes,
      defaultSize: sampleSize * factor,
      sizeMultiple: factor,
      maxSteps: manifest.steps?.maximum ?? maxSteps(this.#sampler),
      steering: steeringDefaults(manifest),
      license: manifest.license?.id,
      doubt: this.#sampler.doubt,
    };
  }

  /**
   * Opens a checkpoint: uploads weights and compiles the plans of its default size.
   * @throws OnestrokeError `model-*`, `gpu-*`, `download-failed`, `cancelled`
   */
  static async load(manifest: Manifest, device: Device, hooks: PipelineHooks = {}, options: TextToImageOptions = {}): Promise<TextToImage> {
    const format = options.format ?? (device.hasFloat16 ? "f16" : "f32");
    const text = await TextEncoding.open(manifest, device, { format, maxRows: options.textRows ?? 1 }, hooks.signal);
    const pipeline = new TextToImage(manifest, device, text, format, options);
    if (pipeline.#takeTurns) return pipeline;
    try {
      await pipeline.#prepare(wholeModel(hooks, pipeline.info.weightBytes));
      return pipeline;
    } catch (error) {
      pipeline.dispose();
      throw error;
    }
  }

  /** Milliseconds `load` spent on weights and on compiling. */
  get loadTimings(): Pick<Timings, "load" | "compile"> {
    return this.#loadTimings;
  }

  /** @throws OnestrokeError `invalid-input`, `bad-image`, `gpu-*`, `cancelled` */
  async generate(request: ImageRequest, hooks: PipelineHooks = {}): Promise<GeneratedImage> {
    const clock = new StageClock();
    const denoiser = await this.#denoise(request, hooks, clock);
    hooks.onProgress?.({ stage: "decode" });
    const decoder = await this.#decoder.plan(this.#latentOf(request), this.#hooks("vae", hooks, clock));
    const image = await clock.time("decode", () => this.#decoder.decode(decoder, denoiser, "next", hooks.signal));
    this.#device.assertAlive();
    return { image, timings: clock.timings(), tokens: this.#text.tokens(request) };
  }

  /** What `generate` draws, as numbers to compare: the scaled latent and pixels about [0, 1], `[height, width, channels]`. */
  async measure(
    request: ImageRequest,
    hooks: PipelineHooks = {},
  ): Promise<{ readonly latent: Float32Array; readonly pixels: Float32Array }> {
    const clock = new StageClock();
    const denoiser = await this.#denoise(request, hooks, clock);
    const latent = Float32Array.from(await denoiser.read("next"));
    const decoder = await this.#decoder.plan(this.#latentOf(request), this.#hooks("vae", hooks, clock), "pixels");
    return { latent, pixels: await this.#decoder.pixels(decoder, denoiser, hooks.signal) };
  }

  dispose(): void {
    for (const network of [...this.#text.networks, this.#denoiser.network, this.#decoder.network]) network.evict();
  }

  async #prepare(hooks: PipelineHooks): Promise<void> {
    const clock = new StageClock();
    const side = this.info.defaultSize / this.info.sizeMultiple;
    await this.#text.prepare(this.#hooks("text_encoder", hooks, clock));
    const shape = { height: side, width: side, textTokens: this.#text.rowTokens, method: "nasa" } as const;
    await this.#denoiser.plan(shape, this.#hooks("unet", hooks, clock));
    await this.#decoder.plan({ height: side, width: side }, this.#hooks("vae", hooks, clock));
    this.#loadTimings = clock.timings();
  }

  #latentOf({ width, height }: ImageRequest): { readonly height: number; readonly width: number } {
    const { factor } = this.#decoder.autoencoder;
    return { height: height / factor, width: width / factor };
  }

  /** The plan that holds the finished latent as `next`. */
  async #denoise(request: ImageRequest, hooks: PipelineHooks, clock: StageClock): Promise<Plan> {
    checkRequest(request, this.info);
    const { signal } = hooks;
    const network = (name: ComponentName) => this.#hooks(name, hooks, clock);
    const steering = effectiveSteering(request.steering, request.negative);
    const schedule = scheduleFor(this.#sampler, request.steps);

    hooks.onProgress?.({ stage: "encode" });
    const encode = (text: string) => clock.time("encode", () => this.#encode(text, network("text_encoder")));
    const positive = await encode(request.prompt);
    const negative = steering.method === "none" ? undefined : await encode(request.negative);
    if (this.#takeTurns) for (const encoder of this.#text.networks) encoder.evict();

    const { latentChannels } = this.#decoder.autoencoder;
    const latent = this.#latentOf(request);
    const method = steering.method === "nag" ? "nag" : "nasa";
    const textTokens = Math.max(positive.tokens, negative?.tokens ?? 0);
    const denoiser = await this.#denoiser.plan({ ...latent, textTokens, method }, network("unet"));
    this.#denoiser.writeText(denoiser, positive, request);
    if (negative) this.#denoiser.writeNegative(denoiser, negative);

    const generator = new TorchGenerator(request.seed);
    const draw = () => channelsLast(generator.randn(latentChannels * latent.height * latent.width), latentChannels);
    denoiser.write(
      "x",
      draw().map((value) => value * schedule.initialNoiseScale),
    );
    for (const [index, step] of schedule.steps.entries()) {
      throwIfCancelled(signal);
      hooks.onProgress?.({ stage: "step", step: index + 1, steps: schedule.steps.length });
      this.#denoiser.writeSteering(denoiser, positive.tokens, negative?.tokens ?? 0, steeringAt(steering, index, step.sigma));
      const noise = step.next.noise === 0 ? undefined : draw();
      await clock.time("denoise", async () => {
        await this.#denoiser.step(denoiser, step, noise, signal);
        await this.#device.gpu.queue.onSubmittedWorkDone();
      });
      if (index + 1 === schedule.steps.length) break;
      if (hooks.onPreview) {
        const decoder = await this.#decoder.plan(latent, network("vae"));
        hooks.onPreview(await clock.time("decode", () => this.#decoder.decode(decoder, denoiser, "x0", signal)), index + 1);
      }
      denoiser.copyFrom(denoiser, "next", "x");
    }
    return denoiser;
  }

  async #encode(text: string, hooks: NetworkHooks): Promise<EncodedText> {
    if (this.#takeTurns && !this.#text.knows(text)) this.#denoiser.network.evict();
    return this.#text.encode(text, hooks);
  }

  #hooks(name: ComponentName, hooks: PipelineHooks, clock: StageClock): NetworkHooks {
    const files = this.#manifest.components[name]?.files ?? [];
    const bytes = files.reduce((total, { byteLength }) => total + (byteLength ?? 0), 0);
    return networkHooks(hooks, clock, name, bytes);
  }
}

/** `[channels, pixels]`, as torch draws, to `[pixels, channels]`. */
export function channelsLast(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const pixels = values.length / channels;
  const moved = new Float32Array(values.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) moved[pixel * channels + channel] = values[channel * pixels + pixel] ?? 0;
  }
  return moved;
}
