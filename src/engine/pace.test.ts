// Rules of the pace, on a GPU whose dispatches take what the test says: what is submitted at once fits into a slice of 8 ms where a page is
// looked at, and nothing is submitted in more slices than it needs.
import { describe, expect, test } from "vitest";
import { Pace } from "./pace";

/** Dispatches by the milliseconds that each takes. */
class TimedGpu {
  readonly dispatches: readonly object[];
  readonly #times: ReadonlyMap<object, number>;
  #now = 0;

  constructor(times: readonly number[]) {
    this.dispatches = times.map((_, index) => ({ index }));
    this.#times = new Map(this.dispatches.map((dispatch, index) => [dispatch, times[index] ?? 0]));
  }

  /** Runs all, one slice after another. @returns milliseconds of each slice */
  run(pace: Pace, late: (slice: number) => number = () => 0): number[] {
    const slices: number[] = [];
    const submitted = this.#now;
    for (let first = 0; first < this.dispatches.length;) {
      const slice = this.dispatches.slice(first, first + pace.sliceLength(this.dispatches, first));
      const ms = slice.reduce((sum, dispatch) => sum + (this.#times.get(dispatch) ?? 0), 0);
      this.#now += ms;
      pace.learn(slice, submitted, this.#now + late(slices.length));
      slices.push(ms);
      first += slice.length;
    }
    return slices;
  }
}

/** Of which each is at most 3 ms, but one of 20. */
const UNEVEN = Array.from({ length: 120 }, (_, index) => (index === 50 ? 20 : 0.05 + 3 * ((index * 7) % 10 === 0 ? 1 : 0)));

function seen(isSeen = true): Pace {
  const pace = new Pace();
  pace.isSeen = isSeen;
  return pace;
}

describe("pace", () => {
  test("once a plan has run some times, its slices take about 8 ms, but for a longer dispatch, which has one to itself", () => {
    const [pace, gpu] = [seen(), new TimedGpu(UNEVEN)];
    for (let run = 0; run < 12; run++) gpu.run(pace);
    const slices = gpu.run(pace);
    // A little more, as long as dispatches that were always in one slice share its time evenly.
    expect(slices.filter((ms) => ms > 12)).toEqual([20]);
    const all = UNEVEN.reduce((sum, ms) => sum + ms, 0);
    expect(slices.length).toBeLessThanOrEqual(2 * Math.ceil(all / 8));
  });

  test("a first run finds its pace while it goes on", () => {
    const slices = new TimedGpu(Array.from({ length: 200 }, () => 2)).run(seen());
    expect(slices[0], "sixteen of a device that nothing ran on").toBe(32);
    expect(slices.slice(3).every((ms) => ms <= 8)).toBe(true);
  });

  test("what another plan took says little of dispatches that never ran: few of them are in one slice, and are believed at once", () => {
    const pace = seen();
    const short = new TimedGpu(Array.from({ length: 150 }, () => 0.01));
    for (let run = 0; run < 5; run++) short.run(pace);
    const [first, ...others] = new TimedGpu(Array.from({ length: 100 }, () => 10)).run(pace);
    expect(first, "sixteen").toBe(160);
    expect(others).toEqual(Array.from({ length: 84 }, () => 10));
  });

  test("what is short is submitted at once", () => {
    const [pace, gpu] = [seen(), new TimedGpu(Array.from({ length: 150 }, () => 0.01))];
    for (let run = 0; run < 5; run++) gpu.run(pace);
    expect(gpu.run(pace)).toHaveLength(1);
  });

  test("slices are longer while nobody looks at the page", () => {
    const lengths = [true, false].map((isSeen) => {
      const [pace, gpu] = [seen(isSeen), new TimedGpu(UNEVEN)];
      for (let run = 0; run < 12; run++) gpu.run(pace);
      return gpu.run(pace).length;
    });
    expect(lengths[1]).toBeLessThan((lengths[0] ?? 0) / 2);
  });

  test("a slice whose end was told late does not count as long for ever", () => {
    const [pace, gpu] = [seen(), new TimedGpu(Array.from({ length: 40 }, () => 1))];
    for (let run = 0; run < 6; run++) gpu.run(pace);
    const before = gpu.run(pace).length;
    gpu.run(pace, (slice) => (slice === 2 ? 500 : 0));
    for (let run = 0; run < 6; run++) gpu.run(pace);
    expect(gpu.run(pace)).toHaveLength(before);
  });

  test("a first slice whose end was told together with the one before is not believed to have taken no time", () => {
    const pace = seen();
    const { dispatches } = new TimedGpu(Array.from({ length: 32 }, () => 2));
    pace.learn(dispatches.slice(0, 16), 0, 64);
    pace.learn(dispatches.slice(16), 0, 64);
    // Half of what the first ones seemed to take.
    expect(pace.sliceLength(dispatches, 16)).toBe(4);
  });

  test("the wait behind an earlier slice is not counted", () => {
    const pace = seen();
    const [first, second] = [{ index: 0 }, { index: 1 }];
    for (let run = 0; run < 8; run++) {
      pace.learn([first], run * 100, run * 100 + 50);
      pace.learn([second], run * 100, run * 100 + 51);
    }
    expect(pace.sliceLength([second, second, second], 0)).toBe(3);
    expect(pace.sliceLength([first, second], 0)).toBe(1);
  });
});
