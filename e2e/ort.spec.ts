// Tests ONNX Runtime Web on this browser's GPU: what it does as we use it, and beside that what it does without our
// care. On the day that a release mends such a trap, its test fails and says that the care may go.
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { servePage, type ServedPage } from "../src/cli/bench/serve-page";
import { expect, test } from "./guarded";
import { crashGpu } from "./studio";

let served: ServedPage;

test.beforeAll(async () => {
  served = await servePage(fileURLToPath(new URL("../src/ort/testing/page", import.meta.url)));
});
test.afterAll(() => served.close());

async function open(page: Page): Promise<void> {
  await page.goto(served.url);
  await page.waitForFunction(() => "ortTraps" in globalThis);
}

test.beforeEach(({ page }) => open(page));

test("outputs are buffers of our device, and inputs again without leaving it", async ({ page }) => {
  expect(await page.evaluate(() => globalThis.ortTraps.share())).toEqual({
    location: "gpu-buffer",
    first: [11, 22, 33],
    second: [22, 44, 66],
    control: "another device's",
  });
});

test.describe("runs started together", () => {
  test("are run one by one", async ({ page }) => {
    const results = await page.evaluate(() => globalThis.ortTraps.overlap());
    expect(results).toEqual([1, 2, 3, 4].flatMap((n) => [[2 * n], [2 * n]]));
  });

  test("the trap: by themselves they do not all end", async ({ page }) => {
    const started = performance.now();
    expect(await page.evaluate(() => globalThis.ortTraps.rawRuns(1))).toEqual(["done"]);
    const oneMs = performance.now() - started;
    await open(page);
    // Two runs take at most twice as long as one. The bound is twice that, for a machine with other work.
    const late = new Promise((resolve) => setTimeout(() => resolve("never"), 4 * oneMs));
    const together = page.evaluate(() => globalThis.ortTraps.rawRuns(2)).catch(() => "never");
    expect(await Promise.race([together, late])).not.toEqual(["done", "done"]);
  });
});

test.describe("after a failed run", () => {
  test("the next good one is right", async ({ page }) => {
    expect(await page.evaluate(() => globalThis.ortTraps.poison())).toEqual({ bad: "model-unsupported", good: [3] });
  });

  test("the trap: a session with outputs on the GPU goes on failing", async ({ page }) => {
    expect(await page.evaluate(() => globalThis.ortTraps.rawPoison())).toEqual({ bad: "failed", good: "failed" });
  });
});

test("a spoiled model is refused, and a good one opens after it", async ({ page }) => {
  const refused = ["model-unsupported", 3];
  expect(await page.evaluate(() => globalThis.ortTraps.badModels())).toEqual({
    empty: refused,
    "a web page": refused,
    "half a file": refused,
    "flipped bits": refused,
  });
});

test("a lost GPU ends runs by name, and a new page goes on", async ({ page, browser }) => {
  const running = page.evaluate(() => globalThis.ortTraps.loss());
  await page.waitForFunction(() => document.title === "running");
  await crashGpu(browser);
  expect(await running).toBe("gpu-lost");
  await open(page);
  expect(await page.evaluate(() => globalThis.ortTraps.overlap())).toHaveLength(8);
});

test.describe("attention in one operator", () => {
  // The results are float32 sums of 64 products.
  const RIGHT = 1e-5;

  test("is right on our device, which has no subgroups", async ({ page }) => {
    expect(await page.evaluate(() => globalThis.ortTraps.attention())).toBeLessThan(RIGHT);
  });

  test("the trap: with subgroups of four lanes it is wrong", async ({ page }) => {
    const control = await page.evaluate(() => globalThis.ortTraps.rawAttentionWithSubgroups());
    expect(control?.subgroupSize).toBe(4);
    expect(control?.error).toBeGreaterThan(100 * RIGHT);
  });
});
