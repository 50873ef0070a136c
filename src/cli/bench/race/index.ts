// `npm run bench -- --race NAME`: whole networks and the whole way to a picture, in our engine and in ONNX Runtime Web, alternating, so that
// a slow minute of the machine affects both. Cold heats have one side on a fresh device; warm ones have both on one.
import { median } from "../measure";
import type { Course } from "./course";
import { SIDES, type Side } from "./racer";
import type { RaceName } from "./races";

export interface RaceReport {
  readonly adapter: string;
  readonly clock: Course["clock"];
  readonly races: readonly RaceResult[];
}

interface RaceResult {
  readonly name: RaceName;
  readonly cold: Compared;
  readonly warm: Compared;
  /** GPU buffers of the cold heats, at most. */
  readonly peakBytes: Readonly<Record<Side, number>>;
  /** Relative RMS difference of the results. */
  readonly difference: number;
}

/** Medians in milliseconds. */
interface Compared {
  readonly oursMs: number;
  readonly onnxruntimeMs: number;
  /** onnxruntimeMs / oursMs: above 1, our engine is faster. */
  readonly ratio: number;
  readonly samples: Readonly<Record<Side, readonly number[]>>;
}

/** Processor time hardly varies. */
const COLD_ROUNDS = { "the wall": 3, "the processor": 1 } as const satisfies Record<Course["clock"], number>;

export async function race(course: Course, names: readonly RaceName[], log: (line: string) => void): Promise<RaceReport> {
  log(`${course.adapter}, by the clock of ${course.clock}`);
  log(HEADER);
  const races: RaceResult[] = [];
  for (const name of names) {
    const result = await raceOne(course, name);
    races.push(result);
    log(raceLine(result));
  }
  return { adapter: course.adapter, clock: course.clock, races };
}

async function raceOne(course: Course, name: RaceName): Promise<RaceResult> {
  const cold = { ours: [] as number[], onnxruntime: [] as number[] } satisfies Record<Side, number[]>;
  const peakBytes = { ours: 0, onnxruntime: 0 } satisfies Record<Side, number>;
  for (let round = 0; round < COLD_ROUNDS[course.clock]; round++) {
    for (const side of SIDES) {
      const heat = await course.cold(name, side);
      cold[side].push(heat.ms);
      peakBytes[side] = Math.max(peakBytes[side], heat.peakBytes);
    }
  }
  const warm = await course.warm(name);
  return { name, cold: compared(cold), warm: compared(warm.samples), peakBytes, difference: warm.difference };
}

function compared(samples: Readonly<Record<Side, readonly number[]>>): Compared {
  const [oursMs, onnxruntimeMs] = [median(samples.ours), median(samples.onnxruntime)];
  return { oursMs, onnxruntimeMs, ratio: onnxruntimeMs / oursMs, samples };
}

/** A table as docs/performance.md has it. */
const HEADER = `| | cold: ours, theirs | ratio | warm: ours, theirs | ratio | GPU memory: ours, theirs |
| --- | --- | --- | --- | --- | --- |`;

function raceLine({ name, cold, warm, peakBytes }: RaceResult): string {
  const times = ({ oursMs, onnxruntimeMs }: Compared) => `${milliseconds(oursMs)}, ${milliseconds(onnxruntimeMs)}`;
  const memory = SIDES.map((side) => `${Math.round(peakBytes[side] / 2 ** 20)} MiB`).join(", ");
  return `| ${name} | ${times(cold)} | ${cold.ratio.toFixed(2)} | ${times(warm)} | ${warm.ratio.toFixed(2)} | ${memory} |`;
}

function milliseconds(value: number): string {
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;
}
