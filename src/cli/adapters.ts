// Opens the adapters of this machine in Node: a real GPU first, then Mesa's lavapipe, then
// Chromium's SwiftShader. Which one Vulkan's loader finds depends on an environment variable
// that it reads when adapters are first asked for, so they are opened one by one.
import type { DeviceOptions } from "../engine/ask-for-device";
import { openDevice, type Device } from "../engine/device";
import { nodeGpu } from "../engine/node-gpu";
import { OnestrokeError } from "../common/errors";
import { gpuEnvironment, softwareDrivers } from "./bootstrap/environment.mjs";

const DRIVER = "VK_ICD_FILENAMES";

/** Short name of an adapter, for tables: "lavapipe", "swiftshader" or the GPU's own description. */
export function adapterName({ adapter }: Device): string {
  if (/llvmpipe|lavapipe/i.test(adapter.description)) return "lavapipe";
  if (/swiftshader/i.test(`${adapter.architecture} ${adapter.description}`)) return "swiftshader";
  return adapter.description || `${adapter.vendor} ${adapter.architecture}`.trim();
}

/**
 * The best adapter, or every one. If `VK_ICD_FILENAMES` is set, only those that it names are opened.
 * @throws OnestrokeError `gpu-unavailable`
 */
export async function openDevices(which: "best" | "all", options: DeviceOptions = {}): Promise<readonly Device[]> {
  const { XDG_RUNTIME_DIR } = gpuEnvironment();
  if (XDG_RUNTIME_DIR !== undefined) process.env["XDG_RUNTIME_DIR"] = XDG_RUNTIME_DIR;
  const chosen = process.env[DRIVER] !== undefined;
  const drivers = chosen ? [] : softwareDrivers();
  const devices: Device[] = [];
  const first = await openWith(undefined, options);
  // Without a GPU the loader chooses one of the software drivers, and does not say in which order.
  if (first && (chosen || !first.adapter.software)) devices.push(first);
  for (const driver of drivers) {
    if (which === "best" && devices.length > 0) break;
    const device = await openWith(driver, options);
    if (device) devices.push(device);
  }
  if (devices.length === 0 && first) devices.push(first);
  if (devices.length === 0) throw new OnestrokeError("gpu-unavailable", "no Vulkan driver was found, neither a GPU's nor a software one");
  return devices;
}

async function openWith(driver: string | undefined, options: DeviceOptions): Promise<Device | undefined> {
  const before = process.env[DRIVER];
  if (driver !== undefined) process.env[DRIVER] = driver;
  try {
    return await openDevice(nodeGpu(driver), options);
  } catch (error) {
    if (error instanceof OnestrokeError && error.code === "gpu-unavailable") return undefined;
    throw error;
  } finally {
    if (before === undefined) delete process.env[DRIVER];
    else process.env[DRIVER] = before;
  }
}
