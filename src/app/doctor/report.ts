// What a report says of this device: its browser, GPU, storage, which models should run, and how long a picture takes. It names no address
// of the page, of a host or of a file, so that it can be put anywhere. Made of what is asked of the browser here, and of nothing else.
import type { KernelTime, Timings } from "../../common/drawing";
import type { ModelFacts } from "../../common/model-facts";
import type { StoreRoom } from "../../library";
import { outlook, type GpuSurvey, type Outlook } from "../models/gpu-survey";
import type { ModelRow } from "../models/state";

export interface DeviceReport {
  readonly browser: { readonly name: string; readonly processorCores: number | undefined; readonly memoryBytes: number | undefined };
  readonly gpu: GpuReport | undefined;
  readonly storage: StorageReport;
}

export interface GpuReport extends Pick<GpuSurvey, "name" | "isSoftware"> {
  readonly features: readonly string[];
  /** Every limit that the adapter names. */
  readonly limits: Readonly<Record<string, number>>;
}

/** In bytes; undefined where the browser does not tell. */
export interface StorageReport {
  readonly usedBytes: number | undefined;
  readonly quotaBytes: number | undefined;
  /** Whether the browser promised not to clear it. */
  readonly isPersistent: boolean | undefined;
  readonly modelBytes: number | undefined;
  /** Whether anything is kept beyond this visit. */
  readonly isKept: boolean | undefined;
}

export interface RunningModel {
  readonly model: string;
  readonly title: string;
  readonly gpuBytes: number | undefined;
  readonly outlook: Outlook | undefined;
  readonly isHere: boolean;
}

/** Medians over `pictures` pictures, in milliseconds. */
export interface Benchmark {
  readonly model: string;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly pictures: number;
  readonly timings: Timings;
  readonly adapter: string;
  readonly parts: ModelFacts["parts"];
  /** What of it is computed as was measured here; absent where the table decides (ModelFacts). */
  readonly tuning: ModelFacts["tuning"];
  /** Of another picture; undefined where the GPU has no clock. */
  readonly kernels: readonly KernelTime[] | undefined;
}

/** @param survey what is known of the GPU */
export async function surveyDevice(
  survey: GpuSurvey,
  room: () => Promise<StoreRoom>,
  { gpu, storage, userAgent, hardwareConcurrency }: Partial<Navigator> = navigator,
): Promise<DeviceReport> {
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  return {
    browser: { name: userAgent ?? "", processorCores: hardwareConcurrency, memoryBytes: survey.memoryBytes },
    gpu:
      adapter === null || adapter === undefined
        ? undefined
        : {
            name: survey.name,
            isSoftware: survey.isSoftware,
            features: [...adapter.features].toSorted(),
            limits: limitsOf(adapter.limits),
          },
    storage: await surveyStorage(room, storage),
  };
}

/** They are getters of a class, which JSON leaves out. */
function limitsOf(limits: GPUSupportedLimits): Readonly<Record<string, number>> {
  const named: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = Reflect.get(limits, name);
    if (typeof value === "number") named[name] = value;
  }
  return named;
}

async function surveyStorage(room: () => Promise<StoreRoom>, storage: StorageManager | undefined): Promise<StorageReport> {
  const [estimate, isPersistent, models] = await Promise.all([
    storage?.estimate().catch(() => undefined),
    storage?.persisted().catch(() => undefined),
    room().catch(() => undefined),
  ]);
  return {
    usedBytes: estimate?.usage,
    quotaBytes: estimate?.quota,
    isPersistent,
    modelBytes: models?.usedBytes,
    isKept: models?.isKept,
  };
}

/** What the list of models says of each, one by one. */
export function runningModels(rows: readonly ModelRow[], gpu: GpuSurvey | undefined): readonly RunningModel[] {
  return rows.map(({ id, title, gpuBytes, isComplete }) => ({
    model: id,
    title,
    gpuBytes,
    outlook: gpu === undefined || gpuBytes === undefined ? undefined : outlook(gpuBytes, gpu),
    isHere: isComplete,
  }));
}

/** Each stage's median. There is at least one. */
export function medianTimings(all: readonly Timings[]): Timings {
  const median = (of: (timings: Timings) => number): number => {
    const sorted = all.map(of).toSorted((left, right) => left - right);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  const steps = all[0]?.denoise ?? [];
  return {
    // What the first picture pays for is no part of another.
    load: 0,
    compile: 0,
    encode: median(({ encode }) => encode),
    denoise: steps.map((_, index) => median(({ denoise }) => denoise[index] ?? 0)),
    decode: median(({ decode }) => decode),
  };
}

/** A scheme with two slashes, and a host's name or number with a port. */
const ADDRESS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"']*|\b(?:localhost|\d{1,3}(?:\.\d{1,3}){3}):\d+\b/gi;

/** Kernels by their names, whatever they compute, with their dispatches and milliseconds; the longest first. */
export function byKernel(times: readonly KernelTime[]): readonly Omit<KernelTime, "workgroups">[] {
  const sums = new Map<string, { readonly kernel: string; count: number; ms: number }>();
  for (const { kernel, count, ms } of times) {
    const sum = sums.get(kernel) ?? { kernel, count: 0, ms: 0 };
    sum.count += count;
    sum.ms += ms;
    sums.set(kernel, sum);
  }
  return [...sums.values()].toSorted((left, right) => right.ms - left.ms);
}

/** The report as text. Addresses that some name holds are taken out. */
/** @param refusesFloat16 the adapter offers it, and gave no device with it */
export function reportText(
  report: DeviceReport,
  models: readonly RunningModel[],
  benchmark: Benchmark | undefined,
  refusesFloat16 = false,
): string {
  const withoutAddress = (_: string, value: unknown): unknown => (typeof value === "string" ? value.replace(ADDRESS, "(address)") : value);
  return JSON.stringify({ onestroke: 1, ...report, ...(refusesFloat16 && { refusesFloat16 }), models, benchmark }, withoutAddress, 2);
}
