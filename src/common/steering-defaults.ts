// How each family of models is steered when nobody says: how strongly, and until when. NASA's
// values are SNOOPI's (arXiv 2412.02687 v3), NAG's are its authors' (arXiv 2505.21179);
// a value neither paper gives says where it was taken from.
import type { Nag, Nasa, SteeringMethod } from "./steering";

export const STEERED_FAMILIES = ["sd15", "sd21", "sdxl", "vignette"] as const;

/** Text-conditional networks with cross-attention, by the text encoder and layout they share. */
export type SteeredFamily = (typeof STEERED_FAMILIES)[number];

export interface SteeringDefaults {
  readonly nasa: Nasa;
  readonly nag: Nag;
  /** Which of the two a negative prompt means when no method is named. */
  readonly method: SteeringMethod;
  /** Where either may stop with most of its effect kept: what "early steps only" means for this family. */
  readonly sigmaEnd: number;
}

/** NAG's bound of the norm ratio: 2.5 for every model in the paper. */
const TAU = 2.5;

/**
 * `nag_sigma_end` of NAG's authors for SDXL, and in their examples for DMD2 and SD1.5
 * (github.com/ChenDarYen/ComfyUI-NAG): two of the four steps at 999, 749, 499 and 249. All families here share
 * that noise schedule, and all but Vignette those steps. NASA is published for one step and has no such bound.
 */
const SIGMA_END = 4;

export const STEERING_DEFAULTS: Readonly<Record<SteeredFamily, SteeringDefaults>> = {
  // SD1.5, LCM, SDXS, DMD2-SD1.5. Both values are the papers'.
  sd15: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.1 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.375, sigmaEnd: SIGMA_END },
    sigmaEnd: SIGMA_END,
  },
  // SD-Turbo, SwiftBrush. NASA's value is the paper's; NAG's is SD1.5's, for want of one.
  sd21: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.2 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.375, sigmaEnd: SIGMA_END },
    sigmaEnd: SIGMA_END,
  },
  // SDXL-Turbo, NitroSD, DMD2, Hyper-SD. NAG's value is the paper's, and its authors'
  // users preferred it to NASA; NASA's is the middle of the range SNOOPI shows for DMD2 that keeps quality.
  sdxl: {
    method: "nag",
    nasa: { method: "nasa", scale: 0.4 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.5, sigmaEnd: SIGMA_END },
    sigmaEnd: SIGMA_END,
  },
  // Our own student. PixArt's value for NASA: like it, the network is small and trained from captions. Of its own timesteps
  // only the first lies above the end, and decides: steered there alone, in four steps, 2 of 60 things left out came back
  // by either method, and none where every step was steered.
  vignette: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.5 },
    nag: { method: "nag", scale: 2, tau: TAU, alpha: 0.375, sigmaEnd: SIGMA_END },
    sigmaEnd: SIGMA_END,
  },
};
