// GPUs by three published figures each, for a roofline: how long a dispatch takes if it is limited only by
// arithmetic, or only by memory. This is a bound and not a forecast, because no GPU reaches it.
import type { Cost } from "./cost";

export interface Gpu {
  readonly name: string;
  /** The units that workgroups are spread over: multiprocessors, compute units, cores. */
  readonly cores: number;
  /** float32 operations, 10^12 per second. */
  readonly teraflops: number;
  /** Memory bandwidth, 10^9 bytes per second. */
  readonly gigabytes: number;
}

export const GPUS: readonly Gpu[] = [
  { name: "RTX 3060", cores: 28, teraflops: 12.7, gigabytes: 360 },
  { name: "Apple M2", cores: 10, teraflops: 3.6, gigabytes: 100 },
  { name: "Arc 140V", cores: 8, teraflops: 4.1, gigabytes: 136 },
  { name: "RX 7900 XTX", cores: 96, teraflops: 59, gigabytes: 960 },
  { name: "H100", cores: 132, teraflops: 59.3, gigabytes: 3350 },
];

/** Share of the cores that have work, averaged over the rounds in which workgroups fill them. */
export function fillOf(workgroups: number, { cores }: Gpu): number {
  return workgroups / (cores * Math.ceil(workgroups / cores));
}

/** The least number of milliseconds that a dispatch takes. */
export function leastMs({ flop, bytes, workgroups }: Cost, gpu: Gpu): number {
  const arithmetic = flop / (gpu.teraflops * 1e9 * fillOf(workgroups, gpu));
  return Math.max(arithmetic, bytes / (gpu.gigabytes * 1e6));
}
