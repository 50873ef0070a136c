// The sizes of several kernels in one uniform buffer, a slot for each.
import type { Device } from "./device";
import type { Kernel } from "./kernel";
import { packSizes } from "./wgsl";

/** Where a uniform may begin on every adapter. */
const SLOT_BYTES = 256;

export function uploadSizes({ gpu }: Device, kernels: readonly Kernel[]): GPUBuffer {
  const bytes = new Uint8Array(Math.max(1, kernels.length) * SLOT_BYTES);
  kernels.forEach((kernel, index) => bytes.set(new Uint8Array(packSizes(kernel)), index * SLOT_BYTES));
  const buffer = gpu.createBuffer({ label: "sizes", size: bytes.byteLength, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  gpu.queue.writeBuffer(buffer, 0, bytes);
  return buffer;
}

/** The slot of the kernel with this index. */
export function sizesBinding(buffer: GPUBuffer, index: number): GPUBufferBinding {
  return { buffer, offset: index * SLOT_BYTES, size: SLOT_BYTES };
}
