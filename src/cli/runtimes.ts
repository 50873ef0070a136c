// ONNX Runtime on the command line: on WASM, or on Dawn with one of this machine's adapters.
import type { Device } from "../engine/device";
import { nodeRuntime } from "../ort/session/load-node";
import type { OrtRuntime } from "../ort/session/runtime";
import type { Engine } from "../common/engine";
import { adapterName } from "./adapters";

export interface RuntimeOnAdapter {
  readonly engine: Exclude<Engine, "wgsl">;
  /** "cpu", or the name of the GPU's adapter. */
  readonly adapter: string;
  readonly runtime: OrtRuntime;
}

/** @param device without it WASM computes */
export async function openRuntime(device?: Device): Promise<RuntimeOnAdapter> {
  const runtime = await nodeRuntime(device);
  return device ? { engine: "ort-webgpu", adapter: adapterName(device), runtime } : { engine: "ort-wasm", adapter: "cpu", runtime };
}
