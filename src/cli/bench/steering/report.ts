// From samples to the report of steering's cost: sums over a step, ratios to the same step
// without a negative prompt, and the share of every kernel. It contains only arithmetic and words.
import { median } from "../measure";
import type { DistinctDispatch, Part } from "./dispatches";
import { WAYS, type Way } from "./network";

export interface SteeringReport {
  readonly adapter: string;
  readonly layout: string;
  /** Number format of activations. */
  readonly format: string;
  readonly method: "whole runs" | "dispatches alone";
  /** What was measured: elapsed time, or the processor time of the driver's threads. */
  readonly clock: "wall" | "processor";
  readonly rounds: number;
  readonly rows: readonly SteeringRow[];
  /** Milliseconds of each kernel in a step, from dispatches timed alone. */
  readonly kernels: readonly KernelRow[];
  /** Milliseconds to project a text to the keys and values of all layers, once for each prompt and once for each negative. */
  readonly onceMs: { readonly prompt: number; readonly negative: number };
}

export interface SteeringRow {
  readonly way: Way | "cfg";
  readonly stepMs: number;
  /** Ratio to the step without a negative prompt. */
  readonly ratio: number;
  /** Quartiles of the rounds' own ratios, which show the uncertainty from the machine's noise. */
  readonly quartiles: readonly [number, number];
}

type KernelRow = Readonly<Record<Way, number>> & { readonly kernel: string };

/** Milliseconds of something: the best estimate, and the result of every round. */
export interface Measured {
  readonly ms: number;
  readonly rounds: readonly number[];
}

/** A dispatch with its milliseconds, one sample from each round. */
export type TimedDispatch = DistinctDispatch & { readonly rounds: readonly number[] };

/** The time of a part: the sum of its dispatches' medians, each as often as it occurs. */
export function sumOf(part: Part, timed: readonly TimedDispatch[]): Measured {
  const sum = (value: (dispatch: TimedDispatch) => number) =>
    timed.reduce((total, dispatch) => total + dispatch.counts[part] * value(dispatch), 0);
  const rounds = timed[0]?.rounds ?? [];
  return {
    ms: sum((dispatch) => median(dispatch.rounds)),
    rounds: rounds.map((_, round) => sum((dispatch) => dispatch.rounds[round] ?? 0)),
  };
}

/** Classifier-free guidance evaluates the unsteered network twice. */
export function steeringRows(steps: Readonly<Record<Way, Measured>>): readonly SteeringRow[] {
  const { none } = steps;
  const rows = WAYS.map((way): SteeringRow => {
    const { ms, rounds } = steps[way];
    return {
      way,
      stepMs: ms,
      ratio: ms / none.ms,
      quartiles: quartiles(rounds.map((value, round) => value / (none.rounds[round] ?? Number.NaN))),
    };
  });
  return [...rows, { way: "cfg", stepMs: 2 * none.ms, ratio: 2, quartiles: [2, 2] }];
}

/** Every kernel's milliseconds in a step, the most expensive kernel first. */
export function kernelRows(timed: readonly TimedDispatch[]): readonly KernelRow[] {
  const names = [...new Set(timed.map(({ kernel }) => kernel.name))];
  const rows = names.map((name): KernelRow => {
    const own = timed.filter(({ kernel }) => kernel.name === name);
    return { kernel: name, none: sumOf("none", own).ms, nasa: sumOf("nasa", own).ms, nag: sumOf("nag", own).ms, vsf: sumOf("vsf", own).ms };
  });
  return rows.toSorted((a, b) => b.none - a.none || b.nag - a.nag);
}

const TITLES = { none: "no negative", nasa: "NASA", nag: "NAG", vsf: "VSF", cfg: "CFG" } as const satisfies Record<
  SteeringRow["way"],
  string
>;

/** The report as lines of text. */
export function steeringText({ adapter, layout, format, method, clock, rounds, rows, kernels, onceMs }: SteeringReport): string {
  const total = (way: Way) => kernels.reduce((sum, kernel) => sum + kernel[way], 0);
  const totals = { none: total("none"), nasa: total("nasa"), nag: total("nag"), vsf: total("vsf") };
  const cells = (text: (way: Way) => string) => WAYS.map((way) => text(way).padStart(12)).join("");
  return [
    `${layout}, ${format}, ${adapter}: ${method}, medians of ${rounds} rounds, ${clock} time`,
    ...rows.map(({ way, stepMs, ratio, quartiles: [low, high] }) => {
      const spread = low === high || !Number.isFinite(high - low) ? "" : `  (half of the rounds: ${percent(low)} to ${percent(high)})`;
      return `${TITLES[way].padEnd(12)}${stepMs.toFixed(1).padStart(10)} ms a step  ${percent(ratio)}${spread}`;
    }),
    `keys and values${onceMs.prompt.toFixed(1).padStart(7)} ms once a prompt, ${onceMs.negative.toFixed(1)} ms once a negative`,
    `${"share of a step, %".padEnd(26)}${cells((way) => TITLES[way])}`,
    ...kernels.map((kernel) => `  ${kernel.kernel.padEnd(24)}${cells((way) => share(kernel[way], totals[way]))}`),
  ].join("\n");
}

/** A coarse clock may have seen no time pass at all. */
const NO_TIME = "-";

const share = (part: number, all: number): string => (all > 0 ? ((100 * part) / all).toFixed(2) : NO_TIME);

const percent = (ratio: number): string => (Number.isFinite(ratio) ? difference(ratio) : NO_TIME);

const difference = (ratio: number): string => `${ratio < 1 ? "-" : "+"}${Math.abs(100 * (ratio - 1)).toFixed(1)} %`;

function quartiles(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return [at(0.25), at(0.75)];
}
