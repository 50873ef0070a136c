// What is known of a model. Before it is loaded this comes from the catalogue, afterwards from the model's own files.
import type { Engine } from "./engine";
import type { RecipeLora } from "./recipe-lora";
import type { SteeringDefaults } from "./steering-defaults";
import type { TrainedSizes } from "./trained-sizes";
import type { WeightChoice, WeightFormat } from "./weight-format";
import type { WideNetwork } from "./wide-network";

export interface License {
  /** SPDX identifier, or the name that the model's page uses. */
  readonly id: string;
  /** Whether it permits commercial use. Absent when a person has to read its terms to know. */
  readonly commercial?: boolean;
}

/** How many steps a model was made for. */
export interface StepRange {
  readonly maximum: number;
  readonly preferred: number;
}

/** One network of a model. */
export interface ModelPart {
  /** Its component, named as in the model's folder: `text_encoder`, `unet`, `vae`, `vae_fine`. */
  readonly name: string;
  readonly engine: Engine;
  /** Size as stored. */
  readonly byteLength: number;
  /** Number format of its large weights on the GPU; ONNX graphs bring their own. */
  readonly weights?: WeightFormat;
}

/** A network by its place in the pipeline. */
export type NetworkName = "text_encoder" | "text_encoder_2" | "denoiser" | "autoencoder";

/** How a picture of the model's own size uses the GPU's memory. */
export interface ModelMemory {
  /** The most that is on the GPU at one time, in bytes, as planned. */
  readonly gpuBytes: number;
  /** Networks that leave the GPU when another one needs their place; empty where all stay. */
  readonly turns: readonly NetworkName[];
  /** What it would be with each format of weights. */
  readonly byWeights: Readonly<Record<WeightChoice, number>>;
}

/** A loaded model: what recipes are fitted to, and what the page says about it. */
export interface ModelFacts {
  /** Catalogue id, or the folder's name: what a recipe calls the model. */
  readonly id: string;
  readonly title: string;
  /** Of its files (model-revision.ts); absent where nobody published one. */
  readonly revision?: string | undefined;
  /** What is merged into it, if anything; a recipe for it names the same. */
  readonly loras?: readonly RecipeLora[];
  /** Networks that compute in float32 from now on, because a picture broke while they computed in float16. Absent where there is none. */
  readonly inFloat32?: readonly WideNetwork[];
  /** Where the checkpoint states one. */
  readonly license: License | undefined;
  /** Size of all weights as stored. */
  readonly weightBytes: number;
  /** Pixels along each side of the pictures that it draws where nobody says: one of `trainedSizes`, a larger one where pictures come quickly. */
  readonly defaultSize: number;
  /** What the model was trained on. A picture that is not of these sizes is drawn as the nearest of them. */
  readonly trainedSizes: TrainedSizes;
  readonly maxSteps: number;
  /** How a negative prompt steers when the user chooses no method. */
  readonly steering: SteeringDefaults;
  /** Why a picture in few steps may turn out badly, told to a person who chose the sampling rule. */
  readonly doubt?: string | undefined;
  /** Whether it draws over a picture: its files have an encoder for that, and what computes it runs one. */
  readonly readsPictures: boolean;
  /** What computes its networks: the GPU's name, or "cpu". */
  readonly adapter: string;
  /** The GPU offers float16, and gave no device with it. Absent where that is not so, or nobody asked. */
  readonly refusesFloat16?: boolean;
  /**
   * What was measured of this adapter and is computed otherwise for it, in a few digits. Absent where nothing is: the same seed is the same
   * picture where they are the same.
   */
  readonly tuning?: string;
  /** In the order they run. */
  readonly parts: readonly ModelPart[];
  /** Absent where the engine plans no memory. */
  readonly memory?: ModelMemory;
}
