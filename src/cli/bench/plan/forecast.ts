// How long a dispatch should take on a GPU that nobody has timed this engine on: a static model, neither a measurement nor a bound as in
// gpus.ts. A workgroup alternates between arithmetic, or the reads from workgroup memory that feed it, and waiting for the next slice;
// others of the same core work meanwhile, as far as registers, workgroup memory and their number allow.
import type { KernelTarget } from "../../../engine/kernel";
import type { Attention, CrossAttention } from "../../../engine/ops";
import type { StagedDispatch } from "../../../engine/stages";
import { axis, elementBytes } from "../../../engine/tensor";
import { attentionTileOf, productRowsOf, productTileOf, type ProductTile, type TileName } from "../../../engine/tiles";
import type { AdapterClass } from "../../../engine/traits";
import type { Cost } from "./cost";

/** What a GPU is made of, by its makers' papers and by microbenchmarks of others. */
export interface Machine {
  readonly name: string;
  readonly computesAs: AdapterClass;
  readonly cores: number;
  readonly gigahertz: number;
  /** float32 multiply-adds a cycle and core. */
  readonly lanes: number;
  /** 10^9 bytes a second, of memory and of the cache that all cores share. */
  readonly memory: number;
  readonly cache: number;
  /** Of a core: registers of 32 bits, bytes of workgroup memory, threads and workgroups that are there at one time. */
  readonly registers: number;
  readonly workgroupBytes: number;
  readonly threads: number;
  readonly workgroups: number;
  /** Cycles in which 32 lanes read 16 bytes each from workgroup memory. */
  readonly readCycles: number;
  /** Cycles from asking memory for something to having it. */
  readonly latency: number;
  /** Microseconds that a dispatch costs besides its work. */
  readonly dispatchUs: number;
}

export const MACHINES: readonly Machine[] = [
  machine("RTX 3060", "hardware", [28, 1.777, 360, 1200], [65_536, 100e3, 1536, 16], [2.5, 450, 4]),
  machine("Apple M2", "hardwareWithFloat16Tiles", [10, 1.398, 100, 250], [53_248, 60e3, 1024, 16], [4, 500, 6]),
  machine("H100", "hardwareWithFastFloat16", [132, 1.755, 3350, 5500], [65_536, 227e3, 2048, 32], [2.5, 550, 4]),
  machine("RX 7900 XTX", "hardwareWithFastFloat16", [96, 2.4, 960, 3000], [98_304, 64e3, 1024, 16], [2.5, 600, 4]),
];

function machine(
  name: string,
  computesAs: AdapterClass,
  [cores, gigahertz, memory, cache]: readonly [number, number, number, number],
  [registers, workgroupBytes, threads, workgroups]: readonly [number, number, number, number],
  [readCycles, latency, dispatchUs]: readonly [number, number, number],
): Machine {
  const ofCore = { registers, workgroupBytes, threads, workgroups };
  return { name, computesAs, cores, gigahertz, lanes: 128, memory, cache, ...ofCore, readCycles, latency, dispatchUs };
}

/** float32 operations, 10^12 a second. */
export function teraflopsOf({ cores, gigahertz, lanes }: Machine): number {
  return (2 * cores * gigahertz * lanes) / 1e3;
}

/** What a compiler makes of a hot loop: registers of a thread, and vector instructions for 64 multiply-adds. */
interface Compiled {
  readonly registers: number;
  readonly vectorPer64: number;
}

type Loop = TileName | "attention";

/** RADV's for RDNA3 (`--compile navi31`), without instructions that do two multiply-adds at once, which other GPUs have not. */
const IN_FLOAT32: Readonly<Record<Loop, Compiled>> = {
  large: { registers: 132, vectorPer64: 65 },
  medium: { registers: 96, vectorPer64: 67.9 },
  small: { registers: 84, vectorPer64: 72.7 },
  wide: { registers: 108, vectorPer64: 69.6 },
  thin: { registers: 84, vectorPer64: 72.7 },
  narrow: { registers: 108, vectorPer64: 98.5 },
  attention: { registers: 156, vectorPer64: 75.3 },
};

const IN_FLOAT16: Readonly<Record<Loop, Compiled>> = {
  large: { registers: 192, vectorPer64: 39.1 },
  medium: { registers: 108, vectorPer64: 41.5 },
  small: { registers: 84, vectorPer64: 44 },
  wide: { registers: 108, vectorPer64: 42 },
  thin: { registers: 84, vectorPer64: 44 },
  narrow: { registers: 108, vectorPer64: 64 },
  attention: { registers: 180, vectorPer64: 42.3 },
};

/** Of what the model says, kernels of this form that were written by hand reach 70 to 85 %. */
const REACHED = 0.8;

/** Cycles that a core's rounds take at begin and end: staging, epilogue. */
const AROUND = { product: 800, attention: 1200 } as const;

/** Milliseconds. */
export function forecastMs(dispatch: StagedDispatch, cost: Cost, target: KernelTarget, gpu: Machine): number {
  const cycles = cyclesOf(dispatch, cost, target, gpu);
  const ofMemory = cost.bytes / (0.85 * gpu.memory * 1e6);
  const ofCache = cacheBytes(dispatch, cost, target) / (gpu.cache * 1e6);
  return Math.max(cycles / (gpu.gigahertz * 1e6), ofMemory, ofCache) + gpu.dispatchUs / 1e3;
}

function cyclesOf({ product, kernel, node }: StagedDispatch, { workgroups }: Cost, target: KernelTarget, gpu: Machine): number {
  const perCore = Math.ceil(workgroups / gpu.cores);
  const { tilesInFloat16, multipliesInFloat16 } = target.traits;
  const isHalf = tilesInFloat16 && target.format === "f16";
  const loops = isHalf && multipliesInFloat16 ? IN_FLOAT16 : IN_FLOAT32;
  const { op } = node;
  if (product !== undefined && kernel.name === op.kind) {
    const rounds = kernel.sizes["slices_per_part"] ?? kernel.sizes["slices"] ?? 0;
    return perCore * rounds * sliceCycles(productTileOf(product), { isHalf, perCore }, loops, gpu) + AROUND.product;
  }
  if (op.kind === "attention" || op.kind === "cross-attention") {
    return perCore * attentionCycles(op, { isHalf, perCore }, loops.attention, target, gpu) + AROUND.attention;
  }
  // Streams: rounds of reads, one after another.
  const threads = Number(/@workgroup_size\((\d+)/.exec(kernel.code)?.[1] ?? 64);
  const resident = Math.max(1, Math.min(gpu.workgroups, Math.floor(gpu.threads / threads)));
  return Math.ceil(perCore / resident) * (ROUNDS[kernel.name] ?? 2) * gpu.latency;
}

/** Reads that wait for each other; two where nothing is said. A whole group norm takes statistics, then applies them. */
const ROUNDS: Readonly<Record<string, number>> = { "layer-norm": 2.5, "group-norm": 10, "group-norm-groups": 8 };

interface Residence {
  /** Tiles are float16. */
  readonly isHalf: boolean;
  readonly perCore: number;
}

/** Of a slice of a workgroup, its wait included as far as no other workgroup works meanwhile. */
function sliceCycles(tile: ProductTile, { isHalf, perCore }: Residence, loops: Readonly<Record<Loop, Compiled>>, gpu: Machine): number {
  const compiled = loops[tile.name];
  const warps = Math.ceil(tile.threads / 32);
  const multiply = (tile.rows * tile.columns * tile.depth * compiled.vectorPer64) / 64 / gpu.lanes;
  const reads = (tile.depth / 4) * (tile.threadRows + tile.threadColumns);
  const work = Math.max(multiply, warps * reads * gpu.readCycles * (isHalf ? 0.5 : 1));
  const bytes = (isHalf ? 2 : 4) * tile.depth * (tile.rows + tile.columns);
  const resident = Math.min(perCore, residentOf(32 * warps, compiled.registers, bytes, gpu));
  return work / busyShare(resident, work, gpu.latency) / REACHED;
}

function attentionCycles(
  op: Attention | CrossAttention,
  { isHalf, perCore }: Residence,
  { registers, vectorPer64 }: Compiled,
  target: KernelTarget,
  gpu: Machine,
): number {
  const quads = Math.ceil(op.headSize / 4);
  const { threads, queries, queriesOfThread, keys, outputQuads, bytes } = attentionTileOf(op.headSize, target);
  const multiplyAdds = 2 * queries * keys * op.headSize;
  const multiply = (multiplyAdds * vectorPer64) / 64 / gpu.lanes;
  const reads = quads * (4 + queriesOfThread) + (keys / 4) * (queriesOfThread + 4 * outputQuads) + 20;
  const work = Math.max(multiply, Math.ceil(threads / 32) * reads * gpu.readCycles * (isHalf ? 0.5 : 1));
  const resident = Math.min(perCore, residentOf(threads, registers, bytes, gpu));
  // Keys and values are waited for together where there is room for both; each tile has four barriers.
  const away = (isHalf ? 1 : 2) * gpu.latency + 4 * 30;
  const causal = op.kind === "attention" && op.causal ? 0.5 : 1;
  return (causal * Math.ceil(axis(op.inputs.k, 1) / keys) * work) / busyShare(resident, work, away) / REACHED;
}

/** Workgroups that a core holds at one time. */
function residentOf(threads: number, registers: number, workgroupBytes: number, gpu: Machine): number {
  const byRegisters = gpu.registers / (registers * threads);
  return Math.max(1, Math.floor(Math.min(gpu.workgroups, byRegisters, gpu.workgroupBytes / workgroupBytes, gpu.threads / threads)));
}

/** Share of the time in which a core works, if so many workgroups take turns of `work` cycles and are `away` between: mean value analysis. */
function busyShare(workgroups: number, work: number, away: number): number {
  let [waiting, rate] = [0, 0];
  for (let present = 1; present <= workgroups; present++) {
    const response = work * (1 + waiting);
    rate = present / (away + response);
    waiting = rate * response;
  }
  return Math.min(1, rate * work);
}

/** What is asked of the shared cache: each tile reads its rows and columns again. */
function cacheBytes({ product, kernel, node }: StagedDispatch, { bytes, workgroups }: Cost, { format }: KernelTarget): number {
  const { op } = node;
  const element = elementBytes("activation", format);
  if (product !== undefined && kernel.name === op.kind) {
    const { shape } = product;
    const [rows, columns] = [productRowsOf(product), shape.columns];
    const [across, down, parts] = kernel.workgroups;
    const partial = parts > 1 ? 4 * parts * rows * columns : 0;
    // The four products of an upsampled image read each of nine taps' weights for each tile, and have four taps.
    const weightReads = op.kind === "conv2d" && op.upsample === 2 ? 9 / 4 : 1;
    return shape.slices(1) * (across * rows * element + 2 * down * columns * weightReads) + partial;
  }
  if (op.kind === "attention" || op.kind === "cross-attention") {
    const channels = op.heads * op.headSize;
    const [tiles] = kernel.workgroups;
    return element * channels * (2 * axis(op.inputs.q, 1) + 2 * tiles * axis(op.inputs.k, 1));
  }
  return workgroups > 0 ? bytes : 0;
}
