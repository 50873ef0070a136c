// The denoiser with the sampler's arithmetic around it, with one plan for each size and number of pictures: input scaling, the network,
// and the linear combinations that give x0 and the next sample.
import { component, denoiserName, type Manifest } from "../../checkpoints/manifest";
import { invariant } from "../../common/errors";
import type { Steering } from "../../common/steering";
import type { Device } from "../../engine/device";
import type { Plan } from "../../engine/plan";
import { runPlan } from "../../engine/run";
import { packSteering, type TextKeys } from "../../engine/steering-input";
import { axis } from "../../engine/tensor";
import { openDenoiser } from "../../networks";
import type { Denoiser } from "../../networks/roles";
import { repeated } from "../../networks/sinusoid";
import type { SamplerStep } from "../../samplers/schedule";
import type { Condition, EncodedText, Size } from "../engine";
import { channelsLast } from "../latent-layout";
import type { Work } from "../work";
import { stepGraph, type DenoiserPlanShape } from "./graphs";
import { Network, type NetworkNumbers } from "./network";

export class WgslDenoiser {
  readonly role: Denoiser;
  readonly network: Network;

  constructor(manifest: Manifest, device: Device, numbers: NetworkNumbers) {
    const name = denoiserName(manifest);
    const part = component(manifest, name);
    this.role = openDenoiser(part);
    this.network = new Network(device, { ...numbers, name, component: part, unused: this.role.unused });
  }

  plan(shape: DenoiserPlanShape, work: Work): Promise<Plan> {
    const { batch = 1, height, width, textTokens, method } = shape;
    const key = `${batch}x${width}x${height}/${textTokens}/${method}`;
    return this.network.plan(key, (g) => stepGraph(g, this.role, shape), work, batch === 1 ? "single" : "batch");
  }

  /** Gives the plan what stays the same over its pictures. Where there is no negative text, the plan keeps the one it had. */
  write(plan: Plan, condition: Condition, size: Size): void {
    const batch = batchOf(plan);
    for (const [name, values] of Object.entries(this.role.pictureInputs(size, batch))) plan.write(name, values);
    if (condition.kind === "label") {
      plan.write("label", new Uint32Array(batch).fill(condition.label));
      return;
    }
    const { positive, negative } = condition;
    plan.write("text", padded(positive, plan));
    if (positive.pooled !== undefined && this.#readsPooledText) plan.write("pooled_text", repeated(positive.pooled, batch));
    if (negative !== undefined) plan.write("negative_text", padded(negative, plan));
  }

  /** @param samples of the first step, `[channels, height, width]` each: one for each picture of the plan */
  writeSamples(plan: Plan, samples: readonly Float32Array[]): void {
    plan.write("x", this.#pictures(samples));
  }

  /** Writes what counts of the texts in the next step, and how much. */
  writeSteering(plan: Plan, steering: Steering, texts: { readonly positive: TextKeys; readonly negative: TextKeys | undefined }): void {
    plan.write("steering", packSteering(texts, steering, plan.inputLength("text") / this.#textChannels));
  }

  /**
   * One step: from `x` to `x0` and `next`.
   * @param noises fresh unit noise, `[channels, height, width]` for each picture of the plan, if the step adds any
   */
  async step(plan: Plan, step: SamplerStep, noises: readonly Float32Array[] | undefined, signal?: AbortSignal): Promise<void> {
    for (const [name, values] of Object.entries(this.role.timeInputs(step, batchOf(plan)))) plan.write(name, values);
    const { x0, next } = step;
    plan.write("coefficients", Float32Array.of(step.inputScale, 0, 0, 0, x0.x, x0.out, 0, 0, next.x, next.out, next.noise, 0));
    if (noises) plan.write("noise", this.#pictures(noises));
    await runPlan(plan, signal);
  }

  /** `[channels, height, width]` each, to `[batch, height, width, channels]`. */
  #pictures(each: readonly Float32Array[]): Float32Array<ArrayBuffer> {
    const all = new Float32Array(each.reduce((length, values) => length + values.length, 0));
    each.forEach((values, index) => all.set(channelsLast(values, this.role.inChannels), index * values.length));
    return all;
  }

  get #textChannels(): number {
    return this.role.reads.kind === "text" ? this.role.reads.channels : 1;
  }

  get #readsPooledText(): boolean {
    return this.role.reads.kind === "text" && this.role.reads.pooledChannels !== undefined;
  }
}

/** Pictures that a plan denoises together. */
export function batchOf({ graph }: Plan): number {
  const x = graph.inputs.get("x");
  invariant(x !== undefined, "a step reads its samples as x");
  return axis(x.tensor, 0);
}

/** An encoded text, filled with zeros up to the plan's capacity; the key count says how many tokens are real. */
function padded({ hidden }: EncodedText, plan: Plan): Float32Array {
  const capacity = plan.inputLength("text");
  if (hidden.length === capacity) return hidden;
  const filled = new Float32Array(capacity);
  filled.set(hidden);
  return filled;
}
