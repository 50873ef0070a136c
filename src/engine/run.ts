// Runs a plan: one loop over its dispatches, submitted in chunks. Between chunks the
// abort signal and the device are looked at and the thread is given back, so a cancel
// takes effect within about one chunk; what was finished before it is not computed again.
// Makes no buffer and no bind group.
import { throwIfCancelled } from "../common/errors";
import type { Plan } from "./plan";
import type { PreparedDispatch } from "./prepared";

/** What a chunk should take: short enough to cancel quickly, long enough to keep the GPU busy. */
const CHUNK_MS = 30;
const FIRST_CHUNK = 16;
/** How many dispatches a chunk had when the plan ran last: its next run begins with as many. */
const paces = new WeakMap<Plan, number>();
const LARGEST_CHUNK = 512;

/**
 * Executes the dispatches whose inputs changed, or that an earlier run was cancelled before. Resolves when all are submitted and all
 * but the last chunk are done; read an output to wait for the rest.
 * @throws OnestrokeError `cancelled`, `gpu-lost`
 */
export async function runPlan(plan: Plan, signal?: AbortSignal): Promise<void> {
  const pending = plan.begin();
  const { queue } = plan.device.gpu;
  let chunk = paces.get(plan) ?? FIRST_CHUNK;
  let previous: Promise<unknown> | undefined;
  for (let first = 0; first < pending.length;) {
    throwIfStopped(plan, signal);
    const started = performance.now();
    const submitted = pending.slice(first, first + chunk);
    submitDispatches(plan, submitted);
    first += chunk;
    // Stages come one after another (stages.ts), so one that is not the next dispatch's is over.
    for (const { mask } of submitted) if (mask !== pending[first]?.mask) plan.finish(mask);
    const done = queue.onSubmittedWorkDone();
    // Looked at one chunk later; `throwIfStopped` says what a rejection means.
    done.catch(() => undefined);
    // The first chunk is not waited for, so it tells nothing of the pace.
    if (previous !== undefined) {
      await previous.catch(() => plan.device.assertAlive());
      const elapsed = performance.now() - started;
      if (elapsed > 2 * CHUNK_MS) chunk = Math.max(1, chunk >> 1);
      else if (elapsed < CHUNK_MS / 2) chunk = Math.min(LARGEST_CHUNK, chunk * 2);
      paces.set(plan, chunk);
    }
    previous = done;
  }
  throwIfStopped(plan, signal);
}

/** Dispatches of a plan in one submission, in order. For `runPlan`, and for measuring one alone. */
export function submitDispatches(plan: Plan, dispatches: readonly PreparedDispatch[]): void {
  const { times } = plan.device;
  if (times !== undefined) {
    times.submit(dispatches);
    return;
  }
  const encoder = plan.device.gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const { pipeline, bindGroup, workgroups } of dispatches) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...workgroups);
  }
  pass.end();
  plan.device.gpu.queue.submit([encoder.finish()]);
}

function throwIfStopped(plan: Plan, signal: AbortSignal | undefined): void {
  plan.device.assertAlive();
  throwIfCancelled(signal);
}
