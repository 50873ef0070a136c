// Made-up weights, so that a layout can be timed without a checkpoint. For whole runs, which read all weights, each
// has its own memory; for dispatches, which read one each, all share the same memory.
import { invariant } from "../../../common/errors";
import type { Device } from "../../../engine/device";
import type { Graph } from "../../../engine/graph";
import { weightsOf } from "../../../engine/ops";
import { product } from "../../../engine/tensor";
import { type Weight, packedBytes } from "../../../engine/weight-layout";
import { checkpointTensors, Weights } from "../../../engine/weights";

export function separateWeights(device: Device, graph: Graph): Weights {
  const values = madeUpValues(Math.max(...[...checkpointTensors(graph).values()].map(product)));
  return new Weights(device, {
    async *stream(wanted) {
      for (const [key, { shape }] of wanted) yield [key, values.subarray(0, product(shape))];
    },
  });
}

/** Takes only as much memory as the largest weight. */
export class SharedWeights extends Weights {
  #buffer: GPUBuffer | undefined;

  constructor(device: Device) {
    super(device, {
      stream: () => {
        throw new Error("shared weights are not read");
      },
    });
  }

  override async load(graph: Graph): Promise<void> {
    const bytes = Math.max(...graph.nodes.flatMap(({ op }) => weightsOf(op)).map(packedBytes));
    this.evict();
    this.#buffer = await this.device.checked(`${bytes} bytes of weights`, () =>
      this.device.gpu.createBuffer({ label: "weights", size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST }),
    );
    this.device.gpu.queue.writeBuffer(this.#buffer, 0, madeUpValues(bytes / 2));
  }

  override binding(weight: Weight): GPUBufferBinding {
    invariant(this.#buffer !== undefined, "the shared weights were not loaded");
    return { buffer: this.#buffer, size: packedBytes(weight) };
  }

  override evict(): void {
    this.#buffer?.destroy();
    this.#buffer = undefined;
  }
}

/** float16 bits of both signs between 2^-6 and 2^-5: sums of thousands of such terms are neither denormal nor infinite. */
function madeUpValues(count: number): Uint16Array<ArrayBuffer> {
  let state = 1;
  return Uint16Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 0x2400 | ((state >>> 16) & 0x83ff);
  });
}
