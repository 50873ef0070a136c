// What the packing kernels find among the values of each tensor: how many are no finite float16. Counted on the GPU, and looked at once.
import { OnestrokeError } from "../common/errors";
import type { NotFinite } from "../common/stored-pieces";
import type { Device } from "./device";

export class NotFiniteCounts {
  readonly buffer: GPUBuffer;
  readonly #device: Device;
  readonly #readback: GPUBuffer;

  constructor(device: Device, tensors: number) {
    this.#device = device;
    const size = 8 * tensors;
    const { gpu } = device;
    this.buffer = gpu.createBuffer({ label: "not-finite", size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
    this.#readback = gpu.createBuffer({ label: "read not-finite", size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  }

  /**
   * Of each tensor, once all that was submitted is done.
   * @throws OnestrokeError `gpu-lost`
   */
  async read(): Promise<readonly NotFinite[]> {
    const encoder = this.#device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(this.buffer, 0, this.#readback, 0, this.buffer.size);
    this.#device.gpu.queue.submit([encoder.finish()]);
    try {
      await this.#readback.mapAsync(GPUMapMode.READ);
    } catch (cause) {
      throw new OnestrokeError("gpu-lost", "the GPU was lost while weights were loaded", {}, cause);
    }
    this.#device.assertAlive();
    const counts = new Uint32Array(this.#readback.getMappedRange());
    return Array.from({ length: counts.length / 2 }, (_, tensor) => ({
      stored: counts[2 * tensor] ?? 0,
      rounded: counts[2 * tensor + 1] ?? 0,
    }));
  }

  destroy(): void {
    this.buffer.destroy();
    this.#readback.destroy();
  }
}
