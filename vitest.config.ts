// Unit and kernel tests: Node, on Dawn (npm `webgpu`) with Mesa's software Vulkan driver
// where the machine has no GPU. Browser tests run in Playwright, in e2e/.
import { defineConfig } from "vitest/config";
import { gpuEnvironment } from "./src/cli/bootstrap/environment.mjs";

export default defineConfig({
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
    env: gpuEnvironment(),
    // This only ends tests that hang: on two cores that other programs use too, a software GPU draws for minutes.
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    expect: { poll: { timeout: 5 * 60_000 } },
    setupFiles: ["src/common/testing/patience.ts"],
    // One process for each file, because a GPU device belongs to its process; two at a time, because
    // the software driver already uses every core.
    pool: "forks",
    maxWorkers: 2,
  },
});
