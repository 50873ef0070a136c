// Text to image with ONNX exports on ONNX Runtime: the same algorithm, requests and results as the
// pipeline on our own engine, with the sampler's arithmetic on the host. Images are NCHW here.
import type { ByteStore } from "../../checkpoints/byte-source";
import { OnestrokeError } from "../../errors";
import type { OrtRuntime } from "../../ort/session/runtime";
import type { OrtSession } from "../../ort/session/session";
import { NEGATIVE_TEXT_INPUT, steeringScalars, TEXT_INPUT } from "../../ort/steer-graph";
import { guidanceEmbedding } from "../../samplers/guidance-embedding";
import { TorchGenerator } from "../../samplers/noise/torch-generator";
import { scheduleFor } from "../../samplers/recipe";
import type { SamplerStep } from "../../samplers/schedule";
import { effectiveSteering, steeringAt } from "../../steering/schedule";
import type { Steering } from "../../steering/types";
import { throwIfCancelled } from "../cancel";
import { checkRequest, maxSteps } from "../check-request";
import { steeringDefaultsOfTextChannels } from "../default-steering";
import { CONSISTENCY_GUIDANCE } from "../denoiser";
import { StageClock } from "../hooks";
import type { GeneratedImage, ImageRequest, PipelineHooks, RgbaImage, Timings } from "../request";
import { channelsLast, type TextToImageInfo, type TextToImageOptions } from "../text-to-image";
import { openOnnxCheckpoint, type OnnxCheckpoint } from "./checkpoint";
import { OnnxNetwork, type Feed } from "./network";
import { OnnxTextEncoding } from "./text-encoding";

export type OnnxTextToImageOptions = Pick<TextToImageOptions, "textRows">;

export class OnnxTextToImage {
  readonly info: TextToImageInfo;
  readonly loadTimings: Pick<Timings, "load" | "compile">;
  readonly #checkpoint: OnnxCheckpoint;
  readonly #text: OnnxTextEncoding;
  readonly #unet: OnnxNetwork;
  readonly #decoder: OnnxNetwork;

  private constructor(
    checkpoint: OnnxCheckpoint,
    runtime: OrtRuntime,
    text: OnnxTextEncoding,
    unet: OnnxNetwork,
    load: number,
    textChannels: unknown,
  ) {
    this.#checkpoint = checkpoint;
    this.#text = text;
    this.#unet = unet;
    this.#decoder = new OnnxNetwork(runtime, checkpoint.decoder);
    this.loadTimings = { load, compile: 0 };
    this.info = {
      name: checkpoint.name,
      weightBytes: checkpoint.byteLength,
      defaultSize: checkpoint.sampleSize * checkpoint.factor,
      sizeMultiple: checkpoint.factor,
      maxSteps: maxSteps(checkpoint.sampler),
      steering: steeringDefaultsOfTextChannels(textChannels),
      license: undefined,
    };
  }

  /**
   * Opens a folder of exports and the session of its denoiser.
   * @throws OnestrokeError `model-*`, `gpu-*`, `cancelled`
   */
  static async load(
    store: ByteStore,
    runtime: OrtRuntime,
    { signal }: PipelineHooks = {},
    options: OnnxTextToImageOptions = {},
  ): Promise<OnnxTextToImage> {
    const started = performance.now();
    const checkpoint = await openOnnxCheckpoint(store, signal);
    const text = await OnnxTextEncoding.open(checkpoint, runtime, options.textRows ?? 1, signal);
    const unet = new OnnxNetwork(runtime, checkpoint.unet);
    const { inputs } = await unet.session(signal);
    const states = inputs.find(({ name }) => name === TEXT_INPUT);
    const channels = states?.isTensor ? states.shape.at(-1) : undefined;
    return new OnnxTextToImage(checkpoint, runtime, text, unet, performance.now() - started, channels);
  }

  /** @throws OnestrokeError `invalid-input`, `bad-image`, `model-*`, `gpu-*`, `cancelled` */
  async generate(request: ImageRequest, hooks: PipelineHooks = {}): Promise<GeneratedImage> {
    const clock = new StageClock();
    const latent = await this.#denoise(request, hooks, clock);
    hooks.onProgress?.({ stage: "decode" });
    await clock.time("load", () => this.#decoder.session(hooks.signal));
    const pixels = await clock.time("decode", () => this.#decode(latent, request, hooks.signal));
    return { image: toRgba(pixels, request), timings: clock.timings() };
  }

  /** What `generate` draws, as numbers to compare: the scaled latent and pixels about [0, 1], `[height, width, channels]`. */
  async measure(
    request: ImageRequest,
    hooks: PipelineHooks = {},
  ): Promise<{ readonly latent: Float32Array; readonly pixels: Float32Array }> {
    const latent = await this.#denoise(request, hooks, new StageClock());
    const pixels = await this.#decode(latent, request, hooks.signal);
    return { latent: channelsLast(latent, this.#checkpoint.latentChannels), pixels };
  }

  async dispose(): Promise<void> {
    for (const network of [this.#text.network, this.#unet, this.#decoder]) await network.release();
  }

  /** The finished latent, `[channels, height, width]`. */
  async #denoise(request: ImageRequest, hooks: PipelineHooks, clock: StageClock): Promise<Float32Array> {
    checkRequest(request, this.info);
    const { signal } = hooks;
    const { sampler, latentChannels, factor } = this.#checkpoint;
    const steering = effectiveSteering(request.steering, request.negative);
    const schedule = scheduleFor(sampler, request.steps);

    hooks.onProgress?.({ stage: "encode" });
    await clock.time("load", () => this.#text.network.session(signal));
    const encode = (text: string) => clock.time("encode", () => this.#text.encode(text, signal));
    const positive = await encode(request.prompt);
    const texts = {
      [TEXT_INPUT]: positive,
      ...(steering.method === "none" ? {} : { [NEGATIVE_TEXT_INPUT]: await encode(request.negative) }),
    };
    const shape = [1, latentChannels, request.height / factor, request.width / factor];
    const draw = new TorchGenerator(request.seed);
    const noise = () => draw.randn(shape.reduce((left, right) => left * right));

    const method = steering.method === "none" ? undefined : steering.method;
    const session = await clock.time("load", () => this.#unet.session(signal, method));
    let x: Float32Array = noise().map((value) => value * schedule.initialNoiseScale);
    for (const [index, step] of schedule.steps.entries()) {
      throwIfCancelled(signal);
      hooks.onProgress?.({ stage: "step", step: index + 1, steps: schedule.steps.length });
      const fresh = step.next.noise === 0 ? undefined : noise();
      const told = { ...texts, ...dials(steeringAt(steering, index, step.sigma)) };
      const out = await clock.time("denoise", () => this.#predict(x, shape, step, told, session, signal));
      const isLast = index + 1 === schedule.steps.length;
      if (!isLast && hooks.onPreview) {
        const x0 = combined(step.x0, x, out);
        hooks.onPreview(toRgba(await clock.time("decode", () => this.#decode(x0, request, signal)), request), index + 1);
      }
      x = combined(step.next, x, out, fresh);
    }
    return x;
  }

  async #predict(
    x: Float32Array,
    shape: readonly number[],
    { inputScale, timestep }: SamplerStep,
    text: Readonly<Record<string, Feed>>,
    session: OrtSession,
    signal?: AbortSignal,
  ): Promise<Float32Array> {
    const guidance = session.inputs.find(({ name }) => name === "timestep_cond");
    const width = guidance?.isTensor ? guidance.shape.at(-1) : undefined;
    const told =
      typeof width === "number" ? { timestep_cond: { values: guidanceEmbedding(CONSISTENCY_GUIDANCE, width), shape: [1, width] } } : {};
    const sample = { values: x.map((value) => value * inputScale), shape };
    const { values } = await this.#unet.run(session, { sample, timestep: { values: [timestep] }, ...text, ...told }, signal);
    if (values.length !== x.length) {
      throw new OnestrokeError("model-unsupported", `the denoiser answers with ${values.length} numbers to ${x.length}`);
    }
    return values;
  }

  /** Pixels about [0, 1], `[height, width, channels]`. */
  async #decode(latent: Float32Array, { width, height }: ImageRequest, signal?: AbortSignal): Promise<Float32Array> {
    const { latentChannels, scalingFactor, factor } = this.#checkpoint;
    const session = await this.#decoder.session(signal);
    const shape = [1, latentChannels, height / factor, width / factor];
    const { values } = await this.#decoder.run(
      session,
      { [session.inputs[0]?.name ?? ""]: { values: latent.map((value) => value / scalingFactor), shape } },
      signal,
    );
    if (values.length !== 3 * width * height) {
      throw new OnestrokeError("model-unsupported", `the decoder gives ${values.length} numbers, not ${width}x${height} pixels of three`);
    }
    return channelsLast(values, 3).map((value) => value / 2 + 0.5);
  }
}

/**
 * A step that is not steered has the dials at 0, where the steered graph gives what the plain one does: opening that
 * one in the middle of a picture takes longer than the branch.
 */
function dials(steering: Steering): Readonly<Record<string, Feed>> {
  if (steering.method === "none") return {};
  return Object.fromEntries(Object.entries(steeringScalars(steering)).map(([name, value]) => [name, { values: [value] }]));
}

function combined(
  by: { readonly x: number; readonly out: number; readonly noise?: number },
  x: Float32Array,
  out: Float32Array,
  noise?: Float32Array,
): Float32Array {
  return x.map((value, i) => by.x * value + by.out * (out[i] ?? NaN) + (by.noise ?? 0) * (noise?.[i] ?? 0));
}

/** @throws OnestrokeError `bad-image` if a pixel is not finite, or all are the same: what a lost GPU leaves */
function toRgba(pixels: Float32Array, { width, height }: ImageRequest): RgbaImage {
  const broken = pixels.filter((value) => !Number.isFinite(value)).length;
  if (broken > 0) throw new OnestrokeError("bad-image", `${broken} values of the picture are not finite numbers`, { values: broken });
  if (pixels.every((value) => value === pixels[0])) throw new OnestrokeError("bad-image", "the picture is one flat colour");
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) data[4 * i + channel] = 255 * (pixels[3 * i + channel] ?? 0);
  }
  return { width, height, data };
}
