// The clock for software adapters: processor time of this process's threads but the one that runs
// JavaScript. There a kernel's cost is processor time, and unlike wall time it does not grow when
// other programs share the machine. Linux alone tells it by thread.
import { readdirSync, readFileSync } from "node:fs";

const TASKS = "/proc/self/task";

/** Milliseconds; undefined where the system does not tell. */
export function driverClock(): (() => number) | undefined {
  try {
    driverMs();
    return driverMs;
  } catch {
    return undefined;
  }
}

function driverMs(): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(TASKS)) {
    // The thread of the process's own number runs JavaScript, and polls while it waits for the GPU.
    if (thread !== `${process.pid}`) nanoseconds += Number(readFileSync(`${TASKS}/${thread}/schedstat`, "utf8").split(" ", 1)[0]);
  }
  return nanoseconds / 1e6;
}
