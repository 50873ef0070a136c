// The benchmark page in a headless Chromium.
// On a machine without a GPU, Chromium's own software rasteriser (SwiftShader) runs both engines.
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import type { BenchReport } from "./page/main";
import type { Scale } from "./page/rows";
import { OnestrokeError } from "../../common/errors";
import { chromiumPath } from "../bootstrap/environment.mjs";
import { servePage } from "./serve-page";

const ARGUMENTS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  // A software adapter may take longer for one dispatch than the watchdog allows.
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

/** @throws OnestrokeError `gpu-unavailable` if there is no Chromium */
export async function openBenchPage(): Promise<BenchPage> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new OnestrokeError("gpu-unavailable", "no Chromium found; set CHROMIUM to its path");
  const served = await servePage(fileURLToPath(new URL("page", import.meta.url)));
  const browser = await chromium.launch({ executablePath, args: [...ARGUMENTS, ...adapterArguments()] });
  const page = await browser.newPage();
  await page.goto(served.url);
  return {
    run: async (scale, report) => {
      await page.exposeFunction("benchLine", report);
      return page.evaluate((chosen) => globalThis.runBench(chosen, (line) => void Reflect.get(globalThis, "benchLine")(line)), scale);
    },
    close: async () => {
      await browser.close();
      await served.close();
    },
  };
}

/** ONESTROKE_ADAPTER=default measures the machine's own GPU. */
function adapterArguments(): readonly string[] {
  return process.env["ONESTROKE_ADAPTER"] === "default" ? [] : ["--use-webgpu-adapter=swiftshader"];
}
