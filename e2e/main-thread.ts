// What the page's own thread does, task by task, in processor time: unlike the clock's, it does not grow with whatever else the machine does.
import type { Browser, Page } from "@playwright/test";

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: by the clock, and of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Task {
  readonly clockMs: number;
  readonly processorMs: number;
}

/** @returns the tasks of the pages' threads while `work` was done, the longest first */
export async function tasksOf(browser: Browser, page: Page, work: () => Promise<unknown>): Promise<readonly Task[]> {
  await browser.startTracing(page, { categories: ["toplevel"] });
  await work();
  const trace: { readonly traceEvents: readonly TraceEvent[] } = JSON.parse((await browser.stopTracing()).toString());
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const pages = new Set(
    trace.traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(threadOf),
  );
  return trace.traceEvents
    .filter((event) => event.name === "ThreadControllerImpl::RunTask" && pages.has(threadOf(event)))
    .map(({ dur = 0, tdur = 0 }) => ({ clockMs: dur / 1000, processorMs: tdur / 1000 }))
    .toSorted((left, right) => right.processorMs - left.processorMs);
}

/** What took 50 ms of the processor that the rule was written on. */
const STEPS_OF_A_FRAME = 4e7;

/** The processor time, in milliseconds, that a task of 50 ms would take as slow as this machine is: the third longest of four. */
export async function longestFrameMs(browser: Browser, page: Page): Promise<number> {
  const tasks = await tasksOf(browser, page, () =>
    page.evaluate(async (steps) => {
      const calculate = (): number => {
        let value = 1;
        for (let step = 0; step < steps; step++) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
        return value;
      };
      // The first one is compiled on the way.
      for (let time = 0; time < 4; time++) await new Promise((resolve) => setTimeout(() => resolve(calculate())));
    }, STEPS_OF_A_FRAME),
  );
  return tasks[2]?.processorMs ?? Number.NaN;
}
