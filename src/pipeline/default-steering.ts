// How a checkpoint is steered by default: as its family is. The catalogue names the family,
// or else the layout of its networks tells.
import type { Manifest } from "../checkpoints/manifest";
import { STEERING_DEFAULTS, type SteeringDefaults } from "../common/steering-defaults";

/** Text channels of CLIP-L (SD1) and of OpenCLIP-H (SD2). */
const SD1_TEXT_CHANNELS = 768;
const SD2_TEXT_CHANNELS = 1024;

export function steeringDefaults({ family, pipeline, components }: Manifest): SteeringDefaults {
  if (family !== undefined) return STEERING_DEFAULTS[family];
  if (pipeline === "stable-diffusion-xl") return STEERING_DEFAULTS.sdxl;
  return steeringDefaultsOfTextChannels(components.unet?.config["cross_attention_dim"]);
}

/** For a denoiser with one text encoder, by the text channels it reads. Fewer than SD1's mean a small student such as Vignette. */
export function steeringDefaultsOfTextChannels(channels: unknown): SteeringDefaults {
  if (channels === SD2_TEXT_CHANNELS) return STEERING_DEFAULTS.sd21;
  return typeof channels === "number" && channels < SD1_TEXT_CHANNELS ? STEERING_DEFAULTS.vignette : STEERING_DEFAULTS.sd15;
}
