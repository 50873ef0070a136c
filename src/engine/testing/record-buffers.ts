// Counts the GPU buffers that work leaves behind, for tests of what is freed.
import type { Device } from "../device";

export interface RecordedBuffers {
  /** Buffers made during the work and not destroyed by its end. */
  readonly left: number;
  /** Bytes of the most buffers that were there at one time, of those made during the work. */
  readonly peakBytes: number;
}

export async function recordBuffers({ gpu }: Device, work: () => Promise<unknown>): Promise<RecordedBuffers> {
  const alive = new Set<GPUBuffer>();
  let peakBytes = 0;
  const { createBuffer } = gpu;
  gpu.createBuffer = (...parameters) => {
    const buffer = createBuffer.apply(gpu, parameters);
    const { destroy } = buffer;
    buffer.destroy = () => (alive.delete(buffer), destroy.call(buffer));
    alive.add(buffer);
    peakBytes = Math.max(
      peakBytes,
      [...alive].reduce((sum, { size }) => sum + size, 0),
    );
    return buffer;
  };
  try {
    await work();
  } finally {
    gpu.createBuffer = createBuffer;
  }
  return { left: alive.size, peakBytes };
}
