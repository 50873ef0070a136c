// A checkpoint is a manifest, not a folder: each component says where its files are and how it
// is configured, so that one checkpoint may take its parts from several places.
// diffusers-manifest.ts makes one from a folder; catalogue.ts from a known checkpoint's entry.
import { OnestrokeError } from "../common/errors";
import type { SamplerRecipe } from "../samplers/recipe";
import type { SteeredFamily } from "../common/steering-defaults";
import type { ByteStore } from "./byte-source";
import type { JsonObject } from "../common/json";
import { openTensors, type TensorReader } from "./tensor-reader";

/** diffusers' names; class-conditional networks are `transformer` (ESC, iMF) or `unet` (PaGoDA). */
export const COMPONENT_NAMES = [
  "unet",
  "transformer",
  "text_encoder",
  "text_encoder_2",
  "vae",
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

export interface Component {
  /** Class that reads it, such as `UNet2DConditionModel`. */
  readonly className: string;
  readonly store: ByteStore;
  /** Where its files lie in `store`; "" is the root. */
  readonly folder: string;
  /** Weight files: none for tokenizers and schedulers, several for shards. */
  readonly files: readonly ManifestFile[];
  readonly config: JsonObject;
}

export interface License {
  /** SPDX identifier, or the name the model's page uses. */
  readonly id: string;
  /** Whether it permits commercial use; absent when its terms must be read. */
  readonly commercial?: boolean;
}

export interface Manifest {
  /** Catalogue id, or the folder's name. */
  readonly name: string;
  readonly pipeline: PipelineKind;
  readonly components: Readonly<Partial<Record<ComponentName, Component>>>;
  /** How it is stepped where the scheduler's file is absent or wrong for this student. */
  readonly sampler?: SamplerRecipe;
  /** How many steps it was made for; the sampler's own bound may be wider. */
  readonly steps?: StepRange;
  /** Whose steering defaults are this checkpoint's, where the catalogue says. */
  readonly family?: SteeredFamily;
  readonly license?: License;
}

export interface StepRange {
  readonly maximum: number;
  readonly preferred: number;
}

export type PipelineKind = "stable-diffusion" | "stable-diffusion-xl" | "class-to-image";

/** @throws OnestrokeError `model-missing` when the checkpoint has no such component */
export function component(manifest: Manifest, name: ComponentName): Component {
  const found = manifest.components[name];
  if (found === undefined) throw new OnestrokeError("model-missing", `${manifest.name} has no ${name}`, { component: name });
  return found;
}

/** Sum of the known lengths of the weight files, for progress. */
export function weightBytes(manifest: Manifest): number {
  const files = Object.values(manifest.components).flatMap((part) => part.files);
  return files.reduce((sum, file) => sum + (file.byteLength ?? 0), 0);
}

/** Opens the weights of one component. @throws as `openTensors` */
export function openComponent(part: Component, signal?: AbortSignal): Promise<TensorReader> {
  const files = part.files.map((file) => file.path);
  return openTensors(part.store, files, signal);
}
