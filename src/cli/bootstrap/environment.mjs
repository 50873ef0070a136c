// The software GPU of a machine without a real one: the Vulkan driver for Dawn, which is Mesa's
// or Chromium's, and the variables that it needs. The test runners' configurations and `npm test` read it,
// so that a plain `npx vitest` uses the same adapter. It installs nothing: see test.mjs.
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Mesa's software rasteriser, by the names that distributions give its manifest. */
const LAVAPIPE_MANIFESTS = [
  "/usr/share/vulkan/icd.d/lvp_icd.json",
  "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
  "/usr/share/vulkan/icd.d/lvp_icd.aarch64.json",
  "/usr/share/vulkan/icd.d/lvp_icd.i686.json",
];

/** Where Chromium's packages put it; a separately installed Chromium has it beside the program. */
const SWIFTSHADER_FOLDERS = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

const CHROMIUM_PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

/** @returns {string[]} the manifests of this machine's software Vulkan drivers, the better one first */
export function softwareDrivers() {
  const own = process.env["CHROMIUM"];
  const folders = own === undefined ? SWIFTSHADER_FOLDERS : [dirname(own), ...SWIFTSHADER_FOLDERS];
  const swiftshader = folders.map((folder) => join(folder, "vk_swiftshader_icd.json"));
  return [LAVAPIPE_MANIFESTS, swiftshader].flatMap((paths) => paths.find((path) => existsSync(path)) ?? []);
}

/** @returns {string | undefined} a Chromium on this machine; `CHROMIUM` in the environment takes precedence */
export function chromiumPath() {
  return process.env["CHROMIUM"] ?? CHROMIUM_PATHS.find((path) => existsSync(path));
}

/**
 * Variables for Dawn in Node. A value that the caller has set is kept, so setting
 * `VK_ICD_FILENAMES` (or "" for the loader's own choice) tests a machine's real GPU.
 * @returns {Record<string, string>}
 */
export function gpuEnvironment() {
  /** @type {Record<string, string>} */
  const variables = {};
  const [driver] = softwareDrivers();
  if (process.env["VK_ICD_FILENAMES"] === undefined && driver !== undefined) variables["VK_ICD_FILENAMES"] = driver;
  if (process.env["XDG_RUNTIME_DIR"] === undefined) {
    const directory = join(tmpdir(), `onestroke-runtime-${process.getuid?.() ?? 0}`);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    variables["XDG_RUNTIME_DIR"] = directory;
  }
  // Tests compile far more than they run, and Mesa compiles for vectors of four floats in half of the time that sixteen take it.
  if (process.env["LP_NATIVE_VECTOR_WIDTH"] === undefined) variables["LP_NATIVE_VECTOR_WIDTH"] = "128";
  return variables;
}
