// Writes down what a device is told to dispatch, for tests of what is computed and what is not.
import type { Device } from "../device";

const numbers = new WeakMap<GPUBindGroup, number>();
let nextNumber = 0;

/** Dispatches of `work` in order, as kernel, number of its bind group (one a dispatch of a plan) and workgroups. */
export async function recordDispatches({ gpu }: Device, work: () => Promise<unknown>): Promise<readonly string[]> {
  const recorded: string[] = [];
  const { createCommandEncoder } = gpu;
  gpu.createCommandEncoder = (...parameters) => {
    const encoder = createCommandEncoder.apply(gpu, parameters);
    const { beginComputePass } = encoder;
    encoder.beginComputePass = (...options) => recordPass(beginComputePass.apply(encoder, options), recorded);
    return encoder;
  };
  try {
    await work();
  } finally {
    gpu.createCommandEncoder = createCommandEncoder;
  }
  return recorded;
}

function recordPass(pass: GPUComputePassEncoder, recorded: string[]): GPUComputePassEncoder {
  const { setBindGroup, dispatchWorkgroups } = pass;
  let bound = "";
  pass.setBindGroup = (index: number, group: GPUBindGroup | null | undefined) => {
    if (group) bound = `${group.label} ${numberOf(group)}`;
    // Not `call`: of two overloads it knows the other one.
    return Reflect.apply(setBindGroup, pass, [index, group]);
  };
  pass.dispatchWorkgroups = (...workgroups) => {
    recorded.push(`${bound} ${workgroups.join("x")}`);
    return dispatchWorkgroups.apply(pass, workgroups);
  };
  return pass;
}

function numberOf(group: GPUBindGroup): number {
  const number = numbers.get(group) ?? nextNumber++;
  numbers.set(group, number);
  return number;
}
