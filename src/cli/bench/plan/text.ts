// A plan's report as lines of text: its counts, then every kind of kernel against the rooflines.
import { fillOf, leastMs, type Gpu } from "./gpus";
import { sum, type Forecast, type PlanReport } from "./index";

/** @param forecasts of the GPUs, by name, as far as there is a model of them */
export function planText({ counts, dispatches }: PlanReport, gpus: readonly Gpu[], forecasts: ReadonlyMap<string, Forecast>): string {
  const { network, format, gflop } = counts;
  const kinds = [...new Set(dispatches.map(({ kernel }) => kernel))].map((kernel) => {
    const costs = dispatches.filter((dispatch) => dispatch.kernel === kernel).map(({ cost }) => cost);
    const ms = gpus.map((gpu) => sum(costs.map((cost) => leastMs(cost, gpu))));
    return {
      kernel,
      count: costs.length,
      gflop: sum(costs.map(({ flop }) => flop)) / 1e9,
      bytes: sum(costs.map(({ bytes }) => bytes)),
      ms,
    };
  });
  const row = (name: string, count: number, flop: number, bytes: number, ms: readonly number[]) =>
    [
      name.padEnd(26),
      String(count).padStart(5),
      flop.toFixed(1).padStart(9),
      mib(bytes).padStart(9),
      ...ms.map((value) => value.toFixed(2).padStart(12)),
    ].join("");
  const totalMs = gpus.map((_, index) => sum(kinds.map(({ ms }) => ms[index] ?? 0)));
  const peak = (values: readonly number[]) => values.map((value) => `${(100 * value).toFixed(0)} %`.padStart(12)).join("");
  const modelled = (text: (forecast: Forecast) => string) =>
    gpus
      .map(({ name }) => forecasts.get(name))
      .map((forecast) => (forecast === undefined ? "-" : text(forecast)).padStart(12))
      .join("");
  return [
    `${network}, ${format}: ${counts.dispatches} dispatches a step, ${counts.pipelines} pipelines`,
    `arena ${mib(counts.arenaBytes)} MiB, of which ${mib(counts.arenaBoundBytes)} are alive at once; weights ${mib(counts.weightBytes)} MiB`,
    "",
    `${"least ms a step, by kernel".padEnd(31)}    GFLOP      MiB${gpus.map(({ name }) => name.padStart(12)).join("")}`,
    ...kinds
      .toSorted((a, b) => (b.ms[0] ?? 0) - (a.ms[0] ?? 0))
      .map(({ kernel, count, gflop: flop, bytes, ms }) => row(kernel, count, flop, bytes, ms)),
    row("all", counts.dispatches, gflop, counts.leastBytes, totalMs),
    `${"share of float32 peak".padEnd(49)}${peak(gpus.map(({ teraflops }, index) => gflop / teraflops / (totalMs[index] ?? Number.NaN)))}`,
    `${"cores that workgroups fill, by FLOP".padEnd(49)}${peak(
      gpus.map((gpu) => sum(dispatches.map(({ cost }) => cost.flop * fillOf(cost.workgroups, gpu))) / (gflop * 1e9)),
    )}`,
    `${"static model: ms a step".padEnd(49)}${modelled(({ ms }) => ms.toFixed(2))}`,
    `${"share of float32 peak".padEnd(49)}${modelled(({ share }) => `${(100 * share).toFixed(0)} %`)}`,
  ].join("\n");
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
