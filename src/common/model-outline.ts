// What a model turns out to be from its small files, before anything large of it is fetched.
import type { ModelPart, NetworkName } from "./model-facts";
import type { ComponentNumbers } from "./stored-pieces";
import type { TrainedSizes } from "./trained-sizes";
import type { ComponentFormats, QuantisedFormat } from "./weight-format";

/** How a model's files are read: as weights for our own kernels, or as graphs for ONNX Runtime. */
export type ReadAs = "weights" | "graphs";

export interface ModelOutline {
  readonly readAs: ReadAs;
  /** What kind of pipeline it is, such as `stable-diffusion-xl`. */
  readonly pipeline: string;
  /** What it was distilled from, such as `sdxl`, as far as it can be told. */
  readonly family: string;
  /** Pixels along each side of the pictures that it draws on a GPU where nobody says. */
  readonly defaultSize: number;
  /** The pictures that it was trained on. */
  readonly trainedSizes: TrainedSizes;
  /** The most steps it takes. */
  readonly maxSteps: number;
  /** In the order they run, with their size as stored. */
  readonly parts: readonly ModelPart[];
  /**
   * The GPU memory that a picture of the default size takes, as planned for a GPU of usual memory: weights, and room for what is computed.
   */
  readonly gpuBytes: number;
  /** The same with smaller weights; absent for graphs, which bring theirs. */
  readonly smallerGpuBytes?: Readonly<Record<QuantisedFormat, number>>;
  /** Networks that have to take turns for that. */
  readonly turns: readonly NetworkName[];
  /** What most of each part's weights are stored in, as the headers of their files say; absent for graphs. */
  readonly weightFormats?: ComponentFormats;
  /** The numbers that the GPU will read of each part, as those headers say; absent for graphs. */
  readonly storedNumbers?: ComponentNumbers;
}
