// How a checkpoint is steered when nobody says: as its family is, which the catalogue names
// or the layout of its networks tells.
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

/** Of a denoiser with one text encoder, by the channels it reads; few channels are a small student like Vignette. */
export function steeringDefaultsOfTextChannels(channels: unknown): SteeringDefaults {
  if (channels === SD2_TEXT_CHANNELS) return STEERING_DEFAULTS.sd21;
  return typeof channels === "number" && channels < SD1_TEXT_CHANNELS ? STEERING_DEFAULTS.vignette : STEERING_DEFAULTS.sd15;
}
