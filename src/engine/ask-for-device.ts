// Asks a GPU for a device: with all that its adapter offers of what is used, and for less where that is refused. What an adapter says it can
// do, a driver may refuse all the same.
import { adapterInfo } from "../common/adapter-info";
import { OnestrokeError } from "../common/errors";
import { adapterClass, TRAITS, type AdapterClass } from "./traits";

export interface DeviceOptions {
  /** Start from the limits every adapter has instead of this adapter's own; for tests. */
  readonly defaultLimits?: boolean;
  /** Compute as adapters of this class do, whatever this one is: for tests of what GPUs run, without a GPU. */
  readonly computeAs?: AdapterClass | undefined;
}

/** Used where they exist: numbers of 16 bits, and times of kernels. */
const FEATURES: readonly string[] = ["shader-f16", "timestamp-query"];

/** On GPUs whose subgroups are pinned, besides. */
export const SUBGROUP_FEATURES: readonly string[] = ["subgroups", "subgroup-size-control"];

interface Asked {
  readonly features: readonly string[];
  readonly limits: Record<string, number>;
}

/** With the limits that every adapter has. */
const WITH_FLOAT16: Asked = { features: ["shader-f16"], limits: {} };
const WITHOUT: Asked = { features: [], limits: {} };

/** A device, and the adapter that gave it: after a refusal that may be another one. */
interface Given {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
}

/**
 * The first that the GPU gives: with all, then with the limits that every adapter has, then without float16.
 * @throws OnestrokeError `gpu-unavailable`
 */
export async function askForDevice(gpu: GPU | undefined, options: DeviceOptions): Promise<Given> {
  const all = (adapter: GPUAdapter): Asked => ({
    features: [...FEATURES, ...(hasFewRegisters(adapter, options) ? SUBGROUP_FEATURES : [])],
    limits: options.defaultLimits ? {} : generousLimits(adapter.limits),
  });
  let refused: unknown;
  for (const asked of [all, () => WITH_FLOAT16, () => WITHOUT]) {
    // One that was asked before may be used up.
    const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) break;
    try {
      return { device: await requested(adapter, asked(adapter)), adapter };
    } catch (thrown) {
      refused = thrown ?? new Error("no reason given");
    }
  }
  if (refused === undefined) throw new OnestrokeError("gpu-unavailable", "this browser offers no WebGPU adapter");
  throw new OnestrokeError("gpu-unavailable", "the GPU refused a device", {}, refused);
}

/** A driver's refusal may come as a device that is lost from the beginning. */
async function requested(adapter: GPUAdapter, { features, limits }: Asked): Promise<GPUDevice> {
  const device = await adapter.requestDevice({
    // The types know some of the names that adapters do.
    requiredFeatures: [...adapter.features].filter((feature): feature is GPUFeatureName => features.includes(feature)),
    requiredLimits: limits,
  });
  const lost = await Promise.race([device.lost, Promise.resolve(undefined)]);
  if (lost !== undefined) throw new Error(lost.message || lost.reason);
  return device;
}

function hasFewRegisters(adapter: GPUAdapter, { computeAs }: DeviceOptions): boolean {
  const { vendor, architecture, isSoftware: software } = adapterInfo(adapter);
  return TRAITS[computeAs ?? adapterClass({ vendor, architecture, software, float16: adapter.features.has("shader-f16") })].hasFewRegisters;
}

/** This adapter's own values of the limits large networks need. */
function generousLimits(limits: GPUSupportedLimits): Record<string, number> {
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
  };
}
