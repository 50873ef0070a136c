// A checkpoint is described by a manifest, not by a folder: each component says where its files are and how it
// is configured, so that one checkpoint may take its parts from several places.
// diffusers-manifest.ts makes one from a folder, catalogue-manifest.ts from a known checkpoint's entry, formats/original from one file.
import { COMPONENT_NAMES, type ComponentName, type ManifestFile } from "../catalogue/components";
import { OnestrokeError } from "../common/errors";
import type { License, StepRange } from "../common/model-facts";
import type { RecipeLora } from "../common/recipe-lora";
import type { Sampler } from "../samplers/sampler";
import type { SteeredFamily } from "../common/steering-defaults";
import type { ByteStore } from "./byte-source";
import type { JsonObject } from "../common/json";
import type { ComponentNumbers, StoredNumbers } from "../common/stored-pieces";
import type { ComponentFormats, WeightFormat } from "../common/weight-format";
import { openTensors, type TensorReader } from "./tensor-reader";

export interface Component {
  /** The class that reads it, such as `UNet2DConditionModel`. */
  readonly className: string;
  readonly store: ByteStore;
  /** Where its files are in `store`; "" is the root. */
  readonly folder: string;
  /** Weight files: none for tokenizers and schedulers, several if the weights are sharded. */
  readonly files: readonly ManifestFile[];
  readonly config: JsonObject;
  /** What it is drawn with where nobody chooses: what most of its weights are stored in, if the catalogue says nothing else. Absent where
   * that is to be read from the files. */
  readonly weightFormat?: WeightFormat;
  /** The numbers that the GPU will read of them, where those are known without reading them. */
  readonly storedNumbers?: readonly StoredNumbers[];
  /** Where its weights are not `files` of its own, such as a part of one file for all: their bytes as stored, and how they are opened. */
  readonly weights?: { readonly byteLength: number; readonly open: (signal?: AbortSignal) => Promise<TensorReader> };
}

export interface Manifest {
  /** Catalogue id, or the folder's name. */
  readonly name: string;
  /** What people call it, if the catalogue has a title for it. */
  readonly title?: string;
  /** As its files' (places.ts). */
  readonly revision?: string;
  readonly pipeline: PipelineKind;
  readonly components: Readonly<Partial<Record<ComponentName, Component>>>;
  /** The sampler to use where the scheduler's file is absent or wrong for this student. */
  readonly sampler?: Sampler;
  /** How many steps it was made for; the sampler's own bound may be wider. */
  readonly steps?: StepRange;
  /** The family whose steering defaults apply to this checkpoint, if the catalogue names one. */
  readonly family?: SteeredFamily;
  readonly license?: License;
  /** What is merged into its weights. */
  readonly loras?: readonly RecipeLora[];
  /** The same with other weights of its LoRAs, in their order. Absent where nothing is merged. @throws as `withLoras` */
  readonly reweighed?: (weights: readonly number[], signal?: AbortSignal) => Promise<Reweighed>;
}

export interface Reweighed {
  readonly manifest: Manifest;
  /** The tensors of each component that are not as they were. */
  readonly changed: ReadonlyMap<ComponentName, ReadonlySet<string>>;
}

export type PipelineKind = "stable-diffusion" | "stable-diffusion-xl" | "class-to-image";

/** @throws OnestrokeError `model-missing` when the checkpoint has no such component */
export function component(manifest: Manifest, name: ComponentName): Component {
  const found = manifest.components[name];
  if (found === undefined) throw new OnestrokeError("model-missing", `${manifest.name} has no ${name}`, { component: name });
  return found;
}

/** The component that predicts: a UNet, or a transformer. @throws OnestrokeError `model-missing` when there is neither */
export function denoiserName({ components }: Manifest): "unet" | "transformer" {
  return components.unet === undefined && components.transformer !== undefined ? "transformer" : "unet";
}

/** Bytes of a component's weights as stored, as far as they are known; 0 where there is no such component. */
export function componentBytes(part: Component | undefined): number {
  if (part?.weights !== undefined) return part.weights.byteLength;
  return (part?.files ?? []).reduce((sum, { byteLength }) => sum + (byteLength ?? 0), 0);
}

/** Sum of the known lengths of all weight files. */
export function weightBytes({ components }: Manifest): number {
  return Object.values(components).reduce((sum, part) => sum + componentBytes(part), 0);
}

/** The same, with what is known of what its weights are stored in. What a component says of itself counts more. */
export function withFormats(manifest: Manifest, formats: ComponentFormats, numbers: ComponentNumbers): Manifest {
  const components: Partial<Record<ComponentName, Component>> = { ...manifest.components };
  for (const name of COMPONENT_NAMES) {
    const [part, weightFormat, storedNumbers] = [components[name], formats[name], numbers[name]];
    if (part === undefined) continue;
    components[name] = { ...(weightFormat && { weightFormat }), ...(storedNumbers && { storedNumbers }), ...part };
  }
  return { ...manifest, components };
}

/** Opens the weights of one component. @throws as `openTensors` */
export function openComponent(part: Component, signal?: AbortSignal): Promise<TensorReader> {
  if (part.weights !== undefined) return part.weights.open(signal);
  const files = part.files.map((file) => file.path);
  return openTensors(part.store, files, signal);
}
