// The graphs that are planned for a picture: a model's networks, with the pipeline's own arithmetic around them. Neither weights nor a
// device are needed for them, so that memory is planned with the graphs that will run.
import type { Manifest } from "../../checkpoints/manifest";
import type { SteeringMethod } from "../../common/steering";
import type { GraphBuilder } from "../../engine/graph-builder";
import type { Autoencoder, Denoiser, TextEncoder } from "../../networks/roles";
import type { Size } from "../engine";

/** SDXL reads the state before the last layer's; SD1 and SD2 read the last one, after the final norm. */
export type TextState = "penultimate" | "lastHiddenState";

export function textState({ pipeline }: Pick<Manifest, "pipeline">): TextState {
  return pipeline === "stable-diffusion-xl" ? "penultimate" : "lastHiddenState";
}

export function textGraph(g: GraphBuilder, role: TextEncoder, state: TextState): void {
  const text = role.build(g, { batch: 1 });
  g.output("hidden", text[state]);
  if (text.textEmbeds) g.output("pooled", text.textEmbeds);
}

export interface DenoiserPlanShape {
  /** Pictures that are denoised together, under one text. Default: one. */
  readonly batch?: number;
  /** Of the latent. */
  readonly height: number;
  readonly width: number;
  /** Text capacity in tokens. */
  readonly textTokens: number;
  readonly method: SteeringMethod;
}

/** The denoiser within a step: from `x` to `x0` and `next`. `coefficients` `[1, 12]` are those of the input, of x0 and of next. */
export function stepGraph(g: GraphBuilder, role: Denoiser, { batch = 1, height, width, textTokens, method }: DenoiserPlanShape): void {
  const shape = [batch, height, width, role.inChannels];
  const x = g.input("x", shape, "run", "f32");
  const noise = g.input("noise", shape, "run", "f32");
  const coefficients = g.input("coefficients", [1, 12], "run", "f32");
  const sample = g.combine(x, coefficients, 0, { element: "activation" });
  const out = role.build(g, { batch, height, width, textTokens, textBatch: 1, steering: method, sample });
  // x0 takes no noise (its coefficient is 0), but passing it lets both results share a pipeline.
  g.output("x0", g.combine(x, coefficients, 1, { b: out, noise }));
  g.output("next", g.combine(x, coefficients, 2, { b: out, noise }));
}

/** From the denoiser's latent, still scaled, to the picture. */
export function decoderGraph(g: GraphBuilder, role: Autoencoder, { height, width }: Size, output: "rgba" | "pixels"): void {
  const { latentChannels, scalingFactor, shiftFactor, decoder } = role;
  const latent = g.input("latent", [1, height, width, latentChannels], "run", "f32");
  const unscaled = scalingFactor === 1 && shiftFactor === 0 ? latent : g.scaleShift(latent, 1 / scalingFactor, shiftFactor);
  const decoded = decoder.build(g, { batch: 1, height, width, latent: unscaled });
  if (output === "rgba") g.output("rgba", g.toRgba(decoded, { scale: 0.5, shift: 0.5 }));
  else g.output("pixels", g.scaleShift(decoded, 0.5, 0.5));
}

/** From a picture in [-1, 1], of that size, to the denoiser's latent. */
export function encoderGraph(g: GraphBuilder, { scalingFactor, shiftFactor, encoder }: Autoencoder, { width, height }: Size): void {
  const latent = encoder.build(g, { batch: 1, height, width });
  // (latent - shift) * scale
  g.output("latent", g.scaleShift(latent, scalingFactor, -shiftFactor * scalingFactor));
}
