// Text to image with ONNX exports on ONNX Runtime: the same algorithm, requests and results as the
// pipeline on our own engine. The sampler's arithmetic is part of the graphs, so that on WebGPU a
// latent never leaves the GPU. Images are NCHW here.
import type { Tensor } from "onnxruntime-web";
import type { ByteStore } from "../../checkpoints/byte-source";
import type { CatalogueEntry } from "../../checkpoints/catalogue";
import { throwIfCancelled } from "../../common/errors";
import type { OrtRuntime } from "../../ort/session/runtime";
import { readTensor } from "../../ort/session/tensors";
import { TEXT_INPUT } from "../../ort/steer-graph";
import { TorchGenerator } from "../../samplers/noise/torch-generator";
import type { ChosenRule } from "../../samplers/scheduler-file";
import { scheduleFor } from "../../samplers/recipe";
import { STEERED_FAMILIES, STEERING_DEFAULTS } from "../../common/steering-defaults";
import { effectiveSteering, steeringAt } from "../../steering/schedule";
import { checkRequest, maxSteps } from "../check-request";
import { steeringDefaultsOfTextChannels } from "../default-steering";
import { StageClock, wholeModel } from "../hooks";
import type { GeneratedImage, ImageRequest, PipelineHooks, Timings } from "../request";
import { channelsLast, type TextToImageInfo, type TextToImageOptions } from "../text-to-image";
import { openOnnxCheckpoint, type OnnxCheckpoint } from "./checkpoint";
import { OnnxDecoder } from "./decoder";
import { channelsOf, OnnxDenoiser } from "./denoiser";
import type { OpenHooks } from "./network";
import { OnnxTextEncoding } from "./text-encoding";

export interface OnnxTextToImageOptions extends Pick<TextToImageOptions, "textRows"> {
  /** What the catalogue says of the model, which its graphs do not. */
  readonly entry?: CatalogueEntry | undefined;
  /** Chosen by a person, over what the scheduler's file says. */
  readonly rule?: ChosenRule | undefined;
}

interface Parts {
  readonly runtime: OrtRuntime;
  readonly checkpoint: OnnxCheckpoint;
  readonly text: OnnxTextEncoding;
  readonly denoiser: OnnxDenoiser;
  readonly decoder: OnnxDecoder;
}

type Component = "text_encoder" | "unet" | "vae";

export class OnnxTextToImage {
  readonly info: TextToImageInfo;
  /** Stored bytes of each network. */
  readonly componentBytes: Readonly<Record<Component, number>>;
  readonly loadTimings: Pick<Timings, "load" | "compile">;
  readonly #parts: Parts;

  private constructor(parts: Parts, componentBytes: Readonly<Record<Component, number>>, load: number, textChannels: number | undefined) {
    const { checkpoint } = parts;
    const { entry } = checkpoint;
    const family = STEERED_FAMILIES.find((candidate) => candidate === entry?.family);
    this.#parts = parts;
    this.componentBytes = componentBytes;
    this.loadTimings = { load, compile: 0 };
    this.info = {
      name: checkpoint.name,
      weightBytes: sum(componentBytes),
      defaultSize: checkpoint.sampleSize * checkpoint.factor,
      sizeMultiple: checkpoint.sampleMultiple * checkpoint.factor,
      maxSteps: entry?.steps.maximum ?? maxSteps(checkpoint.sampler),
      steering: family ? STEERING_DEFAULTS[family] : steeringDefaultsOfTextChannels(textChannels),
      license: entry?.license.id,
      doubt: checkpoint.sampler.doubt,
    };
  }

  /**
   * Opens a folder of exports and the sessions of its networks.
   * @throws OnestrokeError `model-*`, `download-failed`, `gpu-lost`, `cancelled`
   */
  static async load(
    store: ByteStore,
    runtime: OrtRuntime,
    hooks: PipelineHooks = {},
    options: OnnxTextToImageOptions = {},
  ): Promise<OnnxTextToImage> {
    const started = performance.now();
    const { signal } = hooks;
    const checkpoint = await openOnnxCheckpoint(store, options, signal);
    const text = await OnnxTextEncoding.open(checkpoint, runtime, options.textRows ?? 1, signal);
    const [denoiser, decoder] = [new OnnxDenoiser(runtime, checkpoint.unet), new OnnxDecoder(runtime, checkpoint)];
    const bytes = {
      text_encoder: await text.network.byteLength(signal),
      unet: await denoiser.network.byteLength(signal),
      vae: await decoder.network.byteLength(signal),
    };
    const whole = wholeModel(hooks, sum(bytes));
    const parts = { runtime, checkpoint, text, denoiser, decoder };
    try {
      await text.network.session(openHooks(whole, "text_encoder", bytes));
      const session = await denoiser.network.session(openHooks(whole, "unet", bytes));
      await decoder.network.session(openHooks(whole, "vae", bytes));
      return new OnnxTextToImage(parts, bytes, performance.now() - started, channelsOf(session, TEXT_INPUT));
    } catch (error) {
      // On a lost GPU nothing can be released, nor need be.
      await release(parts).catch(() => undefined);
      throw error;
    }
  }

  /** @throws OnestrokeError `invalid-input`, `bad-image`, `model-*`, `gpu-*`, `cancelled` */
  async generate(request: ImageRequest, hooks: PipelineHooks = {}): Promise<GeneratedImage> {
    const clock = new StageClock();
    const latent = await this.#denoise(request, hooks, clock);
    try {
      hooks.onProgress?.({ stage: "decode" });
      const image = await clock.time("decode", () => this.#parts.decoder.decode(latent, request, hooks.signal));
      return { image, timings: clock.timings(), tokens: this.#parts.text.tokens(request) };
    } finally {
      latent.dispose();
    }
  }

  /** What `generate` draws, as numbers to compare: the scaled latent and pixels about [0, 1], `[height, width, channels]`. */
  async measure(
    request: ImageRequest,
    hooks: PipelineHooks = {},
  ): Promise<{ readonly latent: Float32Array; readonly pixels: Float32Array }> {
    const { runtime, checkpoint, decoder } = this.#parts;
    const latent = await this.#denoise(request, hooks, new StageClock());
    try {
      const pixels = await decoder.pixels(latent, request, hooks.signal);
      return { latent: channelsLast(await readTensor(runtime, latent), checkpoint.latentChannels), pixels };
    } finally {
      latent.dispose();
    }
  }

  dispose(): Promise<void> {
    return release(this.#parts);
  }

  /** The finished latent, which is the caller's to dispose of. */
  async #denoise(request: ImageRequest, hooks: PipelineHooks, clock: StageClock): Promise<Tensor> {
    checkRequest(request, this.info);
    const { signal, onPreview } = hooks;
    const { runtime, checkpoint, text, denoiser, decoder } = this.#parts;
    const { sampler, latentChannels, factor } = checkpoint;
    const steering = effectiveSteering(request.steering, request.negative);
    const schedule = scheduleFor(sampler, request.steps);

    hooks.onProgress?.({ stage: "encode" });
    const encode = (prompt: string) => clock.time("encode", () => text.encode(prompt, signal));
    const positive = await encode(request.prompt);
    const negative = steering.method === "none" ? positive : await encode(request.negative);

    const method = steering.method === "none" ? undefined : steering.method;
    const session = await clock.time("load", () => denoiser.network.session(openHooks(hooks, "unet", this.componentBytes), method));
    const shape = [1, latentChannels, request.height / factor, request.width / factor];
    const generator = new TorchGenerator(request.seed);
    const draw = (scale: number): Tensor => {
      const values = generator.randn(shape.reduce((left, right) => left * right)).map((value) => value * scale);
      return runtime.tensor("float32", values, shape);
    };
    let x = draw(schedule.initialNoiseScale);
    try {
      for (const [index, step] of schedule.steps.entries()) {
        throwIfCancelled(signal);
        hooks.onProgress?.({ stage: "step", step: index + 1, steps: schedule.steps.length });
        const isLast = index + 1 === schedule.steps.length;
        const asked = {
          x,
          noise: step.next.noise === 0 ? undefined : draw(1),
          text: positive,
          negative,
          steering: steeringAt(steering, index, step.sigma),
          wantsX0: !isLast && onPreview !== undefined,
        };
        const { next, x0 } = await clock.time("denoise", () => denoiser.step(session, step, asked, signal));
        x.dispose();
        x = next;
        if (!x0) continue;
        const preview = await clock.time("decode", () => decoder.decode(x0, request, signal)).finally(() => x0.dispose());
        onPreview?.(preview, index + 1);
      }
      return x;
    } catch (error) {
      x.dispose();
      throw error;
    }
  }
}

function sum(bytes: Readonly<Record<Component, number>>): number {
  return bytes.text_encoder + bytes.unet + bytes.vae;
}

async function release({ text, denoiser, decoder }: Parts): Promise<void> {
  for (const { network } of [text, denoiser, decoder]) await network.release();
}

function openHooks({ signal, onProgress }: PipelineHooks, component: Component, bytes: Readonly<Record<Component, number>>): OpenHooks {
  const totalBytes = bytes[component];
  let loadedBytes = 0;
  const onBytes = (byteLength: number) => {
    loadedBytes = Math.min(loadedBytes + byteLength, totalBytes);
    onProgress?.({ stage: "load", component, loadedBytes, totalBytes });
  };
  return { signal, onBytes };
}
