// How each family of models is steered by default: how strongly, and until when. NASA's
// values are SNOOPI's (arXiv 2412.02687 v3), NAG's and VSF's are their authors' (arXiv 2505.21179, 2508.10931).
// Where no paper gives a value, a comment names its source.
import type { Nag, Nasa, SteeringMethod, Vsf } from "./steering";

export const STEERED_FAMILIES = ["sd15", "sd21", "sdxl", "vignette"] as const;

/** Text-conditional networks with cross-attention, grouped by the text encoder and layout that they share. */
export type SteeredFamily = (typeof STEERED_FAMILIES)[number];

export interface SteeringDefaults {
  readonly nasa: Nasa;
  readonly nag: Nag;
  readonly vsf: Vsf;
  /** The method that a negative prompt uses when none is named. */
  readonly method: SteeringMethod;
  /** Where steering may stop with most of its effect kept: what "early steps only" means for this family. */
  readonly sigmaEnd: number;
}

/** NAG's bound of the norm ratio: 2.5 for every model in the paper. */
const TAU = 2.5;

/**
 * `nag_sigma_end` as NAG's authors use it for SDXL, and in their examples for DMD2 and SD1.5
 * (github.com/ChenDarYen/ComfyUI-NAG): it steers two of the four steps at 999, 749, 499 and 249. All families here
 * share that noise schedule, and all but Vignette share those steps. NASA is published for one step and has no such bound.
 */
const SIGMA_END = 4;

/** As its authors' code has it for Stable Diffusion 3.5. They publish no value for the families here. */
const VSF: Vsf = { method: "vsf", scale: 3.5, offset: 0.1 };

export const STEERING_DEFAULTS: Readonly<Record<SteeredFamily, SteeringDefaults>> = {
  // SD1.5, LCM, SDXS, DMD2-SD1.5. Both values come from the papers.
  sd15: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.1 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.375, sigmaEnd: SIGMA_END },
    vsf: VSF,
    sigmaEnd: SIGMA_END,
  },
  // SD-Turbo, SwiftBrush. NASA's value comes from the paper. NAG has no published value here, so it takes SD1.5's.
  sd21: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.2 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.375, sigmaEnd: SIGMA_END },
    vsf: VSF,
    sigmaEnd: SIGMA_END,
  },
  // SDXL-Turbo, NitroSD, DMD2, Hyper-SD. NAG's value comes from the paper, and the users its authors asked
  // preferred it to NASA. NASA's is the middle of the range in which SNOOPI's DMD2 keeps its quality.
  sdxl: {
    method: "nag",
    nasa: { method: "nasa", scale: 0.4 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.5, sigmaEnd: SIGMA_END },
    vsf: VSF,
    sigmaEnd: SIGMA_END,
  },
  // Our own student. It takes PixArt's value for NASA, because it too is a small network trained from captions. Of its
  // timesteps only the first is above the end. When only that step out of four was steered, 2 of 60 things that had been
  // left out came back, with either method; when every step was steered, none came back. VSF's value is the gentlest of those that
  // measured best (docs/steering.md).
  vignette: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.5 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.375, sigmaEnd: SIGMA_END },
    vsf: { ...VSF, scale: 1 },
    sigmaEnd: SIGMA_END,
  },
};
