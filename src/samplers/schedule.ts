// A sampler is data: what the network is asked at each step, and the linear
// combination that turns its answer into x0 and into the next sample. One kernel
// applies it, so no sampler needs its own code on the GPU.

/** `x0 = x * sample + out * networkOutput`. */
export interface X0Coefficients {
  readonly x: number;
  readonly out: number;
}

/** `next = x * sample + out * networkOutput + noise * freshNoise`. */
export interface NextCoefficients {
  readonly x: number;
  readonly out: number;
  /** 0 means that no noise may be drawn for this step; drawing it would move the generator's state away from the reference's. */
  readonly noise: number;
}

/** A sample at the noise level that a step starts from: `picture * latent + noise * unitNoise`. */
export interface StartCoefficients {
  readonly picture: number;
  readonly noise: number;
}

export interface SamplerStep {
  /** The network sees `inputScale * sample`. */
  readonly inputScale: number;
  /** The time that the network is given: 0 to 999 for diffusion students, t in [0, 1] for average velocity. */
  readonly timestep: number;
  /** The time r at which the network's jump ends; only average-velocity networks read it. */
  readonly endTimestep: number;
  /** Ratio of noise to signal in the sample. Timestep-shifted students are given a different time; steering compares sigma with its end. */
  readonly sigma: number;
  /** How a run enters at this step if it starts from a picture instead of noise alone. */
  readonly start: StartCoefficients;
  readonly x0: X0Coefficients;
  readonly next: NextCoefficients;
}

/**
 * Steps in order. The first sample is `initialNoiseScale` times unit Gaussian noise. The picture is
 * decoded from `next` of the last step, and previews from `x0` of the other steps.
 */
export interface Schedule {
  readonly initialNoiseScale: number;
  readonly steps: readonly SamplerStep[];
}

/** What the network's output means. */
export type PredictionType = "epsilon" | "v_prediction" | "sample";
