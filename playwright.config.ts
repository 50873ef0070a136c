// End-to-end tests: the built page in this machine's Chromium, with WebGPU on SwiftShader, so
// that every machine draws on the same adapter. Two files run at a time, each in a browser of its
// own: most of a test's time is one thread that compiles shaders.
import { defineConfig } from "@playwright/test";
import { chromiumPath } from "./src/cli/bootstrap/environment.mjs";

const PORT = Number(process.env["PORT"] ?? 4817);
const executablePath = chromiumPath();

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  workers: 2,
  fullyParallel: false,
  forbidOnly: process.env["CI"] !== undefined,
  // This only ends tests that hang. A software GPU that has the machine to itself loads the model in up to 30 s, and some tests
  // load it again; beside other work that becomes minutes.
  timeout: 20 * 60_000,
  expect: { timeout: 5 * 60_000 },
  reporter: "list",
  use: {
    baseURL: `http://localhost:${PORT}/`,
    actionTimeout: 5 * 60_000,
    viewport: { width: 1280, height: 900 },
    // What waits for its picture shimmers, and painting that without a GPU took up to a third of a file's processor time. Nothing but its
    // look depends on it; the test of how the page paints asks for motion.
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      ...(executablePath === undefined ? {} : { executablePath }),
      args: [
        "--no-sandbox",
        "--enable-unsafe-webgpu",
        "--use-webgpu-adapter=swiftshader",
        // The browser must not give up on the GPU when a test crashes it on purpose.
        "--disable-gpu-process-crash-limit",
        "--disable-domain-blocking-for-3d-apis",
        "--disable-background-networking",
        "--disable-component-update",
      ],
    },
  },
  webServer: { command: `node node_modules/vite/bin/vite.js preview --port ${PORT} --strictPort`, port: PORT, reuseExistingServer: false },
});
