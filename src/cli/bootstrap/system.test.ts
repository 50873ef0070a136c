// The advice names what a machine lacks and what was not tested for that reason; and which software driver is used instead of a GPU.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { gpuEnvironment, softwareDrivers } from "./environment.mjs";
import { adviceOn } from "./system.mjs";

describe("advice", () => {
  test("none where there is a browser and float16", () => {
    expect(adviceOn({ chromium: true, formats: "float16" })).toEqual([]);
  });

  test.each([
    ["a missing browser", { chromium: false, formats: "float16" }, /no end-to-end tests.*chromium/],
    ["a missing adapter", { chromium: true, formats: undefined }, /no kernel was tested.*mesa-vulkan-drivers/],
    ["an adapter without float16", { chromium: true, formats: "float32" }, /no float16 kernel was tested.*25 or later/],
  ])("%s: what was not tested, and what to install", (_, found, said) => {
    expect(adviceOn(found)).toEqual([expect.stringMatching(said)]);
  });
});

describe("software drivers", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("the SwiftShader beside one's own Chromium is one, after Mesa's; the first is what tests run on", () => {
    const folder = mkdtempSync(join(tmpdir(), "onestroke-chromium-"));
    const manifest = join(folder, "vk_swiftshader_icd.json");
    writeFileSync(manifest, "{}");
    vi.stubEnv("CHROMIUM", join(folder, "chrome"));
    vi.stubEnv("VK_ICD_FILENAMES", undefined);
    const drivers = softwareDrivers();
    expect(drivers.at(-1)).toBe(manifest);
    expect(drivers.slice(0, -1).every((path) => path.includes("lvp_icd"))).toBe(true);
    expect(gpuEnvironment()["VK_ICD_FILENAMES"]).toBe(drivers[0]);
    vi.stubEnv("VK_ICD_FILENAMES", "");
    expect(gpuEnvironment()["VK_ICD_FILENAMES"], "what the caller has set is kept").toBeUndefined();
    rmSync(folder, { recursive: true });
  });
});
