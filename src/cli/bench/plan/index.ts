// `npm run bench -- --plan NETWORK`: what the plan of a network dispatches on a GPU, counted
// without one. counts.json states these counts, and plan.test.ts holds the engine to them.
import { layoutArena } from "../../../engine/arena";
import type { KernelTarget } from "../../../engine/kernel";
import { weightsOf } from "../../../engine/ops";
import { RATES } from "../../../engine/rates";
import { stageGraph, type Stages } from "../../../engine/stages";
import type { NumberFormat } from "../../../engine/tensor";
import { TRAITS, type AdapterClass } from "../../../engine/traits";
import { weightId, packedBytes } from "../../../engine/weight-layout";
import { assembleWgsl } from "../../../engine/wgsl";
import { costOf, type Cost } from "./cost";
import { forecastMs, teraflopsOf, type Machine } from "./forecast";
import { plannedGraph, type PlannedNetwork } from "./networks";

export interface PlanCounts {
  readonly network: PlannedNetwork;
  readonly format: NumberFormat;
  /** Dispatches of a step; what is computed once for each prompt is not counted. */
  readonly dispatches: number;
  /** Distinct pipelines of all dispatches, including those outside a step. */
  readonly pipelines: number;
  /** Arithmetic of a step: products and attention. */
  readonly gflop: number;
  readonly arenaBytes: number;
  /** The most that is alive at one time: no arena can be smaller. */
  readonly arenaBoundBytes: number;
  /** Bytes of a step: every buffer of every dispatch, counted once. */
  readonly leastBytes: number;
  readonly weightBytes: number;
}

export interface PlanReport {
  readonly counts: PlanCounts;
  /** The dispatches of a step, in order. */
  readonly dispatches: readonly { readonly kernel: string; readonly cost: Cost }[];
}

/** Limits that adapters with a GPU offer. */
const GPU_LIMITS = {
  workgroupBytes: 32_768,
  invocations: 1024,
  storageBuffers: 10,
  bindingBytes: 2 ** 31 - 4,
  bufferBytes: 2 ** 32,
} as const;

function targetOf(format: NumberFormat, kind: AdapterClass): KernelTarget {
  const { bufferBytes: _, ...limits } = GPU_LIMITS;
  return { ...limits, format, half: true, traits: TRAITS[kind] };
}

export interface Forecast {
  readonly ms: number;
  /** Of float32 peak. */
  readonly share: number;
}

/** What the static model says of a step. */
export function forecastPlan(network: PlannedNetwork, format: NumberFormat, machine: Machine): Forecast {
  const target = targetOf(format, machine.computesAs);
  const step = stepOf(stageGraph(plannedGraph(network), target)).map((dispatch) => ({ dispatch, cost: costOf(dispatch, format) }));
  const ms = sum(step.map(({ dispatch, cost }) => forecastMs(dispatch, cost, target, machine)));
  return { ms, share: sum(step.map(({ cost }) => cost.flop)) / (teraflopsOf(machine) * 1e9) / ms };
}

export function reportPlan(network: PlannedNetwork, format: NumberFormat): PlanReport {
  const { bufferBytes } = GPU_LIMITS;
  const target = targetOf(format, "hardware");
  const graph = plannedGraph(network);
  const stages = stageGraph(graph, target);
  const layout = layoutArena(stages.tensors, stages.conflicts, bufferBytes);
  const weights = new Map(graph.nodes.flatMap(({ op }) => weightsOf(op)).map((weight) => [weightId(weight), packedBytes(weight)]));
  const dispatches = stepOf(stages).map((dispatch) => ({ kernel: dispatch.kernel.name, cost: costOf(dispatch, format) }));
  return {
    counts: {
      network,
      format,
      dispatches: dispatches.length,
      pipelines: new Set(stages.dispatches.map(({ kernel }) => assembleWgsl(kernel, target))).size,
      gflop: sum(dispatches.map(({ cost }) => cost.flop)) / 1e9,
      arenaBytes: sum(layout?.slabBytes ?? []),
      arenaBoundBytes: mostAlive(stages),
      leastBytes: sum(dispatches.map(({ cost }) => cost.bytes)),
      weightBytes: sum([...weights.values()]),
    },
    dispatches,
  };
}

/** The dispatches that depend on inputs of a step; all dispatches if a network has no such inputs. */
function stepOf({ dispatches }: Stages): Stages["dispatches"] {
  const step = dispatches.filter(({ mask }) => (mask & (RATES.timestep | RATES.run)) !== 0);
  return step.length > 0 ? step : dispatches;
}

function mostAlive({ dispatches, tensors }: Stages): number {
  const alive = dispatches.map((_, index) =>
    sum(tensors.filter(({ begin, end }) => begin <= index && index <= end).map(({ byteLength }) => byteLength)),
  );
  return Math.max(...alive);
}

export function sum(values: readonly number[]): number {
  return values.reduce((left, right) => left + right, 0);
}
