// Opens Dawn (npm `webgpu`) in Node: for the command line and for tests, never in a
// browser bundle. VK_ICD_FILENAMES names the driver; it is read when an entry point is
// first asked for an adapter.
import { create, globals } from "webgpu";

/** Dawn toggles: float16 on NVIDIA is hidden behind one. */
const TOGGLES = "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia";

// Dawn's objects do not keep their entry point alive: once it is collected they crash the process.
const opened = new Map<string, GPU>();

/**
 * The process's GPU entry point for one driver, with WebGPU's constants made global.
 * @param driver what VK_ICD_FILENAMES says; tells entry points of different drivers apart
 */
export function nodeGpu(driver = process.env["VK_ICD_FILENAMES"] ?? ""): GPU {
  Object.assign(globalThis, globals);
  const known = opened.get(driver);
  if (known) return known;
  const gpu = create([TOGGLES]);
  opened.set(driver, gpu);
  return gpu;
}
