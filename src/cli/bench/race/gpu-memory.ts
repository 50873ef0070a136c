// What GPU buffers took at most, told by the device's own methods: it does not matter who makes them.

export interface WatchedMemory {
  /** Bytes of all buffers that were there at one time, at most. */
  readonly peakBytes: () => number;
}

/** Counts the buffers that are made from now on, until each is destroyed. */
export function watchMemory(gpu: GPUDevice): WatchedMemory {
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
