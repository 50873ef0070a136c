// Where a network's parameters come from: the checkpoint reader, or a test's arrays.
import type { Blocks } from "../common/blocks";
import type { LowRank } from "../common/low-rank";
import type { StoredPiece, StoredPieces, UploadMemory } from "../common/stored-pieces";
import type { WeightFormat } from "../common/weight-format";
import type { Shape } from "./tensor";

export interface WeightSource {
  /**
   * Every tensor asked for, in the order that suits the source: as it is stored, in `memory`, or in the format asked for.
   * When it ends, for whatever reason, nothing may write to `memory` any more.
   */
  stream(wanted: ReadonlyMap<string, WantedTensor>, memory: UploadMemory, signal?: AbortSignal): AsyncIterable<StoredPieces | SourceTensor>;
}

export interface WantedTensor {
  /** In the checkpoint. */
  readonly shape: Shape;
  /** What is not float16 is never given as it is stored. */
  readonly format: WeightFormat;
  /** Pieces begin at a multiple of so many values. */
  readonly run: number;
}

/**
 * A tensor, row-major in the checkpoint shape: float16 bits or blocks, as was asked for, valid until the next tensor is asked for; or float32
 * that is to become blocks. `added` is yet to be added to float16 and to float32. `refuse` is as a stored piece has it.
 */
export type SourceTensor = readonly [
  key: string,
  values: Uint16Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Blocks,
  added?: readonly LowRank[],
  refuse?: StoredPiece["refuse"],
];
