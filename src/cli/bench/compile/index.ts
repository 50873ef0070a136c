// `npm run bench -- --compile FAMILY`: sends the pipelines of a network's plan through the shader compiler of a
// GPU that this machine does not have, and reports the result.
import type { KernelTarget } from "../../../engine/kernel";
import { stageGraph, type StagedDispatch } from "../../../engine/stages";
import type { NumberFormat } from "../../../engine/tensor";
import { assembleWgsl } from "../../../engine/wgsl";
import { costOf } from "../plan/cost";
import { plannedGraph, type PlannedNetwork } from "../plan/networks";
import { openNullGpu, type Compiled, type NullGpu } from "./null-gpu";

export interface CompiledRow {
  readonly kernel: string;
  /** Shape of the result of the op that it belongs to. */
  readonly shape: readonly number[];
  /** How often a plan dispatches it. */
  readonly count: number;
  readonly gflop: number;
  readonly registers: number;
  readonly spills: number;
  readonly waves: number;
  /**
   * Vector instructions for every 64 multiply-adds of the hottest loop; 64 if each multiply-add is one instruction. 0, as the next one, where
   * it has none, and where the assembly is not AMD's.
   */
  readonly vectorPer64: number;
  /** Bytes read from workgroup memory for each multiply-add of the hottest loop. */
  readonly ldsBytesPerMultiplyAdd: number;
  /** Waits for global memory, one after the other, in each round of the loop around the hottest one. */
  readonly serialLoads: number;
}

export interface CompileReport {
  readonly network: PlannedNetwork;
  readonly format: NumberFormat;
  readonly adapter: string;
  readonly rows: readonly CompiledRow[];
}

interface Distinct {
  readonly dispatch: StagedDispatch;
  readonly count: number;
  readonly flop: number;
}

export interface CompileOptions {
  readonly format: NumberFormat;
  /** Pipelines of a network, the heaviest first. */
  readonly most: number;
  readonly progress: (line: string) => void;
}

export async function compilePlans(
  family: string,
  networks: readonly PlannedNetwork[],
  options: CompileOptions,
): Promise<readonly CompileReport[]> {
  const gpu = await openNullGpu(family);
  const reports: CompileReport[] = [];
  for (const network of networks) reports.push(await compilePlan(gpu, network, options));
  return reports;
}

async function compilePlan(gpu: NullGpu, network: PlannedNetwork, { format, most, progress }: CompileOptions): Promise<CompileReport> {
  progress(`${network}, ${format}`);
  const target = gpu.device.target(format);
  // Limits that most GPUs offer, so that tiles are the same for all families.
  const common: KernelTarget = { ...target, workgroupBytes: Math.min(32_768, target.workgroupBytes) };
  const rows: CompiledRow[] = [];
  for (const { dispatch, count, flop } of heaviest(stageGraph(plannedGraph(network), common).dispatches, common).slice(0, most)) {
    const row = rowOf(dispatch, count, flop, await gpu.compile(dispatch.kernel, common));
    rows.push(row);
    progress(lineOf(row));
  }
  const { vendor, architecture, description } = gpu.device.adapter;
  return { network, format, adapter: `${vendor} ${architecture} ${description}`, rows };
}

function heaviest(dispatches: readonly StagedDispatch[], target: KernelTarget): readonly Distinct[] {
  const distinct = new Map<string, Distinct>();
  for (const dispatch of dispatches) {
    const text = assembleWgsl(dispatch.kernel, target);
    const known = distinct.get(text) ?? { dispatch, count: 0, flop: 0 };
    distinct.set(text, { ...known, count: known.count + 1, flop: known.flop + costOf(dispatch, target.format).flop });
  }
  return [...distinct.values()].toSorted((a, b) => b.flop - a.flop);
}

function rowOf({ kernel, node }: StagedDispatch, count: number, flop: number, compiled: Compiled): CompiledRow {
  const { registers, spills, waves, serialLoads, hot } = compiled;
  const { multiplyAdds, vector, ldsBytes } = hot;
  return {
    kernel: kernel.name,
    shape: node.output.shape,
    count,
    gflop: flop / 1e9,
    registers,
    spills,
    waves,
    vectorPer64: multiplyAdds === 0 ? 0 : (64 * vector) / multiplyAdds,
    ldsBytesPerMultiplyAdd: multiplyAdds === 0 ? 0 : ldsBytes / multiplyAdds,
    serialLoads,
  };
}

export const COMPILE_HEADER =
  "kernel, result                                  n    GFLOP  registers  spills  waves  vector/64  LDS bytes  serial loads";

function lineOf(row: CompiledRow): string {
  const { kernel, shape, count, gflop, registers, spills, waves, vectorPer64, ldsBytesPerMultiplyAdd, serialLoads } = row;
  const cells: readonly (readonly [number | string, number])[] = [
    [count, 5],
    [gflop.toFixed(1), 9],
    [registers, 11],
    [spills, 8],
    [waves, 7],
    [vectorPer64.toFixed(1), 11],
    [ldsBytesPerMultiplyAdd.toFixed(2), 11],
    [serialLoads, 14],
  ];
  return `${kernel} ${shape.join("x")}`.padEnd(44) + cells.map(([cell, width]) => String(cell).padStart(width)).join("");
}
