// Runs a plan: one loop over its dispatches, submitted in slices (pace.ts). Between slices the
// abort signal and the device are looked at and the thread is given back, so a cancel
// takes effect within about one slice; what was finished before it is not computed again.
// Makes no buffer and no bind group.
import { throwIfCancelled } from "../common/errors";
import type { Plan } from "./plan";
import type { PreparedDispatch } from "./prepared";

/**
 * Executes the dispatches whose inputs changed, or that an earlier run was cancelled before. Resolves when all are submitted and all
 * but the last slice are done; read an output to wait for the rest.
 * @throws OnestrokeError `cancelled`, `gpu-lost`
 */
export async function runPlan(plan: Plan, signal?: AbortSignal): Promise<void> {
  const pending = plan.begin();
  const { queue } = plan.device.gpu;
  const { pace } = plan.device;
  let previous: Promise<void> | undefined;
  for (let first = 0; first < pending.length;) {
    throwIfStopped(plan, signal);
    const slice = pending.slice(first, first + pace.sliceLength(pending, first));
    const submitted = performance.now();
    submitDispatches(plan, slice);
    first += slice.length;
    // Stages come one after another (stages.ts), so one that is not the next dispatch's is over.
    for (const { mask } of slice) if (mask !== pending[first]?.mask) plan.finish(mask);
    // `throwIfStopped` says what a rejection means.
    const done = queue.onSubmittedWorkDone().then(
      () => pace.learn(slice, submitted, performance.now()),
      () => undefined,
    );
    // One slice waits in the queue while another is computed, so that the GPU never waits for this thread.
    await previous;
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
