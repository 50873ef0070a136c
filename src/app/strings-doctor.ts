// What the page says of its own examination. The rest of its sentences are in strings.ts.
import type { Benchmark, DeviceReport, StorageReport } from "./doctor/report";
import { LOCALE } from "./locale";
import { formatDuration, formatSize, strings } from "./strings";

const count = new Intl.NumberFormat(LOCALE);

/** Limits that decide what runs, by their names in WebGPU. Bytes are said as bytes. */
const LIMITS = {
  maxBufferSize: { says: "Largest buffer", isBytes: true },
  maxStorageBufferBindingSize: { says: "Largest buffer that a kernel sees", isBytes: true },
  maxComputeWorkgroupStorageSize: { says: "Memory shared by a workgroup", isBytes: true },
  maxComputeInvocationsPerWorkgroup: { says: "Threads in a workgroup", isBytes: false },
  maxStorageBuffersPerShaderStage: { says: "Buffers of a kernel", isBytes: false },
} as const;

const sizeOf = (bytes: number): string => (bytes < 1e6 ? `${count.format(bytes / 1024)} KiB` : formatSize(bytes));

export const doctor = {
  open: "Examine this device",
  title: "What this device can do",
  close: "Close the examination",
  about: "All of this stays on this device, unless you copy it.",
  looking: "Looking",

  gpu: "GPU",
  noGpu: "This browser offers no WebGPU. Models with ONNX graphs still draw, on the processor.",
  gpuName: "Name",
  standIn: (name: string) => `${name}: the processor stands in for a GPU`,
  /** @param isRefused whether no device was given with what is offered */
  float16: (isOffered: boolean, isRefused: boolean) => {
    if (isOffered && isRefused) return "of 32 bits only: those of 16 are offered, but were refused when they were asked for";
    return isOffered ? "of 16 and 32 bits" : "of 32 bits only";
  },
  numbers: "Numbers",
  limits: (limits: Readonly<Record<string, number>>): readonly (readonly [string, string])[] =>
    Object.entries(LIMITS).flatMap(([name, { says, isBytes }]) => {
      const value = limits[name];
      return value === undefined ? [] : [[says, isBytes ? sizeOf(value) : count.format(value)] as const];
    }),

  storage: "Storage",
  browser: "Browser",
  browserOf: ({ name, processorCores, memoryBytes }: DeviceReport["browser"]) =>
    [
      name,
      processorCores !== undefined && `${processorCores} processor cores`,
      memoryBytes !== undefined && `${formatSize(memoryBytes)} of memory or more`,
    ]
      .filter(Boolean)
      .join(" · "),
  modelsTake: "Models",
  pageTakes: "All that the page keeps",
  room: "Room that the browser allows",
  kept: "Is it kept",
  isKept: ({ isKept, isPersistent }: StorageReport) => {
    if (isKept === false) return "No: this browser lets the page keep nothing, as in a private window";
    if (isPersistent === true) return "Yes, until you remove it";
    return isPersistent === false ? "Yes, but the browser may clear it when the disk is full" : "The browser does not say";
  },
  unknown: "The browser does not say",
  bytes: (bytes: number | undefined) => (bytes === undefined ? undefined : sizeOf(bytes)),

  runs: "What runs here",
  isHere: "on this device",
  needs: (gpuBytes: number | undefined) => (gpuBytes === undefined ? "size not known yet" : `about ${formatSize(gpuBytes)} of GPU memory`),

  speed: "Speed",
  measure: "Measure",
  measureAgain: "Measure again",
  measureAbout: (title: string) => `Draws four pictures with ${title} and times each stage. They are not kept.`,
  noModel: "Once a model is loaded, its speed can be measured.",
  measuring: (picture: number, pictures: number) => `Drawing picture ${picture} of ${pictures}`,
  measured: ({ width, height, steps, pictures, timings }: Benchmark) => {
    const ms = timings.denoise.reduce((sum, step) => sum + step, timings.encode + timings.decode);
    return `${formatDuration(ms)} for ${strings.sizeOf(width, height)} in ${strings.stepCount(steps)}: the median of ${pictures} pictures`;
  },

  kernels: "Time by kernel",
  kernelsAbout:
    "Of the first of the four pictures, by the GPU's own clock. Each kernel is timed apart, so together they take a little longer.",
  kernelTime: (ms: number, dispatches: number) => `${formatDuration(ms)} in ${dispatches} ${dispatches === 1 ? "dispatch" : "dispatches"}`,

  report: "Report",
  reportAbout: "For a report of a problem. It holds no prompt, no picture and no address.",
  copy: "Copy the report",
  copied: "Copied",
  notCopied: "This browser does not let the page copy. Select the text below and copy it yourself.",
  asText: "The report as text",
} as const;
