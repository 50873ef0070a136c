// Where a matrix product's rows of A come from, as WGSL for each of the two generators. The
// reduction consists of segments (a convolution's taps, or the tensors read side by side), each
// a run of channel quads against consecutive rows of the weight.

/** For tiled.ts, which walks the reduction in slices of equal depth and copies A's part of each. */
export interface TiledRows {
  /** Functions and workgroup memory that the texts below need. */
  readonly declarations?: string;
  /** What the workgroup does together before it sets up its rows. */
  readonly begin?: string;
  /** Declares what stays the same over the reduction, from `row` (an expression, in range), numbered by `index`. */
  setup(index: number, row: string): string;
  /** Declares what is carried from slice to slice; `first` is the first one's index. */
  carried?(first: string): string;
  /** From `slice`, its index, and `a_quad`, the thread's quad within it, declares `weight_row` and what `read` needs. */
  readonly slice: string;
  /** Moves what is carried on to the next slice. */
  readonly next?: string;
  /**
   * Declares for each of `count` rows `read_INDEX`, read without a branch from a place that is always there, and
   * `inside_INDEX`, whether it counts. All are asked for before the first is needed, so memory is waited for once.
   */
  read(count: number): string;
  /** What enters the tile in place of `read_INDEX`, where it is not that itself. */
  entered?(index: number): string;
}

/** For direct.ts, which walks each segment quad by quad. */
export interface DirectRows {
  /** As for tiles. */
  setup(index: number, row: string): string;
  /** An expression for the number of segments. */
  readonly segments: string;
  /** From `segment`, its index, declares `segment_quads` and `weight_row`. */
  readonly segment: string;
  /** Declares what a row's place in the segment is. */
  place(index: number): string;
  /** Sets `name` to channel quad `quad` of the row. */
  read(index: number, name: string): string;
}

export interface RowSource {
  readonly tiled: TiledRows;
  readonly direct: DirectRows;
}
