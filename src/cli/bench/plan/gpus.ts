// GPUs by three published figures each, for a roofline: how long a dispatch takes if nothing but
// arithmetic, or nothing but memory, holds it up. A bound, not a forecast: no GPU reaches it.
import type { Cost } from "./cost";

export interface Gpu {
  readonly name: string;
  /** What workgroups are spread over: multiprocessors, compute units, cores. */
  readonly cores: number;
  /** float32, 10^12 a second. */
  readonly teraflops: number;
  /** Of memory, 10^9 bytes a second. */
  readonly gigabytes: number;
}

export const GPUS: readonly Gpu[] = [
  { name: "RTX 3060", cores: 28, teraflops: 12.7, gigabytes: 360 },
  { name: "Apple M2", cores: 10, teraflops: 3.6, gigabytes: 100 },
  { name: "Arc 140V", cores: 8, teraflops: 4.1, gigabytes: 136 },
  { name: "RX 7900 XTX", cores: 96, teraflops: 59, gigabytes: 960 },
  { name: "H100", cores: 132, teraflops: 59.3, gigabytes: 3350 },
];

/** Share of the cores that have work, over the rounds in which the workgroups fill them. */
export function fillOf(workgroups: number, { cores }: Gpu): number {
  return workgroups / (cores * Math.ceil(workgroups / cores));
}

/** Milliseconds a dispatch takes at least. */
export function leastMs({ flop, bytes, workgroups }: Cost, gpu: Gpu): number {
  const arithmetic = flop / (gpu.teraflops * 1e9 * fillOf(workgroups, gpu));
  return Math.max(arithmetic, bytes / (gpu.gigabytes * 1e6));
}
