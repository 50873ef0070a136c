// Alternating measurement: A, B, A, B, ... so that a slow minute of the machine meets both.
import type { Contestant } from "./contestants";

export interface Budget {
  /** Rounds after warm-up, whatever the time. */
  readonly minRounds: number;
  readonly maxRounds: number;
  /** No new round once a row has taken this long. */
  readonly rowMs: number;
  /** A sample is as many runs as take about this long. */
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
  const runs: [number, number] = [1, 1];
  const samples: [number[], number[]] = [[], []];
  runs[0] = runsFor(await sample(queue, first, 1), sampleMs);
  runs[1] = runsFor(await sample(queue, second, 1), sampleMs);
  for (let round = 0; round < maxRounds && (round < minRounds || performance.now() - started < rowMs); round++) {
    samples[0].push(await sample(queue, first, runs[0]));
    samples[1].push(await sample(queue, second, runs[1]));
  }
  return [median(samples[0]), median(samples[1])];
}

function runsFor(milliseconds: number, sampleMs: number): number {
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
