// Counts the GPU buffers that work leaves behind, for tests of what is freed.
import type { Device } from "../device";

/** Buffers made during `work` and not destroyed by its end. */
export async function recordBuffers({ gpu }: Device, work: () => Promise<unknown>): Promise<number> {
  const alive = new Set<GPUBuffer>();
  const { createBuffer } = gpu;
  gpu.createBuffer = (...parameters) => {
    const buffer = createBuffer.apply(gpu, parameters);
    const { destroy } = buffer;
    buffer.destroy = () => (alive.delete(buffer), destroy.call(buffer));
    alive.add(buffer);
    return buffer;
  };
  try {
    await work();
  } finally {
    gpu.createBuffer = createBuffer;
  }
  return alive.size;
}
