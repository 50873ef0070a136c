// How long each kind of dispatch takes while plans run, by the GPU's own clock. Every dispatch has a pass of its own with a time at either
// end, which costs a little, so this is for whoever asks. Clocks of browsers are coarse (0.1 ms): what is right is the sum over many.
import type { KernelTime } from "../common/drawing";

/** Two numbers of 64 bits, in nanoseconds. */
const BYTES_OF_A_DISPATCH = 16;

/** Dispatches whose times fit into one query set: WebGPU allows 4096 queries. */
const MOST_DISPATCHES = 2048;

/** Of a dispatch that is ready to be recorded (prepared.ts), what recording and naming it takes. */
export interface TimedDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
  readonly label: string;
}

export class KernelTimes {
  readonly #gpu: GPUDevice;
  readonly #reading: Promise<void>[] = [];
  readonly #sums = new Map<string, { readonly kernel: string; readonly workgroups: string; count: number; ms: number }>();

  /** @param gpu with `timestamp-query` */
  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
  }

  /** Submits the dispatches, in order. */
  submit(dispatches: readonly TimedDispatch[]): void {
    for (let first = 0; first < dispatches.length; first += MOST_DISPATCHES) this.#submit(dispatches.slice(first, first + MOST_DISPATCHES));
  }

  /** Everything that was submitted, the longest first. A GPU that is lost tells no times. */
  async read(): Promise<readonly KernelTime[]> {
    await Promise.all(this.#reading);
    return [...this.#sums.values()].toSorted((a, b) => b.ms - a.ms);
  }

  #submit(dispatches: readonly TimedDispatch[]): void {
    const size = BYTES_OF_A_DISPATCH * dispatches.length;
    const querySet = this.#gpu.createQuerySet({ type: "timestamp", count: 2 * dispatches.length });
    const resolved = this.#gpu.createBuffer({ size, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    const readable = this.#gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.#gpu.createCommandEncoder();
    for (const [index, { pipeline, bindGroup, workgroups }] of dispatches.entries()) {
      const timestampWrites = { querySet, beginningOfPassWriteIndex: 2 * index, endOfPassWriteIndex: 2 * index + 1 };
      const pass = encoder.beginComputePass({ timestampWrites });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
    }
    encoder.resolveQuerySet(querySet, 0, 2 * dispatches.length, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, readable, 0, size);
    this.#gpu.queue.submit([encoder.finish()]);
    const read = async (): Promise<void> => {
      try {
        await readable.mapAsync(GPUMapMode.READ);
        this.#add(dispatches, new BigUint64Array(readable.getMappedRange()));
      } catch {
        // The GPU was lost, which whoever waits for the results is told.
      } finally {
        for (const each of [querySet, resolved, readable]) each.destroy();
      }
    };
    this.#reading.push(read());
  }

  #add(dispatches: readonly TimedDispatch[], stamps: BigUint64Array): void {
    for (const [index, { label, workgroups }] of dispatches.entries()) {
      const shape = workgroups.join("x");
      const key = `${label} ${shape}`;
      const sum = this.#sums.get(key) ?? { kernel: label, workgroups: shape, count: 0, ms: 0 };
      const [begin = 0n, end = 0n] = stamps.subarray(2 * index);
      sum.count++;
      // A clock that was set back between the two tells nothing.
      if (end > begin) sum.ms += Number(end - begin) / 1e6;
      this.#sums.set(key, sum);
    }
  }
}
