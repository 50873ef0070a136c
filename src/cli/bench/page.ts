// The benchmark page in a headless Chromium: bundled to a temporary folder, served, opened.
// On a machine without a GPU, Chromium's own software rasteriser (SwiftShader) runs both engines.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { build, preview } from "vite";
import type { BenchReport } from "../../bench/main";
import type { Scale } from "../../bench/rows";
import { OnestrokeError } from "../../errors";
import { chromiumPath } from "../bootstrap/environment.mjs";

const ARGUMENTS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  // A software adapter may take longer over one dispatch than the watchdog allows.
  "--disable-gpu-watchdog",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface BenchPage {
  run(scale: Scale, report: (line: string) => void): Promise<BenchReport>;
  close(): Promise<void>;
}

/** @throws OnestrokeError `gpu-unavailable` without a Chromium */
export async function openBenchPage(): Promise<BenchPage> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new OnestrokeError("gpu-unavailable", "no Chromium found; set CHROMIUM to its path");
  const outDir = await mkdtemp(join(tmpdir(), "onestroke-bench-"));
  const shared = {
    root: fileURLToPath(new URL("../../bench", import.meta.url)),
    configFile: false,
    logLevel: "warn",
    base: "./",
    build: { outDir, emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: 4096 },
  } as const;
  await build(shared);
  const server = await preview({ ...shared, preview: { host: "127.0.0.1", port: 0 } });
  const browser = await chromium.launch({ executablePath, args: [...ARGUMENTS, ...adapterArguments()] });
  const page = await browser.newPage();
  await page.goto(server.resolvedUrls?.local[0] ?? "");
  return {
    run: async (scale, report) => {
      await page.exposeFunction("benchLine", report);
      return page.evaluate((chosen) => globalThis.runBench(chosen, (line) => void Reflect.get(globalThis, "benchLine")(line)), scale);
    },
    close: async () => {
      await browser.close();
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

/** ONESTROKE_ADAPTER=default measures the machine's own GPU. */
function adapterArguments(): readonly string[] {
  return process.env["ONESTROKE_ADAPTER"] === "default" ? [] : ["--use-webgpu-adapter=swiftshader"];
}
