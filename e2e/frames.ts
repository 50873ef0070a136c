// `npm run frames -- [side]`: how the built page paints while it draws: frames a second, the longest pause between two, and the longest tasks
// of its thread. It is not part of `npm test`, which has the rule for tasks (painting.spec.ts); by the clock it means something on a quiet
// machine alone.
import { chromium } from "@playwright/test";
import { preview } from "vite";
import { chromiumPath } from "../src/cli/bootstrap/environment.mjs";
import { tasksOf } from "./main-thread";

const [side = 256] = process.argv.slice(2).map(Number);
const executablePath = chromiumPath();
const server = await preview({ logLevel: "error", preview: { port: Number(process.env["PORT"] ?? 4818) } });
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--disable-gpu-watchdog"],
});

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(20 * 60_000);
  const isIdle = (): Promise<void> => page.locator("[data-phase=idle]").waitFor();
  await page.goto(`${server.resolvedUrls?.local[0] ?? ""}#size=${side}x${side}&steps=4`);
  await page.getByRole("img").waitFor();
  await isIdle();
  for (const prompt of ["a pier", "a harbour at night", "a meadow in winter"]) {
    await page.getByLabel("Describe a picture").fill(prompt);
    await page.evaluate(() => {
      const at: number[] = [];
      Reflect.set(window, "painted", at);
      // The next picture's takes its place.
      const paint = (now: number): void => {
        if (Reflect.get(window, "painted") !== at) return;
        at.push(now);
        requestAnimationFrame(paint);
      };
      requestAnimationFrame(paint);
    });
    const tasks = await tasksOf(browser, page, async () => {
      await page.getByRole("button", { name: "Draw", exact: true }).click();
      await page.getByRole("navigation").getByRole("button", { name: prompt }).waitFor();
      await isIdle();
    });
    const at: readonly number[] = await page.evaluate(() => Reflect.get(window, "painted"));
    const gaps = at.slice(1).map((now, index) => now - (at[index] ?? now));
    const seconds = ((at.at(-1) ?? 0) - (at[0] ?? 0)) / 1000;
    const [longest] = tasks;
    console.log(
      `${prompt}, ${side} x ${side} in 4 steps, ${seconds.toFixed(1)} s: ${(gaps.length / seconds).toFixed(0)} frames a second, at most ` +
        `${Math.max(...gaps).toFixed(0)} ms apart; longest task ${longest?.processorMs.toFixed(1)} ms of the processor ` +
        `(${longest?.clockMs.toFixed(1)} by the clock), ${tasks.filter(({ processorMs }) => processorMs > 50).length} over 50 ms`,
    );
  }
} finally {
  await browser.close();
  await server.close();
}
