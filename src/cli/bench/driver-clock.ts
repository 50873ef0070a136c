// The clock for software adapters: processor time of this process's threads, except the one that runs
// JavaScript. On such adapters a kernel's cost is processor time, which unlike wall time does not grow when
// other programs share the machine. Only Linux reports it by thread.
import { readdirSync, readFileSync } from "node:fs";

const TASKS = "/proc/self/task";

/** Milliseconds; undefined if the system does not report them. */
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
    // The thread whose number is the process's own runs JavaScript, and polls while it waits for the GPU.
    if (thread !== `${process.pid}`) nanoseconds += Number(readFileSync(`${TASKS}/${thread}/schedstat`, "utf8").split(" ", 1)[0]);
  }
  return nanoseconds / 1e6;
}
