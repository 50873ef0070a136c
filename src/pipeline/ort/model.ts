// A model on ONNX Runtime: the exported graphs of its networks. The sampler's arithmetic is part of the graphs, so that
// on WebGPU a latent never leaves the GPU. Tensors are NCHW here.
import type { ChosenRule } from "../../common/chosen-sampler";
import type { Tensor } from "onnxruntime-web";
import type { ModelFiles } from "../../checkpoints/places";
import type { DrawHooks } from "../../common/drawing";
import { invariant, OnestrokeError } from "../../common/errors";
import type { ModelFacts, ModelPart } from "../../common/model-facts";
import { modelName } from "../../common/recipe";
import { STEERED_FAMILIES, STEERING_DEFAULTS } from "../../common/steering-defaults";
import type { OrtRuntime } from "../../ort/session/runtime";
import { readTensor } from "../../ort/session/tensors";
import { TEXT_INPUT } from "../../ort/steer-graph";
import { maxSteps, type Sampler } from "../../samplers/sampler";
import type { SamplerOverrides } from "../../samplers/scheduler-file";
import { familyOfTextChannels } from "../default-steering";
import { Model } from "../draw";
import type { Condition, Denoising, ModelEngine, Size } from "../engine";
import { NO_WIDENING } from "../float16-guard";
import { channelsLast } from "../latent-layout";
import { loadingWork, type Work } from "../work";
import { openOnnxCheckpoint, type OnnxCheckpoint } from "./checkpoint";
import { OnnxDecoder } from "./decoder";
import { channelsOf, OnnxDenoiser } from "./denoiser";
import { graphSteering } from "./text-feeds";
import { OnnxTextEncoder } from "./text-encoder";

export interface OnnxOptions {
  /** The rule that a person chose instead of what the scheduler's file states. */
  readonly sampler?: Pick<SamplerOverrides, "rule">;
}

interface Parts {
  readonly runtime: OrtRuntime;
  readonly checkpoint: OnnxCheckpoint;
  readonly text: OnnxTextEncoder;
  readonly denoiser: OnnxDenoiser;
  readonly decoder: OnnxDecoder;
}

/**
 * Opens a folder of exports and the sessions of its networks.
 * @throws OnestrokeError `model-*`, `download-failed`, `gpu-lost`, `cancelled`
 */
export async function openOnnxModel(
  files: ModelFiles,
  runtime: OrtRuntime,
  hooks: DrawHooks = {},
  { sampler }: OnnxOptions = {},
): Promise<Model> {
  const { signal } = hooks;
  const checkpoint = await openOnnxCheckpoint(files, sampler?.rule, signal);
  const text = await OnnxTextEncoder.open(checkpoint, runtime, signal);
  const [denoiser, decoder] = [new OnnxDenoiser(runtime, checkpoint.unet), new OnnxDecoder(runtime, checkpoint)];
  const parts = { runtime, checkpoint, text, denoiser, decoder };
  const stored: ModelPart[] = [];
  for (const { network } of [text, denoiser, decoder]) {
    const engine = runtime.backend.provider === "webgpu" ? "ort-webgpu" : "ort-wasm";
    stored.push({ name: network.name, engine, byteLength: await network.byteLength(signal) });
  }
  const weightBytes = stored.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const work = loadingWork(hooks, weightBytes);
  try {
    const textChannels = await work.time("load", async () => {
      await text.network.session(work);
      const session = await denoiser.network.session(work);
      await decoder.network.session(work);
      return channelsOf(session, TEXT_INPUT);
    });
    const engine = new OnnxEngine(parts, factsOf(parts, stored, textChannels));
    return new Model(engine, work.timings());
  } catch (error) {
    // On a lost GPU nothing can be released, and nothing needs to be.
    await release(parts).catch(() => undefined);
    throw error;
  }
}

class OnnxEngine implements ModelEngine {
  readonly facts: ModelFacts;
  readonly latent: ModelEngine["latent"];
  readonly textEncoders: ModelEngine["textEncoders"];
  /** A graph's number formats are its own. */
  readonly widening = NO_WIDENING;
  readonly #parts: Parts;

  constructor(parts: Parts, facts: ModelFacts) {
    const { checkpoint, text } = parts;
    this.facts = facts;
    this.latent = { channels: checkpoint.latentChannels, factor: checkpoint.factor };
    this.textEncoders = [text];
    this.#parts = parts;
  }

  samplerOf(rule: ChosenRule | undefined): Sampler {
    return this.#parts.checkpoint.samplerOf(rule);
  }

  /** An export is for one picture: they are drawn one after another. */
  async begin([sample]: readonly (() => Float32Array)[], condition: Condition, size: Size, work: Work): Promise<Denoising> {
    if (condition.kind !== "text") throw new OnestrokeError("model-unsupported", "an ONNX export reads texts, not classes");
    invariant(sample !== undefined, "there is a sample");
    const { runtime, checkpoint, denoiser, decoder } = this.#parts;
    const texts = { positive: condition.positive, negative: condition.negative };
    const session = await work.time("load", () => denoiser.network.session(work, graphSteering(texts, condition.method)));
    const { channels, factor } = this.latent;
    const shape = [1, channels, size.height / factor, size.width / factor];
    const tensor = (values: Float32Array): Tensor => runtime.tensor("float32", values, shape);
    /** The sample, and x0 of the last step if it was asked for. */
    let [x, kept]: [Tensor, Tensor | undefined] = [tensor(sample()), undefined];
    const replaceKept = (x0: Tensor | undefined): void => {
      kept?.dispose();
      kept = x0;
    };
    const latentFor = (latent: "x0" | "next"): Tensor => (latent === "x0" && kept !== undefined ? kept : x);
    return {
      count: 1,
      step: async (step, steering, noises, keepsX0) => {
        const [noise] = noises ?? [];
        const asked = { x, noise: noise && tensor(noise), texts, steering, wantsX0: keepsX0 };
        const { next, x0 } = await denoiser.step(session, step, asked, work.signal);
        x.dispose();
        x = next;
        replaceKept(x0);
      },
      decode: (latent) => decoder.decode(latentFor(latent), size, work),
      measure: async () => {
        const pixels = await decoder.pixels(x, size, work);
        return { latent: channelsLast(await readTensor(runtime, x), checkpoint.latentChannels), pixels };
      },
      end: () => {
        x.dispose();
        replaceKept(undefined);
      },
    };
  }

  async encodePicture(): Promise<never> {
    throw new OnestrokeError("model-unsupported", "ONNX exports cannot draw over a picture");
  }

  dispose(): Promise<void> {
    return release(this.#parts);
  }
}

function factsOf({ runtime, checkpoint }: Parts, parts: readonly ModelPart[], textChannels: number | undefined): ModelFacts {
  const { entry, name, revision, factor, sampleSize, sampleMultiple } = checkpoint;
  const sampler = checkpoint.samplerOf(undefined);
  const family = STEERED_FAMILIES.find((candidate) => candidate === entry?.family);
  const { backend } = runtime;
  return {
    id: modelName(name),
    title: entry?.title ?? name,
    revision,
    license: entry?.license,
    weightBytes: parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
    defaultSize: sampleSize * factor,
    sizeMultiple: sampleMultiple * factor,
    maxSteps: entry?.steps.maximum ?? maxSteps(sampler),
    doubt: sampler.doubt,
    steering: STEERING_DEFAULTS[family ?? familyOfTextChannels(textChannels)],
    // The exports have a decoder alone.
    readsPictures: false,
    adapter: backend.provider === "webgpu" ? backend.device.name : "cpu",
    ...(backend.provider === "webgpu" && backend.device.adapter.refusesFloat16 === true && { refusesFloat16: true }),
    parts,
  };
}

async function release({ text, denoiser, decoder }: Parts): Promise<void> {
  for (const { network } of [text, denoiser, decoder]) await network.release();
}
