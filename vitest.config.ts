// Unit and kernel tests: Node, on Dawn (npm `webgpu`) with Mesa's software Vulkan driver
// where the machine has no GPU. Browser tests run in Playwright, in e2e/.
import { defineConfig } from "vitest/config";
import { gpuEnvironment } from "./src/cli/bootstrap/environment.mjs";

/**
 * Folders whose tests open no GPU device, start no other program and leave nothing in modules that another test looks at: their files share
 * one process, because starting one and importing the same modules again takes half of the time of such tests. Those of the vault do not: a
 * clock that a test puts forward stays in what lets messages in, and so does an element's engine in its module.
 */
const SHARING = "src/{app,catalogue,client,common,embed,hub,image,samplers,shell,steering,tokenizer,worker}/**/*.test.ts";

export default defineConfig({
  test: {
    environment: "node",
    env: gpuEnvironment(),
    // This only ends tests that hang: on two cores that other programs use too, a software GPU draws for minutes.
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    expect: { poll: { timeout: 5 * 60_000 } },
    setupFiles: ["src/common/testing/patience.ts"],
    // Two processes at a time, because the software driver already uses every core.
    pool: "forks",
    maxWorkers: 2,
    projects: [
      // One process for each file, because a GPU device belongs to its process.
      { extends: true, test: { name: "own process", include: ["src/**/*.test.ts"], exclude: [SHARING] } },
      { extends: true, test: { name: "shared process", include: [SHARING], isolate: false } },
    ],
  },
});
