// The exported denoiser with the sampler's arithmetic around it (ort/sampler-graph.ts): one run is one
// step. Latents are `[1, channels, height, width]` and stay on the device that computes them.
import type { Tensor } from "onnxruntime-web";
import { OnestrokeError } from "../../common/errors";
import { STEP_INPUTS, STEP_OUTPUTS, stepGraph, stepScalars } from "../../ort/sampler-graph";
import type { OnnxFile } from "../../ort/session/open-model";
import type { OrtRuntime } from "../../ort/session/runtime";
import type { OrtSession } from "../../ort/session/session";
import { steerGraph, steeringScalars } from "../../ort/steer-graph";
import { CONSISTENCY_GUIDANCE, guidanceEmbedding } from "../../networks/guidance-embedding";
import type { SamplerStep } from "../../samplers/schedule";
import type { Steering } from "../../common/steering";
import { OnnxNetwork, type Feed } from "./network";
import { textFeeds, type TextPair } from "./text-feeds";

export interface StepRequest {
  readonly x: Tensor;
  /** Fresh unit noise, if the step adds any. */
  readonly noise: Tensor | undefined;
  readonly texts: TextPair;
  /** Of this step. At strength 0, and without steering, a steered graph gives the plain graph's result. */
  readonly steering: Steering;
  readonly wantsX0: boolean;
}

export class OnnxDenoiser {
  readonly network: OnnxNetwork;

  constructor(runtime: OrtRuntime, file: OnnxFile) {
    this.network = new OnnxNetwork({
      name: "unet",
      runtime,
      file,
      outputs: runtime.nearby,
      rewrite: (model, steering) => stepGraph(steerGraph(model, steering)),
    });
  }

  /**
   * One step.
   * @param session the network's session, opened for these texts and the method of `steering`; inputs that its graph lacks are not fed
   * @returns tensors that the caller must dispose of
   */
  async step(
    session: OrtSession,
    step: SamplerStep,
    { x, noise, texts, steering, wantsX0 }: StepRequest,
    signal?: AbortSignal,
  ): Promise<{ readonly next: Tensor; readonly x0: Tensor | undefined }> {
    const feeds: Record<string, Feed> = {
      [STEP_INPUTS.x]: x,
      // An input whose coefficient is 0 may hold any values of the right size.
      [STEP_INPUTS.noise]: noise ?? x,
      ...textFeeds(texts, steering),
      timestep: { values: [step.timestep] },
    };
    const width = channelsOf(session, "timestep_cond");
    if (width !== undefined) feeds["timestep_cond"] = { values: guidanceEmbedding(CONSISTENCY_GUIDANCE, width), shape: [1, width] };
    const scalars = { ...stepScalars(step), ...steeringScalars(steering) };
    for (const [name, value] of Object.entries(scalars)) feeds[name] = { values: [value] };

    const fetch = wantsX0 ? Object.values(STEP_OUTPUTS) : [STEP_OUTPUTS.next];
    const { [STEP_OUTPUTS.next]: next, [STEP_OUTPUTS.x0]: x0 } = await this.network.run(session, feeds, { fetch, signal });
    if (!next || String(next.dims) !== String(x.dims)) {
      throw new OnestrokeError("model-unsupported", `the denoiser answers with [${next?.dims.join(", ")}] to [${x.dims.join(", ")}]`);
    }
    return { next, x0 };
  }
}

/** The length of the last axis of an input, if there is such an input and its size is stated. */
export function channelsOf({ inputs }: OrtSession, name: string): number | undefined {
  const input = inputs.find((each) => each.name === name);
  const channels = input?.isTensor ? input.shape.at(-1) : undefined;
  return typeof channels === "number" ? channels : undefined;
}
