// Dispatches made ready to be recorded: their programs compiled, their memory made, their buffers bound. Plans are made of them
// (plan.ts), and what is only measured too (tune.ts).
import { invariant, throwIfCancelled } from "../common/errors";
import type { ArenaLayout } from "./arena";
import type { Device, Program } from "./device";
import type { KernelTarget } from "./kernel";
import { bindings, PlanMemory } from "./plan-memory";
import type { RateMask } from "./rates";
import type { StagedDispatch, Stages } from "./stages";
import type { Weights } from "./weights";

/** One dispatch, ready to be recorded. */
export interface PreparedDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  readonly mask: RateMask;
  readonly label: string;
}

interface Laid {
  readonly stages: Stages;
  readonly layout: ArenaLayout;
  /** One a dispatch. */
  readonly programs: readonly Program[];
}

/** Makes the memory, which the caller destroys. */
export function bindDispatches(
  device: Device,
  { stages, layout, programs }: Laid,
  weights: Weights,
  target: KernelTarget,
): { readonly memory: PlanMemory; readonly dispatches: readonly PreparedDispatch[] } {
  const memory = new PlanMemory(device, layout, stages.dispatches);
  const dispatches = stages.dispatches.map((dispatch, index) => {
    const program = programs[index];
    invariant(program !== undefined, "one program a dispatch");
    const { pipeline, layout: bindLayout } = program;
    const entries = bindings(dispatch, index, memory, weights, target);
    const bindGroup = device.gpu.createBindGroup({ label: dispatch.kernel.name, layout: bindLayout, entries });
    return { pipeline, bindGroup, workgroups: dispatch.kernel.workgroups, mask: dispatch.mask, label: dispatch.kernel.name };
  });
  return { memory, dispatches };
}

export interface CompileHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onPipeline?: ((ready: number, total: number) => void) | undefined;
}

/** @throws OnestrokeError `gpu-unsupported`, `gpu-lost`, `cancelled` */
export async function compilePrograms(
  device: Device,
  dispatches: readonly StagedDispatch[],
  target: KernelTarget,
  { onPipeline, signal }: CompileHooks,
): Promise<readonly Program[]> {
  const programs = dispatches.map(({ kernel }) => device.program(kernel, target));
  const distinct = [...new Set(programs)];
  let ready = 0;
  await Promise.all(
    distinct.map(async (program) => {
      await program;
      throwIfCancelled(signal);
      onPipeline?.(++ready, distinct.length);
    }),
  );
  return Promise.all(programs);
}
