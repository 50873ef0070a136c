// How long dispatches take on the GPU: by its own clock where it has one, else from their submission until the queue is empty.
import type { Device } from "./device";
import type { PreparedDispatch } from "./prepared";

export interface GpuTimer {
  /** Milliseconds that the dispatches take, one after another, `repeats` times over. @throws OnestrokeError `gpu-lost` */
  time(dispatches: readonly PreparedDispatch[], repeats: number): Promise<number>;
  destroy(): void;
}

/** Two numbers of 64 bits, in nanoseconds. */
const STAMP_BYTES = 16;

/** @param now in milliseconds, for adapters without `timestamp-query` */
export function gpuTimer(device: Device, now: () => number): GpuTimer {
  const { gpu } = device;
  const stamps = gpu.features.has("timestamp-query") ? makeStamps(gpu) : undefined;
  return {
    async time(dispatches, repeats) {
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass(stamps?.pass);
      for (let run = 0; run < repeats; run++) {
        for (const { pipeline, bindGroup, workgroups } of dispatches) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, bindGroup);
          pass.dispatchWorkgroups(...workgroups);
        }
      }
      pass.end();
      stamps?.resolve(encoder);
      const started = now();
      gpu.queue.submit([encoder.finish()]);
      await gpu.queue.onSubmittedWorkDone().catch(() => undefined);
      const elapsed = now() - started;
      device.assertAlive();
      const own = await stamps?.read();
      device.assertAlive();
      // Some clocks stand still, or were set back between the two.
      return own !== undefined && own > 0 ? own : elapsed;
    },
    destroy: () => stamps?.destroy(),
  };
}

interface Stamps {
  readonly pass: GPUComputePassDescriptor;
  resolve(encoder: GPUCommandEncoder): void;
  /** Milliseconds between begin and end of the pass; undefined if the GPU was lost. */
  read(): Promise<number | undefined>;
  destroy(): void;
}

function makeStamps(gpu: GPUDevice): Stamps {
  const querySet = gpu.createQuerySet({ type: "timestamp", count: 2 });
  const resolved = gpu.createBuffer({ size: STAMP_BYTES, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  const readable = gpu.createBuffer({ size: STAMP_BYTES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  return {
    pass: { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } },
    resolve(encoder) {
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, readable, 0, STAMP_BYTES);
    },
    async read() {
      try {
        await readable.mapAsync(GPUMapMode.READ);
      } catch {
        return undefined;
      }
      const [begin = 0n, end = 0n] = new BigUint64Array(readable.getMappedRange());
      readable.unmap();
      return Number(end - begin) / 1e6;
    },
    destroy() {
      for (const each of [querySet, resolved, readable]) each.destroy();
    },
  };
}
