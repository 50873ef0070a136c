// What a page costs: the memory of its JavaScript, as the browser counts it, and what the system counts of the browser's processes (on
// Linux alone).
import { readdirSync, readFileSync } from "node:fs";
import type { Page } from "@playwright/test";

/** What `Runtime.getHeapUsage` says, in bytes: objects, the browser's own parts of them, and the buffers that they hold. */
interface Heap {
  readonly usedSize: number;
  readonly embedderHeapUsedSize?: number;
  readonly backingStorageSize?: number;
}

/** @returns reads the JavaScript memory of the page and of each of its workers, in bytes */
export async function javascriptMeter(page: Page): Promise<() => Promise<readonly number[]>> {
  const cdp = await page.context().newCDPSession(page);
  const workers = new Set<string>();
  const waiting = new Map<number, (heap: Heap) => void>();
  let nextId = 1;
  cdp.on("Target.attachedToTarget", ({ sessionId }) => workers.add(sessionId));
  cdp.on("Target.detachedFromTarget", ({ sessionId }) => workers.delete(sessionId));
  cdp.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result } = JSON.parse(message) as { id?: number; result?: Heap };
    if (id !== undefined && result !== undefined) waiting.get(id)?.(result);
  });
  await cdp.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const ofWorker = (sessionId: string): Promise<Heap> =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, resolve);
      const message = JSON.stringify({ id, method: "Runtime.getHeapUsage" });
      cdp.send("Target.sendMessageToTarget", { sessionId, message }).catch(reject);
    });
  return async () => {
    const heaps: readonly Heap[] = await Promise.all([cdp.send("Runtime.getHeapUsage"), ...[...workers].map(ofWorker)]);
    return heaps.map(
      ({ usedSize, embedderHeapUsedSize = 0, backingStorageSize = 0 }) => usedSize + embedderHeapUsedSize + backingStorageSize,
    );
  };
}

/** The browser with this profile, and the processes that it started. */
function browserProcesses(profile: string): readonly { readonly pid: string; readonly type: string }[] {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const command = fileOf(`/proc/${pid}/cmdline`);
      const parent = /^PPid:\s+(\d+)/m.exec(fileOf(`/proc/${pid}/status`))?.[1];
      return [{ pid, parent, type: /--type=([a-z-]+)/.exec(command)?.[1] ?? "browser", isRoot: command.includes(profile) }];
    });
  const own = new Set(processes.filter(({ isRoot }) => isRoot).map(({ pid }) => pid));
  for (let before = -1; own.size > before;) {
    before = own.size;
    for (const { pid, parent } of processes) if (parent !== undefined && own.has(parent)) own.add(pid);
  }
  return processes.filter(({ pid }) => own.has(pid));
}

/** Memory of the renderers that no file backs, in bytes. */
export function rendererBytes(profile: string): number {
  return browserProcesses(profile)
    .filter(({ type }) => type === "renderer")
    .reduce((sum, { pid }) => sum + Number(/RssAnon:\s+(\d+)/.exec(fileOf(`/proc/${pid}/status`))?.[1] ?? 0) * 1024, 0);
}

/** Seconds of a processor that the workers' threads, and the process that computes on the GPU, have taken so far. */
export function processorSeconds(profile: string): { readonly workers: number; readonly gpu: number } {
  const spent = { workers: 0, gpu: 0 };
  for (const { pid, type } of browserProcesses(profile)) {
    if (type !== "renderer" && type !== "gpu-process") continue;
    for (const thread of namesIn(`/proc/${pid}/task`)) {
      const [, name = "", rest = ""] = /\((.*)\) (.*)/.exec(fileOf(`/proc/${pid}/task/${thread}/stat`)) ?? [];
      const [user = 0, system = 0] = rest.split(" ").slice(11, 13).map(Number);
      // The system counts in hundredths.
      if (type === "gpu-process") spent.gpu += (user + system) / 100;
      else if (name.startsWith("DedicatedWorker")) spent.workers += (user + system) / 100;
    }
  }
  return spent;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Processes and threads may end at any time. */
function fileOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
