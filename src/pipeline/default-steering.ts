// How strongly a checkpoint is steered when nobody says: what its manifest asks for,
// else its family's default, told by the layout of its networks.
import type { Manifest } from "../checkpoints/manifest";
import { defaultSteering } from "../steering/defaults";
import type { Steering } from "../steering/types";

/** Text channels of OpenCLIP-H, which SD2 and its students read. */
const SD2_TEXT_CHANNELS = 1024;

export function steeringOf(manifest: Manifest): Exclude<Steering, { method: "none" }> {
  const { steering } = manifest;
  if (steering && steering.method !== "none") return steering;
  if (manifest.pipeline === "stable-diffusion-xl") return defaultSteering("sdxl");
  return steeringOfTextChannels(manifest.components.unet?.config["cross_attention_dim"]);
}

/** Of a denoiser with one text encoder, by the channels it reads. */
export function steeringOfTextChannels(channels: unknown): Exclude<Steering, { method: "none" }> {
  return defaultSteering(channels === SD2_TEXT_CHANNELS ? "sd21" : "sd15");
}
