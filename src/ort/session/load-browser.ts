// ONNX Runtime Web in a browser: the build that fits, loaded when first asked for. Each brings 14 to
// 27 MB of WASM, which the bundler puts beside the page.
import type { Device } from "../../engine/device";
import { OrtRuntime, type OrtModule } from "./runtime";

export type OrtBuild = "jspi" | "webgpu" | "wasm";

const BUILDS: Readonly<Record<OrtBuild, () => Promise<OrtModule>>> = {
  jspi: () => import("onnxruntime-web/jspi"),
  webgpu: () => import("onnxruntime-web/webgpu"),
  wasm: () => import("onnxruntime-web/wasm"),
};

/** The smallest that can: JSPI's is 10 MB less than the one that rewinds stacks by itself. */
export function buildFor(device: Device | undefined, wasm: object = WebAssembly): OrtBuild {
  if (device === undefined) return "wasm";
  return "Suspending" in wasm ? "jspi" : "webgpu";
}

/** @param device shared with our own engine: buffers of one are buffers of the other; without it WASM computes */
export async function browserRuntime(device: Device | undefined, builds = BUILDS): Promise<OrtRuntime> {
  return new OrtRuntime(await builds[buildFor(device)](), device ? { provider: "webgpu", device } : { provider: "wasm" });
}
