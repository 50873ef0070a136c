// Memory through which weights come to the GPU: slices that are filled where they lie, copied by the GPU to a buffer that kernels can
// read, one after the other, and free again once it has done so. What is loaded waits for a free slice, so that no more is on its way than the slices hold.
import { invariant, OnestrokeError } from "../common/errors";
import type { UploadMemory } from "../common/stored-pieces";
import type { Device } from "./device";

const SLICES = 6;

/** What slices of such a size take, with the buffer that kernels read. */
export function slicesBytes(sliceBytes: number): number {
  return (SLICES + 1) * sliceBytes;
}

export class UploadSlices implements UploadMemory {
  readonly slices = SLICES;
  readonly sliceBytes: number;
  readonly #device: Device;
  /** What kernels read. */
  #storage: GPUBuffer | undefined;
  readonly #made: Promise<GPUBuffer>[] = [];
  readonly #free: Promise<Uint8Array<ArrayBuffer>>[] = [];
  readonly #waiting: ((slice: Promise<Uint8Array<ArrayBuffer>>) => void)[] = [];
  readonly #lent = new Map<ArrayBuffer, GPUBuffer>();

  /** @param sliceBytes a multiple of sixteen, so that kernels can read all of it four words at a time */
  constructor(device: Device, sliceBytes: number) {
    this.#device = device;
    this.sliceBytes = sliceBytes;
  }

  /** @throws OnestrokeError `gpu-out-of-memory`, `gpu-lost` */
  slice(): Promise<Uint8Array<ArrayBuffer>> {
    const free = this.#free.shift();
    if (free !== undefined) return free;
    if (this.#made.length === SLICES) return new Promise((resolve) => this.#waiting.push(resolve));
    const made = this.#make();
    this.#made.push(made);
    return made.then((slice) => this.#map(slice));
  }

  /**
   * Copies a slice's bytes to where kernels read them, and submits what `encode` adds. The slice comes free when the GPU has done it.
   * @param bytes of a slice, from its beginning
   */
  submit(bytes: Uint8Array<ArrayBuffer>, encode: (pass: GPUComputePassEncoder, stored: GPUBuffer) => void): void {
    const slice = this.#lent.get(bytes.buffer);
    const storage = this.#storage;
    invariant(slice !== undefined && storage !== undefined && bytes.byteOffset === 0, "what is submitted begins a slice that was lent");
    this.#lent.delete(bytes.buffer);
    const byteLength = Math.ceil(bytes.byteLength / 4) * 4;
    slice.unmap();
    const encoder = this.#device.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(slice, 0, storage, 0, byteLength);
    const pass = encoder.beginComputePass();
    encode(pass, storage);
    pass.end();
    this.#device.gpu.queue.submit([encoder.finish()]);
    const mapped = this.#map(slice);
    // It is thrown where the slice is asked for, and by nobody if it never is.
    mapped.catch(() => undefined);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#free.push(mapped);
    else waiting(mapped);
  }

  /** Nobody may write to slices any more. */
  async destroy(): Promise<void> {
    for (const made of await Promise.allSettled(this.#made)) if (made.status === "fulfilled") made.value.destroy();
    this.#storage?.destroy();
  }

  #make(): Promise<GPUBuffer> {
    const { gpu } = this.#device;
    const size = this.sliceBytes;
    return this.#device.checked(`${size} bytes to load weights through`, () => {
      this.#storage ??= gpu.createBuffer({ label: "stored", size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
      return gpu.createBuffer({ label: "upload", size, usage: GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC });
    });
  }

  async #map(slice: GPUBuffer): Promise<Uint8Array<ArrayBuffer>> {
    try {
      await slice.mapAsync(GPUMapMode.WRITE);
    } catch (cause) {
      throw new OnestrokeError("gpu-lost", "the GPU was lost while weights were loaded", {}, cause);
    }
    const bytes = new Uint8Array(slice.getMappedRange());
    this.#lent.set(bytes.buffer, slice);
    return bytes;
  }
}
