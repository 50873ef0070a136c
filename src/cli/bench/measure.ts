// Alternating measurement: A, B, A, B, ... so that a slow minute of the machine affects all contenders.

export interface Contender {
  /** Submits the given number of runs; the queue tells when they are done. */
  run(times: number): Promise<void>;
}

export interface Budget {
  /** Rounds after warm-up that are measured in any case. */
  readonly minRounds: number;
  readonly maxRounds: number;
  /** No new round begins once a row has taken this long. */
  readonly rowMs: number;
  /** A sample takes as many runs as last about this long. With 0 it takes one run, and no run is made to find out. */
  readonly sampleMs: number;
}

const MAX_RUNS = 200;

/** A time in milliseconds that advances while a contender runs. */
export type Clock = () => number;

const wallClock: Clock = () => performance.now();

/**
 * Milliseconds of a run: for each contender a list of samples, one from each round.
 * All contenders have compiled and run at least once before.
 */
export async function measure(
  queue: GPUQueue,
  contenders: readonly Contender[],
  { minRounds, maxRounds, rowMs, sampleMs }: Budget,
  clock = wallClock,
): Promise<readonly (readonly number[])[]> {
  const started = wallClock();
  const sample = async (contender: Contender, runs: number) => {
    const before = clock();
    await contender.run(runs);
    await queue.onSubmittedWorkDone();
    return (clock() - before) / runs;
  };
  const entries: { readonly contender: Contender; readonly runs: number; readonly samples: number[] }[] = [];
  for (const contender of contenders) {
    const runs = sampleMs === 0 ? 1 : runsFor(sampleMs, await sample(contender, 1));
    entries.push({ contender, runs, samples: [] });
  }
  for (let round = 0; round < maxRounds && (round < minRounds || wallClock() - started < rowMs); round++) {
    for (const { contender, runs, samples } of entries) samples.push(await sample(contender, runs));
  }
  return entries.map(({ samples }) => samples);
}

function runsFor(sampleMs: number, runMs: number): number {
  return Math.max(1, Math.min(MAX_RUNS, Math.round(sampleMs / Math.max(runMs, 0.01))));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? Number.NaN) + (sorted[sorted.length - 1 - middle] ?? Number.NaN)) / 2;
}
