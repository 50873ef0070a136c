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
  /** Expressions of rows of W that `slice` declares besides, and of factors: so many times they are added to `weight_row`. */
  readonly addedRows?: readonly { readonly row: string; readonly factor: string }[];
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

/** For direct.ts, which walks each segment quad by quad. What is known of a thread's rows stands in arrays and is found in loops over `i`. */
export interface DirectRows {
  /** Arrays of `u32` that `setup` fills. */
  readonly known: readonly string[];
  /** Sets element `i` of them from `row`, which is in range. */
  readonly setup: string;
  /** An expression for the number of segments. */
  readonly segments: string;
  /** From `segment`, its index, declares `segment_quads` and `weight_row`. */
  readonly segment: string;
  /** Sets `at[i]`, the row's first quad in the segment. */
  readonly place: string;
  /** Whether `place` also sets `inside[i]`; a row that is not inside counts as zeros. */
  readonly padded: boolean;
  /** Declares `name`, quad `index` of A. */
  read(name: string, index: string): string;
}

/** Several products of one weight whose rows are rows of one result in turn. A workgroup has its own as `product`. */
export interface Interleaved {
  readonly products: number;
  /** WGSL of `result_row(row: u32, product: u32) -> u32`. It is `sizes.result_rows` or more where there is none. */
  readonly resultRow: string;
}

export interface RowSource {
  readonly tiled: TiledRows;
  /** Absent where the target shares what it reads. */
  readonly direct?: DirectRows;
  readonly interleaved?: Interleaved;
}
