// Runs packing kernels over one slice of stored bytes, in one submission.
import { invariant } from "../common/errors";
import type { Device, Program } from "./device";
import type { Kernel } from "./kernel";
import { sizesBinding, uploadSizes } from "./kernel-sizes";
import type { UploadSlices } from "./upload-memory";

/** A kernel of `kernels/pack`, and the weight that it writes to. */
export interface Packing {
  readonly kernel: Kernel;
  readonly place: GPUBufferBinding;
}

/** @throws OnestrokeError `gpu-unsupported`, `gpu-lost` */
export function packingProgram(device: Device, kernel: Kernel): Promise<Program> {
  return device.program(kernel, device.target("f32"));
}

/**
 * @param bytes of a slice, from its beginning
 * @param counts of values that are not finite
 * @throws OnestrokeError `gpu-unsupported`, `gpu-lost`
 */
export async function submitPacking(
  device: Device,
  slices: UploadSlices,
  bytes: Uint8Array<ArrayBuffer>,
  packings: readonly Packing[],
  counts: GPUBuffer,
): Promise<void> {
  const { gpu } = device;
  const programs = await Promise.all(packings.map(({ kernel }) => packingProgram(device, kernel)));
  const sizes = uploadSizes(
    device,
    packings.map(({ kernel }) => kernel),
  );
  slices.submit(bytes, (pass, stored) => {
    packings.forEach(({ kernel, place }, index) => {
      const program = programs[index];
      invariant(program !== undefined, "one program a packing");
      const entries = [{ buffer: stored }, place, { buffer: counts }, sizesBinding(sizes, index)].map((resource, binding) => ({
        binding,
        resource,
      }));
      pass.setPipeline(program.pipeline);
      pass.setBindGroup(0, gpu.createBindGroup({ label: kernel.name, layout: program.layout, entries }));
      pass.dispatchWorkgroups(...kernel.workgroups);
    });
  });
  // What is submitted still reads it.
  sizes.destroy();
}
