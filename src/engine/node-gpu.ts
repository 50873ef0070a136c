// Opens Dawn (npm `webgpu`) in Node: for the command line and for tests, never in a
// browser bundle. The driver is chosen by VK_ICD_FILENAMES before the first call.
import { create, globals } from "webgpu";

/** Dawn toggles: float16 on NVIDIA is hidden behind one. */
const TOGGLES = "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia";

// Dawn's objects do not keep their entry point alive: once it is collected they crash the process.
let opened: GPU | undefined;

/** The process's GPU entry point, with WebGPU's constants made global. */
export function nodeGpu(): GPU {
  Object.assign(globalThis, globals);
  opened ??= create([TOGGLES]);
  return opened;
}
