// What the journal's rows say: one for each model, with its plan, and one for each file, which models may share.
import type { DownloadPlan } from "../common/download";

/** Rows of another version are left alone. */
export const JOURNAL_VERSION = 1;

export interface ModelRow {
  readonly plan: DownloadPlan;
  /** A newer plan, which takes the place of `plan` once it is complete. */
  readonly next?: DownloadPlan;
}

export interface FileRow {
  readonly byteLength: number;
  readonly chunkBytes: number;
  /** SHA-256 of each chunk that is on the disk. Undefined chunks are missing. */
  readonly digests: readonly (string | undefined)[];
  /** State of the whole file's hash after its first chunks. */
  readonly hashed?: { readonly chunks: number; readonly state: Uint8Array };
  /** SHA-256 of the whole, and so the name of the file that holds it. It is entered before the part is moved to that name. */
  readonly sha256?: string;
  /** Whether it is all there under that name. */
  readonly isComplete: boolean;
  /** Whether it was read and hashed again in a later session than the one that wrote it, so that even a power cut has done it no harm. */
  readonly isSettled: boolean;
  /** Whether it was fetched whole once already and had another hash than the published one. */
  readonly isSecondTry: boolean;
}
