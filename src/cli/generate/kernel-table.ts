// What `generate --profile` prints: the time of each kernel, as the GPU's own clock saw it.
import type { KernelTime } from "../../common/drawing";

/** The longest first. A coarse clock may have seen no time pass at all, and then none has a share of it. */
export function kernelTable(kernels: readonly KernelTime[]): string {
  const all = kernels.reduce((sum, { ms }) => sum + ms, 0);
  const lines = kernels.map(({ kernel, workgroups, count, ms }) => {
    const share = all > 0 ? `${((100 * ms) / all).toFixed(1).padStart(7)} %` : "-".padStart(9);
    return `  ${`${kernel} ${workgroups}`.padEnd(44)}${String(count).padStart(5)}${ms.toFixed(2).padStart(11)} ms${share}`;
  });
  return [`  ${"kernel, workgroups".padEnd(44)}    n       time  of all`, ...lines].join("\n");
}
