// What the page knows of the gallery.
import { USUAL_BUDGET, type StartBytes } from "./budget";
import type { Drawn } from "./encoding";
import type { GalleryEntry } from "./entry";

/** Why pictures cannot be kept: the disk is full, or the browser keeps nothing for this page. */
export type KeepingProblem = "full" | "denied";

/** What goes on with many pictures at once. */
export type GalleryWork =
  | { readonly kind: "exporting" | "importing"; readonly done: number; readonly total: number }
  | { readonly kind: "imported"; readonly count: number; readonly known: number; readonly refused: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string };

/** A picture that is no entry yet. */
export interface Coming extends Drawn {
  /** The id of the entry whose place it takes, unless somebody likes that one. */
  readonly insteadOf: string | undefined;
}

export interface GalleryState {
  readonly isOpen: boolean;
  /** The newest comes first. Those that could not be kept are among them, until the page is closed. */
  readonly entries: readonly GalleryEntry[];
  /** Pictures that are being packed. The newest comes first. */
  readonly coming: readonly Coming[];
  /** The pictures that entries were drawn over and that are kept with them. */
  readonly starts: StartBytes;
  /** Ids of entries that could not be kept. */
  readonly unkept: ReadonlySet<string>;
  readonly problem: KeepingProblem | undefined;
  /** In bytes. */
  readonly budget: number;
  /** A smaller budget that somebody chose and that not everything fits into: it waits for their word. */
  readonly askedBudget: { readonly budget: number; readonly goes: number } | undefined;
  /** The picture that was removed last, which can be brought back. */
  readonly removed: GalleryEntry | undefined;
  readonly work: GalleryWork | undefined;
}

export const EMPTY_GALLERY: GalleryState = {
  isOpen: false,
  entries: [],
  coming: [],
  starts: new Map(),
  unkept: new Set(),
  problem: undefined,
  budget: USUAL_BUDGET,
  askedBudget: undefined,
  removed: undefined,
  work: undefined,
};
