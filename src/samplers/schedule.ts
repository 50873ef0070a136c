// A sampler is data: what the network is asked at each step, and the linear
// combination that turns its answer into x0 and into the next sample. One kernel
// applies it, so no sampler has code of its own on the GPU.

/** `x0 = x * sample + out * networkOutput`. */
export interface X0Coefficients {
  readonly x: number;
  readonly out: number;
}

/** `next = x * sample + out * networkOutput + noise * freshNoise`. */
export interface NextCoefficients {
  readonly x: number;
  readonly out: number;
  /** 0 means: draw no noise for this step, or the generator's state drifts from the reference. */
  readonly noise: number;
}

/** A sample at the level of noise that a step starts from: `picture * latent + noise * unitNoise`. */
export interface StartCoefficients {
  readonly picture: number;
  readonly noise: number;
}

export interface SamplerStep {
  /** The network sees `inputScale * sample`. */
  readonly inputScale: number;
  /** The time given to the network: 0 to 999 for diffusion students, t in [0, 1] for average velocity. */
  readonly timestep: number;
  /** The time r at which the network's jump ends; only average-velocity networks read it. */
  readonly endTimestep: number;
  /** Noise over signal of the sample, which timestep-shifted students are not told; steering compares it with its end. */
  readonly sigma: number;
  /** Where a run that starts from a picture, and not from noise alone, comes in. */
  readonly start: StartCoefficients;
  readonly x0: X0Coefficients;
  readonly next: NextCoefficients;
}

/**
 * Steps in order. The first sample is `initialNoiseScale` times unit Gaussian noise; the picture is
 * decoded from `next` of the last step, and previews from `x0` of the others.
 */
export interface Schedule {
  readonly initialNoiseScale: number;
  readonly steps: readonly SamplerStep[];
}

/** What the network's output means. */
export type PredictionType = "epsilon" | "v_prediction" | "sample";
