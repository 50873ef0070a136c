// Weights on their way from a file to the GPU as they are stored. The engine lends memory that it uploads from, a reader fills it with
// bytes of a file, and says which values of which tensors they are. Neither looks at a value: the GPU does.
import type { LowRank } from "./low-rank";

/** Number formats that the GPU reads as they are stored, with their bytes. */
export const STORED_BYTES = { f16: 2, bf16: 2, f32: 4 } as const;

export type StoredNumbers = keyof typeof STORED_BYTES;

/** By component, such as `unet`: all that its tensors are stored in, as far as the GPU reads them so. */
export type ComponentNumbers = Readonly<Record<string, readonly StoredNumbers[]>>;

/** Memory that is uploaded from, in slices that are lent again and again. */
export interface UploadMemory {
  readonly sliceBytes: number;
  /** A reader that holds two slices fewer than there are never waits for itself: one holds what it gave last, one what came otherwise. */
  readonly slices: number;
  /** The next slice that is free. Whoever gives pieces in it gives it back with them. */
  slice(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Bytes of a slice, from its beginning, and what they are. */
export interface StoredPieces {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pieces: readonly StoredPiece[];
}

/** Values of one tensor that follow each other in row-major order. The pieces of a tensor come in order. */
export interface StoredPiece {
  readonly key: string;
  readonly numbers: StoredNumbers;
  /** Where it begins, in bytes; it need not be aligned. */
  readonly at: number;
  /** Which of the tensor's values is its first. */
  readonly first: number;
  readonly count: number;
  /** What is yet to be added to the tensor; it comes with the last piece. */
  readonly added: readonly LowRank[];
  /**
   * Is told what the GPU found among the values of the whole tensor, if it found any. Absent where that does not matter.
   * @throws OnestrokeError `model-corrupt`, `model-unsupported` if they cannot be used
   */
  readonly refuse?: ((found: NotFinite) => void) | undefined;
}

/** Values that are no finite float16: those that were none in the file, and those that float16 is too small for. */
export interface NotFinite {
  readonly stored: number;
  readonly rounded: number;
}
