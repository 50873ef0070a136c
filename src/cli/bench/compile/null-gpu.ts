// A device of a GPU that this machine does not have: Mesa's RADV behind null-gpu.c, which executes nothing. Only
// compiling works on it. It stays this process's Vulkan driver, so the process should end when its work is done.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDevice, type Device } from "../../../engine/device";
import type { Kernel, KernelTarget } from "../../../engine/kernel";
import { nodeGpu } from "../../../engine/node-gpu";
import { OnestrokeError } from "../../../common/errors";
import { readAssembly, type Assembly } from "./isa";

/** What the driver reports about a pipeline. */
export interface Compiled extends Assembly {
  readonly registers: number;
  readonly spills: number;
  /** Resident waves on each SIMD. */
  readonly waves: number;
}

export interface NullGpu {
  readonly device: Device;
  /** Compiles one kernel at a time, because a line of statistics belongs to the last pipeline. */
  compile(kernel: Kernel, target: KernelTarget): Promise<Compiled>;
}

/** What this machine lacks to compile for an absent GPU; undefined if it lacks nothing. */
export function missingForNullGpu(): string | undefined {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
  if (!folders.some((folder) => existsSync(join(folder, "libvulkan_radeon.so")))) return "Mesa's RADV (Debian: mesa-vulkan-drivers)";
  if (!existsSync("/usr/include/vulkan/vulkan.h")) return "Vulkan's headers (Debian: libvulkan-dev)";
  if (!["/usr/bin/cc", "/usr/bin/gcc"].some(existsSync)) return "a C compiler (Debian: gcc, libc6-dev)";
  return undefined;
}

/**
 * @param family RADV's name of the GPU family: navi31, navi21, renoir, gfx1150, ...
 * @throws OnestrokeError `gpu-unavailable` if something is missing, or the family is not known
 */
export async function openNullGpu(family: string): Promise<NullGpu> {
  const missing = missingForNullGpu();
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
    RADV_FORCE_FAMILY: family,
    MESA_SHADER_CACHE_DISABLE: "true",
    NULLGPU_STATS: stats,
    NULLGPU_ISA: isa,
  });
  const device = await openDevice(nodeGpu(manifest));
  return {
    device,
    compile: async (kernel, target) => {
      await device.program(kernel, target);
      const lines = readFileSync(stats, "utf8").trim().split("\n");
      const last: unknown = JSON.parse(lines.at(-1) ?? "{}");
      const number = (name: string) => Number(new Map(Object.entries(last ?? {})).get(name) ?? Number.NaN);
      const assembly = readFileSync(join(isa, `${String(number("id")).padStart(4, "0")}.txt`), "utf8");
      return {
        registers: number("VGPRs"),
        spills: number("Spilled VGPRs") + number("Spilled SGPRs"),
        waves: number("Subgroups per SIMD"),
        ...readAssembly(assembly),
      };
    },
  };
}
