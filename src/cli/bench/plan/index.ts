// `npm run bench -- --plan NETWORK`: what the plan of a network dispatches on a GPU, counted
// without one. counts.json states these counts, and plan.test.ts holds the engine to them.
import { layoutArena } from "../../../engine/arena";
import type { KernelTarget } from "../../../engine/kernel";
import { weightsOf } from "../../../engine/ops";
import { RATES } from "../../../engine/rates";
import { stageGraph, type Stages } from "../../../engine/stages";
import type { NumberFormat } from "../../../engine/tensor";
import { TRAITS } from "../../../engine/traits";
import { weightId, packedBytes } from "../../../engine/weight-layout";
import { assembleWgsl } from "../../../engine/wgsl";
import { costOf, type Cost } from "./cost";
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

export function reportPlan(network: PlannedNetwork, format: NumberFormat): PlanReport {
  const { bufferBytes, ...limits } = GPU_LIMITS;
  const target: KernelTarget = { ...limits, format, half: true, traits: TRAITS.hardware };
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
