// What steering costs on one device: compiles the network under every way of steering, measures,
// and reports. A negative prompt adds a second softmax to every cross-attention, NAG adds a pass over the
// two branches, and VSF adds keys to its one softmax; everything else in a step is the same as without steering.
import type { Budget } from "../measure";
import type { SteeringMethod } from "../../../common/steering";
import type { Scale } from "../page/rows";
import type { Device } from "../../../engine/device";
import { Plan } from "../../../engine/plan";
import { stageGraph } from "../../../engine/stages";
import { adapterName } from "../../adapters";
import { distinctDispatches, type Part } from "./dispatches";
import { driverClock } from "../driver-clock";
import { measureAlone, measureRuns } from "./measure";
import { LAYOUTS, perWay, unetGraph } from "./network";
import { kernelRows, steeringRows, sumOf, type Measured, type SteeringReport } from "./report";
import { separateWeights, SharedWeights } from "./weights";

const ALONE: Budget = { minRounds: 5, maxRounds: 25, rowMs: 300_000, sampleMs: 20 };
const RUNS: Budget = { minRounds: 20, maxRounds: 100, rowMs: 60_000, sampleMs: 0 };

export interface SteeringOptions {
  readonly scale: Scale;
  /** Whether steps are compared as whole runs, or as sums over dispatches that are timed alone. */
  readonly method: SteeringReport["method"];
  readonly alone?: Budget;
  readonly runs?: Budget;
}

/** @throws OnestrokeError `gpu-*` */
export async function benchSteering(
  device: Device,
  { scale, method, alone = ALONE, runs = RUNS }: SteeringOptions,
): Promise<SteeringReport> {
  const format = device.hasFloat16 ? "f16" : "f32";
  const graphs = { nasa: unetGraph(scale, "nasa"), nag: unetGraph(scale, "nag"), vsf: unetGraph(scale, "vsf") };
  const weights = method === "whole runs" ? separateWeights(device, graphs.nasa) : new SharedWeights(device);
  await weights.load(graphs.nasa);
  const compile = (way: SteeringMethod) => Plan.compile(device, graphs[way], weights, { format });
  const plans = perWay({ nasa: await compile("nasa"), nag: await compile("nag"), vsf: await compile("vsf") });
  const stages = (way: SteeringMethod) => stageGraph(graphs[way], device.target(format));
  const distinct = distinctDispatches(perWay({ nasa: stages("nasa"), nag: stages("nag"), vsf: stages("vsf") }));

  const clock = device.adapter.software ? driverClock() : undefined;
  const timed = await measureAlone(plans, distinct, alone, clock);
  const sum = (part: Part): Measured => sumOf(part, timed);
  const sums = { none: sum("none"), nasa: sum("nasa"), nag: sum("nag"), vsf: sum("vsf") };
  const steps = method === "whole runs" ? await measureRuns(plans, runs) : sums;
  for (const plan of new Set(Object.values(plans))) plan.destroy();
  weights.evict();
  return {
    adapter: adapterName(device),
    layout: LAYOUTS[scale].name,
    format,
    method,
    clock: clock && method === "dispatches alone" ? "processor" : "wall",
    rounds: steps.none.rounds.length,
    rows: steeringRows(steps),
    kernels: kernelRows(timed),
    onceMs: { prompt: sum("prompt").ms, negative: sum("negative").ms },
  };
}
