// Alternating measurement: A, B, A, B, ... so that a slow minute of the machine meets both.
import type { Contestant } from "./contestants";

export interface Budget {
  /** Rounds after warm-up, whatever the time. */
  readonly minRounds: number;
  readonly maxRounds: number;
  /** No new round once a row has taken this long. */
  readonly rowMs: number;
  /** A sample is as many runs as take about this long; 0: one run, and no run to find out. */
  readonly sampleMs: number;
}

const MAX_RUNS = 200;

/** Median milliseconds a run of each. Both have compiled and run at least once before. */
export async function measure(
  queue: GPUQueue,
  contestants: readonly [Contestant, Contestant],
  { minRounds, maxRounds, rowMs, sampleMs }: Budget,
): Promise<readonly [number, number]> {
  const started = performance.now();
  const [first, second] = contestants;
  const runs = [await runsFor(queue, first, sampleMs), await runsFor(queue, second, sampleMs)] as const;
  const samples: [number[], number[]] = [[], []];
  for (let round = 0; round < maxRounds && (round < minRounds || performance.now() - started < rowMs); round++) {
    samples[0].push(await sample(queue, first, runs[0]));
    samples[1].push(await sample(queue, second, runs[1]));
  }
  return [median(samples[0]), median(samples[1])];
}

async function runsFor(queue: GPUQueue, contestant: Contestant, sampleMs: number): Promise<number> {
  if (sampleMs === 0) return 1;
  const milliseconds = await sample(queue, contestant, 1);
  return Math.max(1, Math.min(MAX_RUNS, Math.round(sampleMs / Math.max(milliseconds, 0.01))));
}

async function sample(queue: GPUQueue, contestant: Contestant, runs: number): Promise<number> {
  const started = performance.now();
  for (let run = 0; run < runs; run++) await contestant.run();
  await queue.onSubmittedWorkDone();
  return (performance.now() - started) / runs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? Number.NaN) + (sorted[sorted.length - 1 - middle] ?? Number.NaN)) / 2;
}
