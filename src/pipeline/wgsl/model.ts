// A model on our own engine: its networks as plans on one device, where they take turns if they do not fit together.
import { component, type Manifest } from "../../checkpoints/manifest";
import type { DrawHooks } from "../../common/drawing";
import { invariant, OnestrokeError } from "../../common/errors";
import type { ModelFacts } from "../../common/model-facts";
import type { Picture } from "../../common/picture";
import type { Steering } from "../../common/steering";
import { trainedFor } from "../../common/trained-sizes";
import type { Device } from "../../engine/device";
import type { Plan } from "../../engine/plan";
import { fingerprint } from "../../engine/tuning";
import type { Sampler } from "../../samplers/sampler";
import { samplerOf, type SamplerOverrides } from "../../samplers/scheduler-file";
import type { SamplerStep } from "../../samplers/schedule";
import { Model } from "../draw";
import type { Condition, Denoising, EncodedText, KernelTimer, Measured, ModelEngine, Size } from "../engine";
import { latentOf, trainedSizesOf } from "../scales";
import { isFull } from "../with-room";
import { loadingWork, type Work } from "../work";
import { WgslAutoencoder, type LatentAt } from "./autoencoder";
import { Batches } from "./batches";
import { batchOf, WgslDenoiser } from "./denoiser";
import type { DenoiserPlanShape } from "./graphs";
import { planModel, type PlannedModel, type WgslNetworks } from "./model-plan";
import type { Network } from "./network";
import { openedFacts } from "./opened-facts";
import type { WgslOptions } from "./options";
import { tuneNetworks } from "./tune-networks";
import { WgslWidening } from "./widening";
import { MemoryTurns, together } from "./memory-turns";
import { WgslTextEncoder } from "./text-encoder";

/**
 * Opens a checkpoint: uploads its weights and compiles the plans of one size.
 * @throws OnestrokeError `model-*`, `gpu-*`, `download-failed`, `cancelled`
 */
export async function openWgslModel(manifest: Manifest, device: Device, hooks: DrawHooks = {}, options: WgslOptions = {}): Promise<Model> {
  const format = options.format ?? (device.hasFloat16 ? "f16" : "f32");
  const texts = await WgslTextEncoder.openAll(manifest, device, { format }, hooks.signal);
  const denoiser = new WgslDenoiser(manifest, device, { format });
  const autoencoder = new WgslAutoencoder(manifest, device, { format, sampleSize: denoiser.role.sampleSize });
  const networks = { texts, denoiser, autoencoder };
  const planned = await planModel(manifest, device, networks, { ...options, format }, hooks.signal);
  for (const { network } of [...texts, networks.denoiser]) network.useWeights(planned.weights.get(network.name) ?? "f16");
  const engine = new WgslEngine(manifest, device, networks, planned, options);
  const size = engine.firstSize(options.size);
  const work = loadingWork(hooks, engine.facts.weightBytes - autoencoder.otherBytes(size));
  try {
    await engine.prepare(work, size);
  } catch (error) {
    await engine.dispose();
    throw error;
  }
  return new Model(engine, work.timings());
}

class WgslEngine implements ModelEngine {
  #manifest: Manifest;
  #facts: ModelFacts;
  readonly #overrides: SamplerOverrides;
  readonly madeForSteps: number | undefined;
  readonly latent: ModelEngine["latent"];
  readonly textEncoders: ModelEngine["textEncoders"];
  readonly widening: WgslWidening;
  readonly #device: Device;
  readonly #texts: readonly WgslTextEncoder[];
  readonly #denoiser: WgslDenoiser;
  readonly #autoencoder: WgslAutoencoder;
  readonly #memory: MemoryTurns;
  readonly #batches: Batches;

  constructor(
    manifest: Manifest,
    device: Device,
    { texts, denoiser, autoencoder }: WgslNetworks,
    { planned, size, formats, weights, memory, memoryWith }: PlannedModel,
    { sampler: overrides = {}, memoryBytes, inFloat32 = [], gainsFromBatches }: WgslOptions,
  ) {
    this.#manifest = manifest;
    this.#device = device;
    this.#texts = texts;
    this.#denoiser = denoiser;
    this.#autoencoder = autoencoder;
    const { decoders, encoder, role, scales, inFloat16 } = autoencoder;
    this.widening = new WgslWidening(
      { denoiser: [denoiser.network], autoencoder: inFloat16 },
      { denoiser: formats.format, autoencoder: inFloat16.length === 0 ? "f32" : formats.format },
      inFloat32,
      (chosen) => {
        this.#memory.useFloat32(chosen);
        this.#facts = { ...this.#facts, memory: memoryWith(chosen) };
      },
    );
    this.#overrides = overrides;
    this.madeForSteps = manifest.steps?.maximum;
    this.latent = { channels: role.latentChannels, of: (picture) => latentOf(picture, scales) };
    this.textEncoders = texts.map((text, index) => ({
      tokenizer: text.tokenizer,
      encode: (ids, work) => {
        const name = index === 0 ? "text_encoder" : "text_encoder_2";
        this.#memory.makeRoomFor(name);
        return text.encode(ids, work);
      },
    }));
    this.#memory = new MemoryTurns(
      planned,
      {
        ...(texts[0] && { text_encoder: texts[0].network }),
        ...(texts[1] && { text_encoder_2: texts[1].network }),
        denoiser: denoiser.network,
        autoencoder: together(decoders),
        reader: encoder,
      },
      { ...formats, inFloat32: this.widening.inFloat32 },
      { ...size, textTokens: this.#rowTokens },
      memoryBytes,
    );
    const gains = gainsFromBatches ?? device.target(formats.format).traits.gainsFromBatches;
    this.#batches = new Batches(this.#memory, gains, gainsFromBatches === undefined ? undefined : Infinity);
    const trainedSizes = trainedSizesOf(scales);
    this.#facts = openedFacts(manifest, { memory, size, weights, sampler: this.samplerOf(undefined), trainedSizes, device });
  }

  samplerOf(rule = this.#overrides.rule): Sampler {
    return samplerOf(this.#manifest.sampler, () => component(this.#manifest, "scheduler").config, { ...this.#overrides, rule });
  }

  /** The size that it is made ready for when it is opened. */
  firstSize(asked: Size | undefined): Size {
    const { defaultSize } = this.#facts;
    return asked !== undefined && this.#isEasy(asked) ? asked : { width: defaultSize, height: defaultSize };
  }

  /** Uploads and compiles what a picture of that size needs, as far as it stays on the GPU: the largest network last, as it is fetched. */
  async prepare(work: Work, size: Size): Promise<void> {
    this.#memory.planFor(size);
    const { turns } = this.#memory.plan;
    const latent = this.latent.of(size);
    const [text, text2] = this.#texts;
    if (!turns.includes("text_encoder")) await text?.plan(work);
    if (!turns.includes("text_encoder_2")) await text2?.plan(work);
    if (!turns.includes("autoencoder")) await this.#autoencoder.plan(size, work);
    this.#memory.makeRoomFor("denoiser");
    if (!turns.includes("denoiser")) await this.#denoiser.plan({ ...latent, textTokens: this.#rowTokens, method: "nasa" }, work);
    this.#facts = { ...this.#facts, readsPictures: await this.#autoencoder.canEncode(work.signal) };
  }

  async begin(samples: readonly (() => Float32Array)[], condition: Condition, size: Size, work: Work): Promise<Denoising> {
    const latent = this.latent.of(size);
    const isText = condition.kind === "text";
    const side = this.#denoiser.role.sampleSize;
    if (!isText && (latent.width !== side || latent.height !== side)) throw this.#wrongSize();
    const texts = isText ? { positive: condition.positive, negative: condition.negative } : undefined;
    const method = (isText && condition.method) || "nasa";
    const textTokens = this.#roomFor(texts);
    this.#memory.planFor({ ...size, textTokens });
    this.#memory.makeRoomFor("denoiser");
    const plan = await this.#planTogether(samples.length, { ...latent, textTokens, method }, work);
    const count = batchOf(plan);
    this.#denoiser.write(plan, condition, size);
    const begun = samples.slice(0, count).map((sample) => sample());
    this.#denoiser.writeSamples(plan, begun);
    let isFirst = true;
    return {
      count,
      hidesSteps: this.#memory.plan.parts,
      step: async (step: SamplerStep, steering: Steering, noises: readonly Float32Array[] | undefined) => {
        if (!isFirst) plan.copyFrom(plan, "next", "x");
        isFirst = false;
        if (texts !== undefined) this.#denoiser.writeSteering(plan, steering, texts);
        const started = performance.now();
        await this.#denoiser.step(plan, step, noises, work.signal);
        await this.#device.gpu.queue.onSubmittedWorkDone();
        this.#batches.took(performance.now() - started, count, latent);
      },
      decode: async (output, index) => {
        const decoder = await this.#decoderOf(plan, { output, index }, size, work);
        const picture = await this.#autoencoder.decode(decoder, work.signal);
        this.#device.assertAlive();
        return picture;
      },
      measure: () => this.#measure(plan, size, work),
      // The plan stays for the next picture of this size.
      end: () => undefined,
    };
  }

  /** The plan for as many pictures at once as there is room for, at most `wanted`. */
  async #planTogether(wanted: number, shape: DenoiserPlanShape, work: Work): Promise<Plan> {
    const batch = this.#batches.of(wanted, shape.method, shape);
    try {
      return await this.#denoiser.plan({ ...shape, batch }, work);
    } catch (error) {
      if (!isFull(error) || batch === 1) throw error;
      this.#batches.stop();
      return this.#denoiser.plan(shape, work);
    }
  }

  async encodePicture(picture: Picture, work: Work): Promise<Float32Array> {
    // The picture has the size of the one that is drawn.
    this.#memory.planFor(picture);
    this.#memory.makeRoomFor("autoencoder");
    if (this.#memory.plan.encoderStays) return this.#autoencoder.encode(picture, work);
    this.#memory.makeRoomToRead();
    try {
      return await this.#autoencoder.encode(picture, work);
    } finally {
      this.#autoencoder.encoder.evict();
    }
  }

  get facts(): ModelFacts {
    const tuning = fingerprint(this.#networks.flatMap(({ tuned }) => tuned));
    return tuning === undefined ? this.#facts : { ...this.#facts, tuning };
  }

  async tune(work: Work, budgetMs?: number): Promise<void> {
    const { roomBytes } = this.#memory;
    if (roomBytes > 0) await tuneNetworks(this.#networks, this.#device, roomBytes, work, budgetMs);
  }

  timeKernels(): KernelTimer | undefined {
    this.#device.beginTimes();
    const { times } = this.#device;
    return times && { read: () => times.read(), end: () => this.#device.endTimes() };
  }

  async reweigh(weights: readonly number[], work: Work): Promise<boolean> {
    const next = await this.#manifest.reweighed?.(weights, work.signal);
    if (next === undefined) return false;
    const { manifest, changed } = next;
    this.#manifest = manifest;
    this.#facts = { ...this.#facts, ...(manifest.loras === undefined ? {} : { loras: manifest.loras }) };
    const networks = { text_encoder: this.#texts[0]?.network, text_encoder_2: this.#texts[1]?.network, unet: this.#denoiser.network };
    const touched = (["text_encoder", "text_encoder_2", "unet"] as const).flatMap((name) => {
      const [network, tensors] = [networks[name], changed.get(name)];
      return network === undefined || tensors === undefined ? [] : [{ network, tensors, part: component(manifest, name) }];
    });
    // All take their new files first, so that none is left with the old ones if reading fails.
    for (const { network, part } of touched) network.takeFiles(part);
    for (const { network, tensors } of touched) await network.reread(tensors, work);
    return changed.has("text_encoder") || changed.has("text_encoder_2");
  }

  async dispose(): Promise<void> {
    for (const network of this.#networks) network.evict();
  }

  /** The denoiser first, because it runs at every step. */
  get #networks(): readonly Network[] {
    const { decoders, encoder } = this.#autoencoder;
    return [this.#denoiser.network, ...decoders, encoder, ...this.#texts.map(({ network }) => network)];
  }

  /** Whether a picture of that size is drawn, and takes no more than the model's own that is drawn alike: nothing that opens fails for it. */
  #isEasy({ width, height }: Size): boolean {
    const { side, multiple } = trainedFor({ width, height }, this.#facts.trainedSizes);
    return this.#texts.length > 0 && width % multiple === 0 && height % multiple === 0 && width * height <= side ** 2;
  }

  /** Transformers that draw classes identify each position of their latent separately, so they draw one size only. */
  #wrongSize(): OnestrokeError {
    const { title, trainedSizes } = this.facts;
    const drawn = trainedSizes.map(({ side }) => `${side}x${side}`).join(" and ");
    return new OnestrokeError("invalid-input", `${title} draws only ${drawn}`, { field: "width" });
  }

  /** Tokens of one encoder row: the text capacity of an ordinary prompt. */
  get #rowTokens(): number {
    return Math.max(0, ...this.#texts.map(({ role }) => role.tokens));
  }

  /** Whole rows, so that few plans serve all texts. */
  #roomFor(texts: { readonly positive: EncodedText; readonly negative: EncodedText | undefined } | undefined): number {
    if (texts === undefined) return 0;
    const rowTokens = this.#rowTokens;
    return rowTokens * Math.ceil(Math.max(texts.positive.tokens, texts.negative?.tokens ?? 0) / rowTokens);
  }

  async #measure(plan: Plan, size: Size, work: Work): Promise<Measured> {
    invariant(batchOf(plan) === 1, "one picture is measured");
    const values = Float32Array.from(await plan.read("next"));
    const decoder = await this.#decoderOf(plan, { output: "next", index: 0 }, size, work, "pixels");
    return { latent: values, pixels: await this.#autoencoder.pixels(decoder, work.signal) };
  }

  /** The plan of the decoder of this size with a latent of the denoiser's in it. Where the two part, the denoiser's plan is gone afterwards. */
  async #decoderOf(plan: Plan, { output, index }: LatentAt, size: Size, work: Work, kind: "rgba" | "pixels" = "rgba"): Promise<Plan> {
    const waiting = this.#memory.plan.parts ? Float32Array.from(await plan.read(output)) : undefined;
    this.#memory.makeRoomFor("autoencoder");
    const decoder = await this.#autoencoder.plan(size, work, kind);
    if (waiting === undefined) decoder.copyFrom(plan, output, "latent", index);
    else decoder.write("latent", waiting);
    return decoder;
  }
}
