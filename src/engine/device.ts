// The GPU as the engine sees it: limits, number formats, pipelines compiled once,
// and the one flag that says it is lost. Opened once per worker or process; after a
// loss it is thrown away whole and opened anew, never healed.
import { adapterInfo } from "../common/adapter-info";
import { OnestrokeError } from "../common/errors";
import { askForDevice, SUBGROUP_FEATURES, type DeviceOptions } from "./ask-for-device";
import type { Kernel, KernelTarget } from "./kernel";
import { KernelTimes } from "./kernel-times";
import { Pace } from "./pace";
import type { NumberFormat } from "./tensor";
import { adapterClass, TRAITS, type AdapterClass } from "./traits";
import type { Tuning } from "./tuning";
import { assembleWgsl } from "./wgsl";

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A software rasteriser (SwiftShader, lavapipe): slow to compile, slow to run. */
  readonly software: boolean;
  /** It has float16, and no device was given with it. */
  readonly refusesFloat16?: boolean;
}

/** A compiled kernel and the layout its bind groups follow. */
export interface Program {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class Device {
  readonly gpu: GPUDevice;
  readonly adapter: AdapterDescription;
  /** How much of a plan is submitted at once. */
  readonly pace = new Pace();
  readonly #class: AdapterClass;
  readonly #subgroup: number | undefined;
  readonly #programs = new Map<string, Promise<Program>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  #tuning: Tuning = new Map();
  #lost: GPUDeviceLostInfo | undefined;
  #times: KernelTimes | undefined;

  /** @param subgroup lanes of the smallest subgroups, if kernels may ask for them */
  constructor(gpu: GPUDevice, adapter: AdapterDescription, computeAs?: AdapterClass, subgroup?: number) {
    this.gpu = gpu;
    this.adapter = adapter;
    this.#class = computeAs ?? adapterClass({ ...adapter, float16: this.hasFloat16 });
    this.#subgroup = TRAITS[this.#class].hasFewRegisters ? subgroup : undefined;
    void gpu.lost.then((info) => {
      this.#lost = info;
    });
  }

  /** As the browser tells it, which may be the vendor alone. */
  get name(): string {
    const { vendor, architecture, description, refusesFloat16 = false } = this.adapter;
    return [vendor, architecture, description, refusesFloat16 && "without float16"].filter(Boolean).join(" ");
  }

  get hasFloat16(): boolean {
    return this.gpu.features.has("shader-f16");
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Settles when the device is lost. */
  get lost(): Promise<GPUDeviceLostInfo> {
    return this.gpu.lost;
  }

  /** What kernels may use, and what is decided for this kind of adapter. */
  target(format: NumberFormat): KernelTarget {
    const { limits } = this.gpu;
    return {
      format,
      half: this.hasFloat16,
      workgroupBytes: limits.maxComputeWorkgroupStorageSize,
      invocations: limits.maxComputeInvocationsPerWorkgroup,
      bindingBytes: limits.maxStorageBufferBindingSize,
      storageBuffers: limits.maxStorageBuffersPerShaderStage,
      subgroup: this.#subgroup,
      traits: TRAITS[this.#class],
      tuning: this.#tuning,
    };
  }

  get tuning(): Tuning {
    return this.#tuning;
  }

  /** Plans that are compiled from now on follow it. */
  useTuning(tuning: Tuning): void {
    this.#tuning = tuning;
  }

  /** @throws OnestrokeError `gpu-lost` */
  assertAlive(): void {
    if (this.#lost) throw new OnestrokeError("gpu-lost", `the GPU was lost: ${this.#lost.message || this.#lost.reason}`);
  }

  /** What times the dispatches of all plans at present. */
  get times(): KernelTimes | undefined {
    return this.#times;
  }

  /** Times every dispatch from now on, if the GPU has a clock, until `endTimes`. */
  beginTimes(): void {
    this.#times = this.gpu.features.has("timestamp-query") ? new KernelTimes(this.gpu) : undefined;
  }

  endTimes(): void {
    this.#times = undefined;
  }

  /** Number of distinct pipelines compiled or compiling. */
  get programCount(): number {
    return this.#programs.size;
  }

  /** The program of a kernel; equal WGSL compiles once. */
  program(kernel: Kernel, target: KernelTarget): Promise<Program> {
    const wgsl = assembleWgsl(kernel, target);
    const known = this.#programs.get(wgsl);
    if (known) return known;
    const compiling = this.#compile(kernel, target, wgsl);
    this.#programs.set(wgsl, compiling);
    compiling.catch(() => this.#programs.delete(wgsl));
    return compiling;
  }

  /**
   * Makes GPU objects and turns what the GPU reports of them into errors; what it refused is destroyed.
   * @throws OnestrokeError `gpu-out-of-memory`, `gpu-unsupported`, `gpu-lost`
   */
  async checked<T extends { destroy(): void }>(what: string, make: () => T): Promise<T> {
    this.gpu.pushErrorScope("out-of-memory");
    this.gpu.pushErrorScope("validation");
    const pop = () => this.gpu.popErrorScope().catch(() => null);
    let scopes: readonly Promise<GPUError | null>[] = [];
    let made: T;
    try {
      made = make();
    } finally {
      scopes = [pop(), pop()];
    }
    const [validation, memory] = await Promise.all(scopes);
    try {
      this.assertAlive();
      if (memory) throw new OnestrokeError("gpu-out-of-memory", `no GPU memory for ${what}: ${memory.message}`);
      if (validation) throw new OnestrokeError("gpu-unsupported", `the GPU refused ${what}: ${validation.message}`);
    } catch (error) {
      made.destroy();
      throw error;
    }
    return made;
  }

  destroy(): void {
    this.gpu.destroy();
  }

  async #compile(kernel: Kernel, target: KernelTarget, wgsl: string): Promise<Program> {
    const layout = this.#layout(kernel);
    const module = this.gpu.createShaderModule({ label: kernel.name, code: wgsl });
    try {
      const pipeline = await this.gpu.createComputePipelineAsync({
        label: kernel.name,
        layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      });
      return { pipeline, layout };
    } catch (cause) {
      this.assertAlive();
      // Subgroups of a certain size only make it faster.
      const plain = { ...target, subgroup: undefined };
      if (assembleWgsl(kernel, plain) !== wgsl) return this.program(kernel, plain);
      throw await compileError(kernel, wgsl, module, cause);
    }
  }

  #layout(kernel: Kernel): GPUBindGroupLayout {
    const types: GPUBufferBindingType[] = kernel.bindings.map(({ access }) => (access === "read" ? "read-only-storage" : "storage"));
    if (hasSizes(kernel)) types.push("uniform");
    const key = types.join(",");
    const known = this.#layouts.get(key);
    if (known) return known;
    const layout = this.gpu.createBindGroupLayout({
      entries: types.map((type, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } })),
    });
    this.#layouts.set(key, layout);
    return layout;
  }
}

/** Whether the kernel reads a sizes struct at all. */
export function hasSizes(kernel: Kernel): boolean {
  return Object.keys(kernel.sizes).length + Object.keys(kernel.scalars ?? {}).length > 0;
}

/**
 * Opens the best adapter with its own limits, and with the features that are used where they exist.
 * @throws OnestrokeError `gpu-unavailable`; `gpu-unsupported` if it cannot compute as adapters of the class that was asked for
 */
export async function openDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<Device> {
  const { device, adapter } = await askForDevice(gpu, options);
  const { vendor, architecture, description, isSoftware: software, subgroupMinSize } = adapterInfo(adapter);
  const { computeAs } = options;
  if (computeAs !== undefined && TRAITS[computeAs].tilesInFloat16 && !device.features.has("shader-f16")) {
    device.destroy();
    throw new OnestrokeError(
      "gpu-unsupported",
      `${description || vendor || "this adapter"} cannot compute as ${computeAs}: it has no float16`,
      {
        remedy: "Choose another class or another adapter.",
      },
    );
  }
  const smallest = SUBGROUP_FEATURES.every((feature) => device.features.has(feature)) ? subgroupMinSize : undefined;
  const subgroup = smallest !== undefined && (await takesSubgroups(device, smallest)) ? smallest : undefined;
  const refusesFloat16 = adapter.features.has("shader-f16") && !device.features.has("shader-f16");
  return new Device(
    device,
    { vendor, architecture, description, software, ...(refusesFloat16 && { refusesFloat16 }) },
    computeAs,
    subgroup,
  );
}

/** Invocations of the largest workgroups that kernels have: a GPU may have room for so many small subgroups, or not. */
const MOST_INVOCATIONS = 256;

/** Whether a kernel that asks for subgroups of that many lanes compiles here. */
async function takesSubgroups(gpu: GPUDevice, lanes: number): Promise<boolean> {
  const entry = `@compute @subgroup_size(${lanes}) @workgroup_size(${MOST_INVOCATIONS}) fn main() {}`;
  const code = `enable subgroups;\nenable subgroup_size_control;\n${entry}`;
  gpu.pushErrorScope("validation");
  const compiling = gpu.createComputePipelineAsync({ layout: "auto", compute: { module: gpu.createShaderModule({ code }) } });
  const isCompiled = await compiling.then(
    () => true,
    () => false,
  );
  const error = await gpu.popErrorScope().catch(() => null);
  return isCompiled && error === null;
}

/** What the compiler said first, for the visitor; all it said and the source are the cause, for whoever mends it. */
async function compileError(kernel: Kernel, wgsl: string, module: GPUShaderModule, thrown: unknown): Promise<OnestrokeError> {
  const info = await module.getCompilationInfo().catch(() => undefined);
  const messages = (info?.messages ?? []).filter(({ type }) => type === "error");
  const lines = messages.map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}`);
  const reason = lines.length > 0 ? lines.join("\n") : String(thrown);
  const source = wgsl.split("\n").map((line, index) => `${String(index + 1).padStart(4)} ${line}`);
  const cause = new Error([reason, ...source].join("\n"), { cause: thrown });
  const [first = ""] = reason.split("\n");
  return new OnestrokeError("gpu-unsupported", `kernel ${kernel.name} does not compile here: ${first}`, { kernel: kernel.name }, cause);
}
