// A device of a GPU that this machine does not have: Mesa's RADV, or its driver for Intel, behind null-gpu.c, which executes nothing.
// Only compiling works on it. It stays this process's Vulkan driver, so the process should end when its work is done.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDevice, type Device } from "../../../engine/device";
import type { Kernel, KernelTarget } from "../../../engine/kernel";
import { nodeGpu } from "../../../engine/node-gpu";
import { assembleWgsl } from "../../../engine/wgsl";
import { OnestrokeError } from "../../../common/errors";
import { readAssembly, type Assembly } from "./isa";

/** What the driver reports about a pipeline. */
export interface Compiled extends Assembly {
  readonly registers: number;
  readonly spills: number;
  /** Resident waves on each SIMD; Intel's driver tells the lanes of a subgroup in their place. */
  readonly waves: number;
}

export interface NullGpu {
  readonly device: Device;
  /** Compiles one kernel at a time, because a line of statistics belongs to the last pipeline. */
  compile(kernel: Kernel, target: KernelTarget): Promise<Compiled>;
}

/** Families of Intel, as Mesa names them: Xe-LP, Alchemist, Xe2 and others. */
const INTEL = ["tgl", "adl", "rpl", "dg2", "mtl", "arl", "lnl", "bmg"];

const libraryOf = (family: string): string => (INTEL.includes(family) ? "libvulkan_intel.so" : "libvulkan_radeon.so");

/**
 * What this machine, or this process, lacks to compile for an absent GPU; undefined if it lacks nothing. Intel's driver opens no GPU that
 * no kernel module has: Mesa's `libintel_noop_drm_shim.so` stands in for that, if the process was started with it.
 */
export function missingForNullGpu(family: string): string | undefined {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
  const library = libraryOf(family);
  if (!folders.some((folder) => existsSync(join(folder, library)))) return `Mesa's ${library} (Debian: mesa-vulkan-drivers)`;
  const { LD_PRELOAD = "", INTEL_STUB_GPU_PLATFORM } = process.env;
  if (INTEL.includes(family) && (!LD_PRELOAD.includes("noop_drm_shim") || INTEL_STUB_GPU_PLATFORM !== family))
    return `LD_PRELOAD=libintel_noop_drm_shim.so (of Mesa's sources, src/intel/tools) and INTEL_STUB_GPU_PLATFORM=${family}`;
  if (!existsSync("/usr/include/vulkan/vulkan.h")) return "Vulkan's headers (Debian: libvulkan-dev)";
  if (!["/usr/bin/cc", "/usr/bin/gcc"].some(existsSync)) return "a C compiler (Debian: gcc, libc6-dev)";
  return undefined;
}

/**
 * @param family Mesa's name of the GPU family: navi31, navi21, renoir, gfx1150, ..., or of Intel tgl, lnl, ...
 * @throws OnestrokeError `gpu-unavailable` if something is missing, or the family is not known
 */
export async function openNullGpu(family: string): Promise<NullGpu> {
  const missing = missingForNullGpu(family);
  if (missing !== undefined) throw new OnestrokeError("gpu-unavailable", `to compile for ${family}, this machine lacks ${missing}`);
  const folder = mkdtempSync(join(tmpdir(), "onestroke-compile-"));
  const at = (name: string) => join(folder, name);
  const [library, manifest, stats, isa] = [at("libnull-gpu.so"), at("icd.json"), at("stats"), at("isa")] as const;
  const source = fileURLToPath(new URL("null-gpu.c", import.meta.url));
  execFileSync("cc", ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"]);
  writeFileSync(manifest, JSON.stringify({ file_format_version: "1.0.0", ICD: { library_path: library, api_version: "1.3.0" } }));
  mkdirSync(isa);
  Object.assign(process.env, {
    VK_ICD_FILENAMES: manifest,
    VK_DRIVER_FILES: manifest,
    NULLGPU_ICD: libraryOf(family),
    RADV_FORCE_FAMILY: family,
    MESA_SHADER_CACHE_DISABLE: "true",
    NULLGPU_STATS: stats,
    NULLGPU_ISA: isa,
  });
  const device = await openDevice(nodeGpu(manifest));
  /** By WGSL: the device compiles none twice. */
  const known = new Map<string, Compiled>();
  return {
    device,
    compile: async (kernel, target) => {
      const text = assembleWgsl(kernel, target);
      const before = known.get(text);
      if (before !== undefined) return before;
      await device.program(kernel, target);
      const lines = readFileSync(stats, "utf8").trim().split("\n");
      const last: unknown = JSON.parse(lines.at(-1) ?? "{}");
      const told = new Map(Object.entries(last ?? {}));
      const number = (...names: readonly string[]) => Number(names.map((name) => told.get(name)).find((each) => each !== undefined));
      const assembly = readFileSync(join(isa, `${String(number("id")).padStart(4, "0")}.txt`), "utf8");
      const compiled = {
        registers: number("VGPRs", "Max live registers"),
        spills: INTEL.includes(family) ? number("Spill Count") + number("Fill Count") : number("Spilled VGPRs") + number("Spilled SGPRs"),
        waves: number("Subgroups per SIMD", "subgroup"),
        ...readAssembly(assembly),
      };
      known.set(text, compiled);
      return compiled;
    },
  };
}
