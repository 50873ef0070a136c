// The GPU memory of a plan: the slabs that its tensors share, its kernels' sizes, and what each dispatch binds of both.
import { invariant, OnestrokeError } from "../common/errors";
import { layoutArena, type ArenaLayout } from "./arena";
import { hasSizes, type Device } from "./device";
import type { BufferSource, KernelTarget } from "./kernel";
import { sizesBinding, uploadSizes } from "./kernel-sizes";
import type { StagedDispatch, Stages } from "./stages";
import { byteLengthOf, elementBytes, strideOf, type Tensor } from "./tensor";
import type { Weights } from "./weights";

/** The slabs of a plan, where each tensor lies in them, and the kernels' sizes. */
export class PlanMemory {
  readonly byteLength: number;
  /** A slot for each dispatch (kernel-sizes.ts). */
  readonly sizes: GPUBuffer;
  readonly #layout: ArenaLayout;
  readonly #slabs: readonly GPUBuffer[];

  constructor(device: Device, layout: ArenaLayout, dispatches: readonly StagedDispatch[]) {
    this.#layout = layout;
    this.byteLength = layout.slabBytes.reduce((total, bytes) => total + bytes, 0);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    this.#slabs = layout.slabBytes.map((size) => device.gpu.createBuffer({ label: "arena", size, usage }));
    this.sizes = uploadSizes(
      device,
      dispatches.map(({ kernel }) => kernel),
    );
  }

  place(tensor: Tensor): { readonly buffer: GPUBuffer; readonly offset: number } {
    const placement = this.#layout.placements.get(tensor.id);
    const buffer = placement && this.#slabs[placement.slab];
    invariant(placement !== undefined && buffer !== undefined, `tensor ${tensor.id} has no memory`);
    return { buffer, offset: placement.offset };
  }

  destroy(): void {
    for (const slab of this.#slabs) slab.destroy();
    this.sizes.destroy();
  }
}

/** @throws OnestrokeError `gpu-unsupported` before anything is made, if a tensor or a binding exceeds the limits */
export function fittingLayout(device: Device, stages: Stages, target: KernelTarget): ArenaLayout {
  const { maxBufferSize } = device.gpu.limits;
  for (const { kernel, buffers } of stages.dispatches) {
    for (const source of Object.values(buffers)) {
      if ("tensor" in source && byteLengthOf(source.tensor, target.format) > target.bindingBytes) {
        throw new OnestrokeError("gpu-unsupported", `${kernel.name} needs a binding larger than this GPU's ${target.bindingBytes} bytes`);
      }
    }
  }
  const layout = layoutArena(stages.tensors, stages.conflicts, maxBufferSize);
  if (layout) return layout;
  const largest = Math.max(...stages.tensors.map(({ byteLength }) => byteLength));
  throw new OnestrokeError("gpu-unsupported", `a tensor of ${largest} bytes exceeds this GPU's buffer limit of ${maxBufferSize}`);
}

/** Of one dispatch, the index-th. */
export function bindings(
  { kernel, buffers }: StagedDispatch,
  index: number,
  memory: PlanMemory,
  weights: Weights,
  target: KernelTarget,
): GPUBindGroupEntry[] {
  const entries: GPUBindGroupEntry[] = kernel.bindings.map(({ name }, binding) => {
    const source = buffers[name];
    invariant(source !== undefined, `${kernel.name} has no buffer for ${name}`);
    return { binding, resource: resourceOf(source, memory, weights, target) };
  });
  if (hasSizes(kernel)) entries.push({ binding: entries.length, resource: sizesBinding(memory.sizes, index) });
  return entries;
}

function resourceOf(source: BufferSource, memory: PlanMemory, weights: Weights, target: KernelTarget): GPUBufferBinding {
  if ("weight" in source) return weights.binding(source.weight, source.region);
  if ("tensor" in source) {
    const { buffer, offset } = memory.place(source.tensor);
    return { buffer, offset, size: byteLengthOf(source.tensor, target.format) };
  }
  const { tensor, begin, end } = source.window;
  const rowBytes = strideOf(tensor) * elementBytes(tensor.element, target.format);
  const { buffer, offset } = memory.place(tensor);
  invariant((begin * rowBytes) % 256 === 0, `a window of tensor ${tensor.id} begins off the binding alignment`);
  return { buffer, offset: offset + begin * rowBytes, size: (end - begin) * rowBytes };
}
