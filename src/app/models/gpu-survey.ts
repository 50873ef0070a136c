// What this device can do, as far as a browser says. WebGPU tells a GPU's limits and not its memory, so the page
// claims nothing of memory: it says what a model needs, and how likely that is.
import { adapterInfo } from "../../common/adapter-info";

export interface GpuSurvey {
  /** What the driver calls itself; undefined where there is no WebGPU. */
  readonly name: string | undefined;
  /** Whether the processor stands in for a GPU. */
  readonly isSoftware: boolean;
  readonly hasFloat16: boolean;
  /** The largest buffer, in bytes. */
  readonly maxBufferBytes: number;
  /** The device's memory, in bytes, where the browser tells it. Browsers round it and cut it off. */
  readonly memoryBytes: number | undefined;
}

/** How a model that needs so much GPU memory will do here. */
export type Outlook = "fits" | "tight" | "risky" | "slow" | "no WebGPU";

const NO_GPU = { name: undefined, isSoftware: false, hasFloat16: false, maxBufferBytes: 0 } as const;

export async function surveyGpu(gpu: Pick<GPU, "requestAdapter"> | undefined = navigator.gpu): Promise<GpuSurvey> {
  const memoryBytes = deviceMemory();
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (adapter === null || adapter === undefined) return { ...NO_GPU, memoryBytes };
  const { vendor, architecture, description, device, isSoftware } = adapterInfo(adapter);
  return {
    name: description || device || [vendor, architecture].filter(Boolean).join(" ") || "WebGPU",
    isSoftware,
    hasFloat16: adapter.features.has("shader-f16"),
    maxBufferBytes: adapter.limits.maxBufferSize,
    memoryBytes,
  };
}

/** @param isRefused no device was given with the float16 that the adapter offers */
export function givenGpu(survey: GpuSurvey | undefined, isRefused: boolean): GpuSurvey | undefined {
  return survey && isRefused ? { ...survey, hasFloat16: false } : survey;
}

/** `deviceMemory` is in GiB, and only some browsers have it. */
function deviceMemory(): number | undefined {
  const memory: unknown = typeof navigator === "object" ? Reflect.get(navigator, "deviceMemory") : undefined;
  return typeof memory === "number" ? memory * 2 ** 30 : undefined;
}

/**
 * Nothing is forbidden: a browser does not tell how much memory the GPU has.
 * @param needBytes in float16
 */
export function outlook(needBytes: number, { name, isSoftware, hasFloat16, memoryBytes }: GpuSurvey): Outlook {
  if (name === undefined) return "no WebGPU";
  const need = hasFloat16 ? needBytes : 2 * needBytes;
  // Integrated GPUs take half of the device's memory at most, and the browsers' figure ends at 8 or 32 GiB.
  const half = (memoryBytes ?? 8 * 2 ** 30) / 2;
  if (need > 2 * half) return "risky";
  if (isSoftware && need > 2 ** 29) return "slow";
  return need > half ? "tight" : "fits";
}
