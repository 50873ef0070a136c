// How a checkpoint is steered by default: as its family is. The catalogue names the family,
// or else the layout of its networks tells.
import type { Manifest } from "../checkpoints/manifest";
import { STEERING_DEFAULTS, type SteeredFamily, type SteeringDefaults } from "../common/steering-defaults";

/** Text channels of CLIP-L (SD1) and of OpenCLIP-H (SD2). */
const SD1_TEXT_CHANNELS = 768;
const SD2_TEXT_CHANNELS = 1024;

export function steeringDefaults(manifest: Manifest): SteeringDefaults {
  return STEERING_DEFAULTS[familyOf(manifest)];
}

export function familyOf({ family, pipeline, components }: Pick<Manifest, "family" | "pipeline" | "components">): SteeredFamily {
  if (family !== undefined) return family;
  if (pipeline === "stable-diffusion-xl") return "sdxl";
  return familyOfTextChannels(components.unet?.config["cross_attention_dim"]);
}

/** Of a denoiser with one text encoder, by the text channels it reads. Fewer than SD1's mean a small student such as Vignette. */
export function familyOfTextChannels(channels: unknown): SteeredFamily {
  if (channels === SD2_TEXT_CHANNELS) return "sd21";
  return typeof channels === "number" && channels < SD1_TEXT_CHANNELS ? "vignette" : "sd15";
}
