// A part of a quantised weight that a LoRA changes: its numbers go to the GPU in float32, a slice of memory at a time, and become blocks
// there, with the product added.
import { invariant } from "../common/errors";
import type { LowRank } from "../common/low-rank";
import type { PlaceOf } from "./block-upload";
import { stackedProducts } from "./add-low-rank";
import type { Device } from "./device";
import { sizesBinding, uploadSizes } from "./kernel-sizes";
import { quantiseOutputs } from "./kernels/quantise/kernel";
import { packingProgram } from "./pack-pass";
import { roundUp } from "./tensor";
import type { UploadSlices } from "./upload-memory";
import { outputsOf } from "./weight-layout";
import type { WeightPart } from "./weight-parts";

export interface Unquantised {
  readonly part: WeightPart;
  /** In the order of the checkpoint. */
  readonly values: Float32Array<ArrayBuffer>;
  readonly added: readonly LowRank[];
  /** Which counters of values that are no finite float16 are its own. */
  readonly tensor: number;
}

/** @throws OnestrokeError `gpu-out-of-memory`, `gpu-unsupported`, `gpu-lost` */
export async function quantiseOnGpu(
  device: Device,
  { part, values, added, tensor }: Unquantised,
  placeOf: PlaceOf,
  slices: UploadSlices,
  counts: GPUBuffer,
): Promise<void> {
  const { weight, n, k, taps, first } = part;
  const { format } = weight;
  invariant(format !== undefined && first % 4 === 0, `${weight.keys.join("+")} is in blocks, and its parts begin with four outputs`);
  const total = outputsOf(weight);
  const { up, down, rank, destroy } = stackedProducts(device, added, n);
  const most = Math.floor(slices.sliceBytes / (16 * k * taps)) * 4;
  try {
    for (let begin = 0; begin < n; begin += most) {
      const outputs = Math.min(most, n - begin);
      const kernel = quantiseOutputs({
        format,
        outputs,
        inputs: k,
        taps,
        rank,
        upQuads: Math.ceil(n / 4),
        firstUpQuad: begin / 4,
        rowQuads: roundUp(total, 4) / 4,
        firstQuad: (first + begin) / 4,
        halfQuads: weight.interleaved ? total / 8 : 0,
        tensor,
      });
      const { pipeline, layout } = await packingProgram(device, kernel);
      const bytes = (await slices.slice()).subarray(0, 4 * outputs * k * taps);
      new Float32Array(bytes.buffer).set(values.subarray(begin * k * taps, (begin + outputs) * k * taps));
      const sizes = uploadSizes(device, [kernel]);
      slices.submit(bytes, (pass, stored) => {
        const buffers = [{ buffer: stored }, placeOf(weight, "values"), placeOf(weight, "scales"), { buffer: counts }, up, down];
        const entries = [...buffers, sizesBinding(sizes, 0)].map((resource, binding) => ({ binding, resource }));
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, device.gpu.createBindGroup({ label: kernel.name, layout, entries }));
        pass.dispatchWorkgroups(...kernel.workgroups);
      });
      // What is submitted still reads it.
      sizes.destroy();
    }
  } finally {
    destroy();
  }
}
