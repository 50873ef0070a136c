// What GPU buffers took at most, told by the device's own methods: it does not matter who makes them.

export interface WatchedMemory {
  /** Bytes of all buffers that were there at one time, at most. */
  readonly peakBytes: () => number;
}

/** What the watch reads and replaces: a `GPUDevice`, or what makes other buffers. */
interface MakesBuffers<Made extends Pick<GPUBuffer, "size" | "destroy">> {
  createBuffer(descriptor: GPUBufferDescriptor): Made;
}

/** Counts the buffers that are made from now on, until each is destroyed. */
export function watchMemory<Made extends Pick<GPUBuffer, "size" | "destroy">>(gpu: MakesBuffers<Made>): WatchedMemory {
  const { createBuffer } = gpu;
  let [bytes, peak] = [0, 0];
  gpu.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(gpu, descriptor);
    const { destroy } = buffer;
    let isThere = true;
    buffer.destroy = () => {
      if (isThere) bytes -= buffer.size;
      isThere = false;
      return destroy.call(buffer);
    };
    bytes += buffer.size;
    peak = Math.max(peak, bytes);
    return buffer;
  };
  return { peakBytes: () => peak };
}
