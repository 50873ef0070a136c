// The denoiser with the sampler's arithmetic around it, as one plan a size: input
// scaling, the UNet, and the linear combinations that give x0 and the next sample.
import { component, openComponent, type Manifest } from "../checkpoints/manifest";
import type { Device } from "../engine/device";
import type { GraphBuilder } from "../engine/graph-builder";
import type { Plan } from "../engine/plan";
import { runPlan } from "../engine/run";
import { packSteering } from "../engine/steering-input";
import type { NumberFormat } from "../engine/tensor";
import { invariant } from "../errors";
import { sinusoid } from "../networks/sinusoid";
import { UNET_UNUSED, unet2dCondition } from "../networks/unet-2d-condition";
import { parseUnetConfig, type UnetConfig } from "../networks/unet-config";
import { guidanceEmbedding } from "../samplers/guidance-embedding";
import type { SamplerStep } from "../samplers/schedule";
import type { Steering } from "../steering/types";
import { Network, type NetworkHooks } from "./network";
import type { EncodedText } from "./text-encoding";

/** Guidance scale that latent consistency models are told, as their published pipeline does by default. */
export const CONSISTENCY_GUIDANCE = 8.5;

export interface DenoiserShape {
  /** Of the latent. */
  readonly height: number;
  readonly width: number;
  /** Text capacity in tokens. */
  readonly textTokens: number;
  readonly method: "nasa" | "nag";
}

export class Denoiser {
  readonly config: UnetConfig;
  readonly network: Network;

  constructor(manifest: Manifest, device: Device, format: NumberFormat) {
    const unet = component(manifest, "unet");
    this.config = parseUnetConfig(unet.config);
    this.network = new Network(device, {
      name: "unet",
      format,
      open: (signal) => openComponent(unet, signal),
      unused: UNET_UNUSED,
    });
  }

  plan(shape: DenoiserShape, hooks: NetworkHooks): Promise<Plan> {
    const { height, width, textTokens, method } = shape;
    return this.network.plan(`${width}x${height}/${textTokens}/${method}`, (g) => this.#build(g, shape), hooks);
  }

  /** Gives the plan the prompt, and the picture's size in pixels where the network is told it (SDXL). */
  writeText(plan: Plan, positive: EncodedText, size: { readonly width: number; readonly height: number }): void {
    plan.write("text", padded(positive, plan));
    const { added } = this.config;
    if (!added) return;
    const { width, height } = size;
    invariant(positive.pooled !== undefined, "a denoiser that reads pooled text has an encoder that gives it");
    plan.write("pooled_text", positive.pooled);
    const ids = [height, width, 0, 0, height, width];
    plan.write("sizes", sinusoid(ids, added.sizeFeatures, this.#sinusoidOptions()));
  }

  writeNegative(plan: Plan, negative: EncodedText): void {
    plan.write("negative_text", padded(negative, plan));
  }

  /** Key counts and dials of the next step; without a negative or strength the kernel takes its single-branch path. */
  writeSteering(plan: Plan, positiveTokens: number, negativeTokens: number, steering: Steering): void {
    plan.write("steering", packSteering(positiveTokens, negativeTokens, steering));
  }

  /**
   * One step: `x` to `x0` and `next`.
   * @param noise fresh unit noise, `[height, width, channels]`, if the step adds any
   */
  async step(plan: Plan, step: SamplerStep, noise: Float32Array | undefined, signal?: AbortSignal): Promise<void> {
    const { timeFeatures, guidanceFeatures } = this.config;
    plan.write("timestep", sinusoid([step.timestep], timeFeatures.dimension, this.#sinusoidOptions()));
    if (guidanceFeatures !== undefined) plan.write("guidance", guidanceEmbedding(CONSISTENCY_GUIDANCE, guidanceFeatures));
    const { x0, next } = step;
    plan.write("coefficients", Float32Array.of(step.inputScale, 0, 0, 0, x0.x, x0.out, 0, 0, next.x, next.out, next.noise, 0));
    if (noise) plan.write("noise", noise);
    await runPlan(plan, signal);
  }

  #sinusoidOptions() {
    const { cosineFirst, frequencyShift } = this.config.timeFeatures;
    return { cosineFirst, frequencyShift };
  }

  #build(g: GraphBuilder, { height, width, textTokens, method }: DenoiserShape): void {
    const shape = [1, height, width, this.config.inChannels];
    const x = g.input("x", shape, "run", "f32");
    const noise = g.input("noise", shape, "run", "f32");
    const coefficients = g.input("coefficients", [1, 12], "run", "f32");
    const sample = g.combine(x, coefficients, 0, { element: "activation" });
    const out = unet2dCondition(g, this.config, { batch: 1, height, width, textTokens, steering: method, sample });
    // x0 takes no noise (its coefficient is 0): with it both results share a pipeline.
    g.output("x0", g.combine(x, coefficients, 1, { b: out, noise }));
    g.output("next", g.combine(x, coefficients, 2, { b: out, noise }));
  }
}

/** An encoded text filled with zeros up to the plan's capacity; the key count says what is real. */
function padded({ hidden }: EncodedText, plan: Plan): Float32Array {
  const capacity = plan.inputLength("text");
  if (hidden.length === capacity) return hidden;
  const filled = new Float32Array(capacity);
  filled.set(hidden);
  return filled;
}
