// Where a matrix product's rows of A come from, as WGSL for both generators. The
// reduction consists of segments (a convolution's taps, or the tensors read side by
// side), each a run of channel quads against consecutive rows of the weight.

export interface RowSource {
  /** Declares what stays the same over the reduction, from `row` (an expression, in range), numbered by `index`. */
  setup(index: number, row: string): string;

  /** Tiled: from `slice`, its index, and `a_quad`, the thread's quad within it, declares `weight_row` and what `read` needs. */
  readonly slice: string;
  /** Tiled: sets `value` (zero before). */
  read(index: number): string;

  /** Direct: an expression for the number of segments. */
  readonly segments: string;
  /** Direct: from `segment`, its index, declares `segment_quads` and `weight_row`. */
  readonly segment: string;
  /** Direct: declares what a row's place in the segment is. */
  place(index: number): string;
  /** Direct: sets `name` to channel quad `quad` of the row. */
  readPlace(index: number, name: string): string;
}
