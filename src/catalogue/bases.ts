// The repository in which each family's common parts are published: CLIP's tokenizer, text encoders and the autoencoder, for checkpoints
// that are only a part of a model.
import type { SteeredFamily } from "../common/steering-defaults";
import type { RepositoryAt } from "./entry";

export const BASES: Readonly<Record<Exclude<SteeredFamily, "vignette">, RepositoryAt>> = {
  sd15: { repository: "SimianLuo/LCM_Dreamshaper_v7", revision: "main" },
  sd21: { repository: "stabilityai/sd-turbo", revision: "main" },
  sdxl: { repository: "stabilityai/stable-diffusion-xl-base-1.0", revision: "main" },
};
