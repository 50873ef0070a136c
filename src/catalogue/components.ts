// The components of a model, and how their files are listed.

/** diffusers' names. Class-conditional networks are called `transformer` (ESC, iMF) or `unet` (PaGoDA). `vae_fine` is ours: a second decoder of the same latents. */
export const COMPONENT_NAMES = [
  "unet",
  "transformer",
  "text_encoder",
  "text_encoder_2",
  "vae",
  "vae_fine",
  "tokenizer",
  "tokenizer_2",
  "scheduler",
] as const;

export type ComponentName = (typeof COMPONENT_NAMES)[number];

export interface ManifestFile {
  /** Relative to the component's store. */
  readonly path: string;
  readonly byteLength?: number;
  /** Lower-case hexadecimal. */
  readonly sha256?: string;
}

/** A file that is known byte for byte. */
export type PublishedFile = Required<ManifestFile>;
