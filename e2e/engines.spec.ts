// Our own kernels compute where there is WebGPU, ONNX Runtime on WASM where there is none, and any engine where it is
// asked for. All of them draw the same picture, to within a rounding.
import { chromium, type Page } from "@playwright/test";
import { guardedPage } from "./guarded";
import { decibels } from "./pixels";
import { crashGpu, expect, SMALL_LINK, Studio, test } from "./studio";

const WASM = "**/ort-wasm-*.wasm";

/** The largest difference of a channel, which goes from 0 to 255. */
function largestDifference(left: string, right: string): number {
  const [a, b] = [Buffer.from(left, "base64"), Buffer.from(right, "base64")];
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] ?? 255))), 0);
}

const facts = (page: Page) => page.locator("details", { hasText: "Technical details" });

test("without WebGPU the page draws on WASM, once it has got it", async ({ studio, baseURL, launchOptions }) => {
  // Headless Chromium has WebGPU only behind a flag.
  const args = (launchOptions.args ?? []).filter((flag) => !flag.includes("webgpu"));
  const browser = await chromium.launch({ ...launchOptions, args });
  try {
    const { page, faults } = await guardedPage(browser, baseURL);
    const withoutGpu = new Studio(page);
    const onGpu = await studio.drawn({ prompt: "a windmill", seed: "15", steps: 1 });
    await page.route(WASM, (route) => route.fulfill({ status: 404 }));
    // One core draws a small picture in a tenth of the time.
    await page.goto(`./#prompt=a+windmill&seed=15&steps=1&${SMALL_LINK}`);
    await expect(withoutGpu.alert()).toHaveAttribute("data-code", "download-failed");
    await page.unroute(WASM);
    withoutGpu.complaints.length = 0;

    await page.getByRole("button", { name: "Try again" }).click();
    const plain = await withoutGpu.finished();
    expect(largestDifference(plain.pixels, onGpu.pixels)).toBeLessThanOrEqual(1);
    await facts(page).locator("summary").click();
    await expect(facts(page)).toContainText("The processor, on one core");
    await expect(facts(page).locator("[data-engine=ort-wasm]")).toHaveCount(3);

    await page.getByRole("button", { name: "Keep this seed" }).click();
    const steered = await withoutGpu.drawn({ negative: "sailboats" });
    expect(largestDifference(steered.pixels, plain.pixels)).toBeGreaterThan(1);
    expect((await withoutGpu.drawnAnew({ negative: "" })).pixels).toBe(plain.pixels);

    // It is kept for the next visit.
    withoutGpu.requests.length = 0;
    await page.reload();
    await withoutGpu.finished();
    await expect(facts(page)).toContainText("The processor, on one core");
    expect(withoutGpu.requests.filter((url) => url.endsWith(".wasm"))).toEqual([]);
    expect([...withoutGpu.complaints, ...faults]).toEqual([]);
  } finally {
    await browser.close();
  }
});

test("nothing of ONNX Runtime is fetched until it is chosen; then it draws, and says so", async ({ studio }) => {
  const { page } = studio;
  const own = await studio.drawn({ prompt: "a windmill", seed: "15", steps: 1 });
  // The model's own graphs come with the model.
  const ofOnnxRuntime = () => studio.requests.filter((url) => /onnx|\bort[.-]/.test(url) && !url.includes("/models/"));
  expect(ofOnnxRuntime()).toEqual([]);
  await facts(page).locator("summary").click();
  await expect(facts(page).locator("[data-engine=wgsl]")).toHaveCount(3);

  await page.getByLabel("Engine").selectOption("ort-wasm");
  await expect(facts(page).locator("[data-engine=ort-wasm]")).toHaveCount(3);
  const other = await studio.drawn({});
  expect(largestDifference(other.pixels, own.pixels)).toBeLessThanOrEqual(1);
  expect(ofOnnxRuntime().filter((url) => url.endsWith(".wasm"))).toHaveLength(1);

  await page.getByLabel("Engine").selectOption("automatic");
  await expect(facts(page).locator("[data-engine=wgsl]")).toHaveCount(3);
  expect((await studio.drawnAnew({})).pixels).toBe(own.pixels);
  expect(studio.complaints).toEqual([]);
});

test("weights of 8 bits draw the same picture to within 40 dB, say so, and are there in the next visit", async ({
  freshStudio: studio,
}) => {
  const { page } = studio;
  await studio.open("prompt=a+windmill&seed=15&size=64x64");
  await facts(page).locator("summary").click();
  const weights = page.getByLabel("Weights");
  await expect(weights.locator("option").nth(1)).toHaveText(/^The model’s own · about \d+(\.\d+)? MB of GPU memory$/);
  await expect(facts(page).locator("[data-engine=wgsl]").first()).toContainText("16-bit weights");

  await weights.selectOption("q8");
  await expect(facts(page).locator("[data-engine=wgsl]").first()).toContainText("8-bit weights");
  await page.getByRole("button", { name: "Keep this seed" }).click();
  const small = await studio.drawn({});
  // Another picture, by little: quantising cost 55 dB in the pictures of docs/quantisation.md, and 8 bits too few would cost 25.
  expect(small.pixels).not.toBe(studio.first?.drawn.pixels);
  expect(decibels(small.pixels, studio.first?.drawn.pixels ?? "")).toBeGreaterThan(40);
  await expect(page.getByText("· 8-bit weights")).toBeVisible();

  await page.reload();
  expect((await studio.drawnAnew()).pixels).toBe(small.pixels);
  await expect(weights).toHaveValue("q8");
  expect(studio.complaints).toEqual([]);
});

test("ONNX Runtime on WebGPU draws the same picture, though the GPU crashes once it is loaded", async ({
  freshStudio: studio,
  browser,
}) => {
  // The picture is small, because this decoder takes seconds on a software GPU where ours takes a tenth of one.
  await studio.open("prompt=a+windmill&seed=15&size=64x64");
  await facts(studio.page).locator("summary").click();
  await studio.page.getByLabel("Engine").selectOption("ort-webgpu");
  await expect(facts(studio.page).locator("[data-engine=ort-webgpu]")).toHaveCount(3);
  await crashGpu(browser);
  await studio.page.getByRole("button", { name: "Keep this seed" }).click();
  const drawn = await studio.drawn({});
  expect(largestDifference(drawn.pixels, studio.first?.drawn.pixels ?? "")).toBeLessThanOrEqual(1);
  await expect(facts(studio.page).locator("[data-engine=ort-webgpu]")).toHaveCount(3);
  expect(studio.complaints).toEqual([]);
});
