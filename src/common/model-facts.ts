// What is known of a model: before it is loaded from the catalogue, after it from its own files.
import type { Engine } from "./engine";
import type { SteeringDefaults } from "./steering-defaults";

export interface License {
  /** SPDX identifier, or the name that the model's page uses. */
  readonly id: string;
  /** Whether it permits commercial use. Absent when its terms must be read. */
  readonly commercial?: boolean;
}

/** How many steps a model was made for. */
export interface StepRange {
  readonly maximum: number;
  readonly preferred: number;
}

/** One network of a model. */
export interface ModelPart {
  /** Its component, as in the model's folder: `text_encoder`, `unet`, `vae`. */
  readonly name: string;
  readonly engine: Engine;
  /** Stored bytes. */
  readonly byteLength: number;
}

/** A loaded model: what recipes are fitted to, and what the page says about it. */
export interface ModelFacts {
  /** Catalogue id, or the folder's name: what a recipe calls the model. */
  readonly id: string;
  readonly title: string;
  /** SPDX identifier, where the checkpoint says. */
  readonly license: string | undefined;
  /** Stored bytes of all weights. */
  readonly weightBytes: number;
  /** Pixels along each side the model was trained at. */
  readonly defaultSize: number;
  /** Widths and heights are multiples of this. */
  readonly sizeMultiple: number;
  readonly maxSteps: number;
  /** What a negative prompt means when nobody says how to steer. */
  readonly steering: SteeringDefaults;
  /** Why a few steps may draw badly, for the person who chose their rule. */
  readonly doubt?: string | undefined;
  /** What its networks are computed on: the GPU's name, or "cpu". */
  readonly adapter: string;
  /** In the order they run. */
  readonly parts: readonly ModelPart[];
}
