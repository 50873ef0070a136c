// How fast bytes arrive, over the last seconds. Times come from a clock that never goes back, so no rate is negative.

/** Long enough to be calm, and short enough to notice that a line has become slow. */
const WINDOW_MS = 8_000;

export class Rate {
  #samples: readonly { readonly at: number; readonly bytes: number }[] = [];

  /**
   * Takes a reading and gives the rate in bytes per second; undefined until a second has passed.
   * @param at milliseconds, as `performance.now()` counts them
   */
  add(bytes: number, at: number): number | undefined {
    const previous = this.#samples.at(-1);
    // A chunk that is fetched again takes bytes back. What came before it says nothing of the rate.
    const kept = previous !== undefined && bytes < previous.bytes ? [] : this.#samples.filter((sample) => at - sample.at <= WINDOW_MS);
    this.#samples = [...kept, { at, bytes }];
    const first = this.#samples[0];
    const ms = first === undefined ? 0 : at - first.at;
    return first === undefined || ms < 1_000 ? undefined : ((bytes - first.bytes) * 1_000) / ms;
  }
}
