// What the command line computes with: this machine's best adapter, and ONNX Runtime on it or on WASM.
import { OnestrokeError } from "../common/errors";
import type { Device } from "../engine/device";
import { nodeRuntime } from "../ort/session/load-node";
import type { OrtRuntime } from "../ort/session/runtime";
import type { Compute, OrtEngine } from "../pipeline/open";
import { adapterName, openDevices } from "./adapters";

export interface RuntimeOnAdapter {
  readonly engine: OrtEngine;
  /** "cpu", or the name of the GPU's adapter. */
  readonly adapter: string;
  readonly runtime: OrtRuntime;
}

/** @param device if it is absent, WASM computes */
export async function openRuntime(device?: Device): Promise<RuntimeOnAdapter> {
  const runtime = await nodeRuntime(device);
  return device ? { engine: "ort-webgpu", adapter: adapterName(device), runtime } : { engine: "ort-wasm", adapter: "cpu", runtime };
}

/** @throws OnestrokeError `gpu-unavailable` */
export async function bestDevice(): Promise<Device> {
  const [device] = await openDevices("best");
  if (!device) throw new OnestrokeError("gpu-unavailable", "this machine has no WebGPU adapter");
  return device;
}

/** @param device absent if only WASM is to compute */
export function computeOn(device: Device | undefined): Compute {
  const needed = (): Device => {
    if (device === undefined) throw new OnestrokeError("gpu-unavailable", "no adapter was opened");
    return device;
  };
  return { device: needed, runtime: (engine) => nodeRuntime(engine === "ort-webgpu" ? needed() : undefined) };
}
