// How much is submitted at once. The page is painted by the same GPU, between two submissions: so each is a slice of a plan that takes
// a few milliseconds. How long a dispatch takes is learnt from the slices that it was in, and remembered for the plan's next run.

/** What a slice may take, in milliseconds: half a frame while somebody looks at the page, else what lets a cancel come through soon. */
const SLICE_MS = { seen: 8, unseen: 30 } as const;
/** A slice has at most so many dispatches that never ran: what others took says little of them. */
const FIRST_SLICE = 16;
const LARGEST_SLICE = 512;
/** One measurement changes what is known of a dispatch at most by this factor: now and then the word of a slice's end comes late. */
const MOST_CHANGE = 2;
/** Less cannot be told from nothing by every clock, in milliseconds. */
const LEAST_MS = 1e-3;

/** A dispatch of a plan. Nothing counts here but which one it is. */
type Dispatch = object;

export class Pace {
  /** Milliseconds, by what the slices of a dispatch took. */
  readonly #times = new WeakMap<Dispatch, number>();
  #sliceMs: number = SLICE_MS.unseen;
  /** For a dispatch that has not run: the mean of the last slice. */
  #usual: number | undefined;
  /** When the last slice ended. */
  #ended = -Infinity;

  /** Whether somebody looks at the page. Outside of a page nobody does. */
  set isSeen(isSeen: boolean) {
    this.#sliceMs = isSeen ? SLICE_MS.seen : SLICE_MS.unseen;
  }

  /** @returns how many of `pending`, from `first` on, are submitted together: those that fit into a slice, and at least one */
  sliceLength(pending: readonly Dispatch[], first: number): number {
    const most = Math.min(LARGEST_SLICE, pending.length - first);
    let [ms, unknown] = [0, 0];
    for (let length = 0; length < most; length++) {
      const dispatch = pending[first + length];
      ms += this.#timeOf(dispatch);
      if (!this.#knows(dispatch)) unknown++;
      if (ms > this.#sliceMs || unknown > FIRST_SLICE) return Math.max(1, length);
    }
    return most;
  }

  /**
   * Learns from a slice, each in its turn.
   * @param submitted when it was submitted, in milliseconds
   * @param ended when it was done. It began when the slice before it had ended
   */
  learn(slice: readonly Dispatch[], submitted: number, ended: number): void {
    const elapsed = Math.max(ended - Math.max(submitted, this.#ended), LEAST_MS);
    this.#ended = ended;
    const expected = slice.reduce((ms, dispatch) => ms + this.#timeOf(dispatch), 0);
    const change = Math.max(elapsed / expected, 1 / MOST_CHANGE);
    const mildChange = Math.min(change, MOST_CHANGE);
    // Of what never ran nothing was known that would speak against a long time.
    for (const dispatch of slice) this.#times.set(dispatch, this.#timeOf(dispatch) * (this.#knows(dispatch) ? mildChange : change));
    this.#usual = elapsed / slice.length;
  }

  #knows(dispatch: Dispatch | undefined): boolean {
    return dispatch !== undefined && this.#times.has(dispatch);
  }

  #timeOf(dispatch: Dispatch | undefined): number {
    return (dispatch && this.#times.get(dispatch)) ?? this.#usual ?? this.#sliceMs / FIRST_SLICE;
  }
}
