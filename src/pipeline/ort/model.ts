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
import { trainedFor, usualSide } from "../../common/trained-sizes";
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
import { latentOf, scalesOf, trainedSizesOf, type Scales } from "../scales";
import { loadingWork, type Work } from "../work";
import { openOnnxCheckpoint, type OnnxCheckpoint } from "./checkpoint";
import { OnnxDecoder } from "./decoder";
import type { OnnxNetwork } from "./network";
import { channelsOf, OnnxDenoiser } from "./denoiser";
import { graphSteering } from "./text-feeds";
import { OnnxTextEncoder } from "./text-encoder";

export interface OnnxOptions {
  /** The rule that a person chose instead of what the scheduler's file states. */
  readonly sampler?: Pick<SamplerOverrides, "rule">;
  /** Of the picture that it is made ready for. Default: the one that it draws where nobody says. */
  readonly size?: Size | undefined;
}

interface Parts {
  readonly runtime: OrtRuntime;
  readonly checkpoint: OnnxCheckpoint;
  readonly text: OnnxTextEncoder;
  readonly denoiser: OnnxDenoiser;
  readonly scales: Scales<OnnxDecoder>;
}

/**
 * Opens a folder of exports and the sessions of its networks.
 * @throws OnestrokeError `model-*`, `download-failed`, `gpu-lost`, `cancelled`
 */
export async function openOnnxModel(
  files: ModelFiles,
  runtime: OrtRuntime,
  hooks: DrawHooks = {},
  { sampler, size }: OnnxOptions = {},
): Promise<Model> {
  const { signal } = hooks;
  const checkpoint = await openOnnxCheckpoint(files, sampler?.rule, signal);
  const text = await OnnxTextEncoder.open(checkpoint, runtime, signal);
  const denoiser = new OnnxDenoiser(runtime, checkpoint.unet);
  const { sampleSize, decoder: usual, fine, sampleMultiple } = checkpoint;
  const [first, second] = [new OnnxDecoder(runtime, usual), fine && new OnnxDecoder(runtime, fine)];
  const parts = { runtime, checkpoint, text, denoiser, scales: scalesOf(sampleSize, first, second, sampleMultiple) };
  const stored: ModelPart[] = [];
  for (const network of networksOf(parts)) {
    const engine = runtime.backend.provider === "webgpu" ? "ort-webgpu" : "ort-wasm";
    stored.push({ name: network.name, engine, byteLength: await network.byteLength(signal) });
  }
  // The other decoder is opened when a picture needs it.
  const { decoder } = trainedFor(size ?? usualSize(parts), parts.scales);
  const opened = [text.network, denoiser.network, decoder.network].map(({ name }) => name);
  const work = loadingWork(hooks, bytesOf(stored.filter(({ name }) => opened.includes(name))));
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
  readonly madeForSteps: number | undefined;
  readonly latent: ModelEngine["latent"];
  readonly textEncoders: ModelEngine["textEncoders"];
  /** A graph's number formats are its own. */
  readonly widening = NO_WIDENING;
  readonly #parts: Parts;

  constructor(parts: Parts, facts: ModelFacts) {
    const { checkpoint, text, scales } = parts;
    this.facts = facts;
    this.madeForSteps = checkpoint.entry?.steps.maximum;
    this.latent = { channels: checkpoint.latentChannels, of: (size) => latentOf(size, scales) };
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
    const { runtime, checkpoint, denoiser, scales } = this.#parts;
    const { decoder } = trainedFor(size, scales);
    const texts = { positive: condition.positive, negative: condition.negative };
    const session = await work.time("load", () => denoiser.network.session(work, graphSteering(texts, condition.method)));
    const { channels, of } = this.latent;
    const { height, width } = of(size);
    const shape = [1, channels, height, width];
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

function factsOf(opened: Parts, parts: readonly ModelPart[], textChannels: number | undefined): ModelFacts {
  const { runtime, checkpoint, scales } = opened;
  const { entry, name, revision } = checkpoint;
  const sampler = checkpoint.samplerOf(undefined);
  const family = STEERED_FAMILIES.find((candidate) => candidate === entry?.family);
  const { backend } = runtime;
  return {
    id: modelName(name),
    title: entry?.title ?? name,
    revision,
    license: entry?.license,
    weightBytes: bytesOf(parts),
    defaultSize: usualSize(opened).width,
    trainedSizes: trainedSizesOf(scales),
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

/** What is drawn where nobody says. */
function usualSize({ runtime: { backend }, scales }: Parts): Size {
  const side = usualSide(scales, backend.provider === "webgpu" && backend.device.target("f32").traits.drawsLarge);
  return { width: side, height: side };
}

function bytesOf(parts: readonly ModelPart[]): number {
  return parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function networksOf({ text, denoiser, scales }: Parts): readonly OnnxNetwork[] {
  return [text.network, denoiser.network, ...scales.map(({ decoder }) => decoder.network)];
}

async function release(parts: Parts): Promise<void> {
  for (const network of networksOf(parts)) await network.release();
}
