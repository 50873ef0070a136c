// The benchmark page in a headless Chromium.
// On a machine without a GPU, Chromium's own software rasteriser (SwiftShader) runs both engines.
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "@playwright/test";
import type { BenchReport } from "./page/main";
import type { Scale } from "./page/rows";
import { OnestrokeError } from "../../common/errors";
import { chromiumPath } from "../bootstrap/environment.mjs";
import type { Course } from "./race/course";
import { VIGNETTE_FOLDER, vignettePaths } from "./race/vignette-files";
import { servePage, type ServedPage } from "./serve-page";

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
  const served = await serveBenchPage();
  const { page, close } = await openIn(served);
  return {
    run: async (scale, report) => {
      await page.exposeFunction("benchLine", report);
      return page.evaluate((chosen) => globalThis.runBench(chosen, (line) => void Reflect.get(globalThis, "benchLine")(line)), scale);
    },
    close: async () => {
      await close();
      await served.close();
    },
  };
}

/**
 * Races in the page. Each heat has a browser of its own: what one has compiled, the next must not find.
 * @throws OnestrokeError `gpu-unavailable` if there is no Chromium
 */
export async function pageCourse(): Promise<Course> {
  const served = await serveBenchPage();
  const paths = await vignettePaths();
  const run = async <T>(heat: (page: Page) => Promise<T>): Promise<T> => {
    const { page, close } = await openIn(served);
    try {
      return await heat(page);
    } finally {
      await close();
    }
  };
  return {
    adapter: await run((page) => page.evaluate(() => globalThis.adapterName())),
    clock: "the wall",
    cold: (name, side) => run((page) => page.evaluate(async (heat) => globalThis.coldHeatOf(...heat), [name, side, paths] as const)),
    warm: (name) => run((page) => page.evaluate(async (heat) => globalThis.warmHeatOf(...heat), [name, paths] as const)),
    close: () => served.close(),
  };
}

function serveBenchPage(): Promise<ServedPage> {
  return servePage(fileURLToPath(new URL("page", import.meta.url)), VIGNETTE_FOLDER);
}

async function openIn({ url }: ServedPage): Promise<{ readonly page: Page; readonly close: () => Promise<void> }> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new OnestrokeError("gpu-unavailable", "no Chromium found; set CHROMIUM to its path");
  const browser = await chromium.launch({ executablePath, args: [...ARGUMENTS, ...adapterArguments()] });
  const page = await browser.newPage();
  await page.goto(url);
  return { page, close: () => browser.close() };
}

/** ONESTROKE_ADAPTER=default measures the machine's own GPU. */
function adapterArguments(): readonly string[] {
  return process.env["ONESTROKE_ADAPTER"] === "default" ? [] : ["--use-webgpu-adapter=swiftshader"];
}
