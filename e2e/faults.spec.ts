// What goes wrong for real visitors is made to go wrong here. Each fault has a name and a way on, and
// the page goes on working. Tests about loading open a page of their own.
import { chromium } from "@playwright/test";
import { guardedPage } from "./guarded";
import { crashGpu, expect, SMALL_LINK, Studio, test } from "./studio";

// The smallest weights, since every answer goes through the test.
const WEIGHTS = "**/models/vignette/text_encoder/*.safetensors";

test("a missing and a corrupt weight file are named; trying again works once they are mended", async ({ freshStudio: studio }) => {
  const { page } = studio;
  await page.route(WEIGHTS, (route) => route.fulfill({ status: 404, body: "not here" }));
  await page.goto(`./#${SMALL_LINK}`);
  await expect(studio.alert()).toHaveAttribute("data-code", "model-missing");
  await expect(studio.alert()).toContainText("Check the model's address");

  await page.unroute(WEIGHTS);
  await page.route(WEIGHTS, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    // Every later byte is found by the length of the header, which stands in the first eight.
    body.fill(0xff, 0, 8);
    await route.fulfill({ response, body });
  });
  await studio.page.getByRole("button", { name: "Try again" }).click();
  await expect(studio.alert()).toHaveAttribute("data-code", "model-corrupt");
  await expect(studio.alert()).toContainText("Download the model again");

  await page.unroute(WEIGHTS);
  await studio.page.getByRole("button", { name: "Try again" }).click();
  const { statistics } = await studio.finished();
  await expect(studio.alert()).toBeHidden();
  expect(statistics.contrast).toBeGreaterThan(0);
});

test("one flipped bit in the weights is refused, and nothing is drawn with them", async ({ freshStudio: studio }) => {
  await studio.page.route(WEIGHTS, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body.writeUInt8(body.readUInt8(123_456) ^ 1, 123_456);
    await route.fulfill({ response, body });
  });
  await studio.page.goto("./");
  await expect(studio.alert()).toHaveAttribute("data-code", "model-corrupt");
  await expect(studio.alert()).toContainText("another hash than the published one");
});

test("a web page in place of a weight file is not taken for one", async ({ freshStudio: studio }) => {
  await studio.page.route(WEIGHTS, (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<!doctype html>Log in" }));
  await studio.page.goto("./");
  await expect(studio.alert()).toHaveAttribute("data-code", "model-missing");
});

test("a worker that cannot be loaded is named", async ({ freshStudio: studio }) => {
  await studio.page.route("**/assets/entry-*.js", (route) => route.fulfill({ status: 404 }));
  await studio.page.goto("./");
  await expect(studio.alert()).toHaveAttribute("data-code", "worker-died");
  await expect(studio.alert()).toContainText("could not be loaded");
  // Its words have most of a narrow window, also where letters are twice as large.
  for (const width of [390, 320]) {
    await studio.page.setViewportSize({ width, height: 844 });
    for (const letters of ["100%", "200%"]) {
      await studio.page.evaluate((size) => document.documentElement.style.setProperty("font-size", size), letters);
      const words = await studio.alert().locator("p").first().boundingBox();
      expect(words?.width ?? 0, `${width}, ${letters}`).toBeGreaterThan(0.6 * width);
      expect(await studio.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  }
});

test("the link brings the same picture in a new page, and a broken one says so", async ({ studio, freshStudio }) => {
  const there = await studio.drawn({ prompt: "a pier in the rain & fog #1", seed: "77", steps: 1 });
  const query = new URL(studio.page.url()).hash.slice(1);
  await freshStudio.open(query);
  expect((await freshStudio.finished()).pixels).toBe(there.pixels);
  await expect(freshStudio.prompt()).toHaveValue("a pier in the rain & fog #1");

  await freshStudio.page.goto("about:blank");
  await freshStudio.page.goto("./#steps=99");
  await expect(freshStudio.page.getByText("could not be read")).toBeVisible();
});

test("reloading the page brings the same picture, and fetches nothing of the model again", async ({ studio }) => {
  const before = await studio.drawn({ prompt: "a canyon under a clear sky", seed: "4", steps: 1 });
  studio.requests.length = 0;
  await studio.page.reload();
  expect((await studio.finished()).pixels).toBe(before.pixels);
  expect((await studio.drawnAnew()).pixels, "drawn, and not only kept").toBe(before.pixels);
  // The model is on this device by now. Only the list of its words belongs to the page.
  expect(studio.requests.filter((url) => url.includes("/models/") && !url.endsWith("words.json"))).toEqual([]);
});

test("a picture that cannot be written and a link that may not be copied are said so", async ({ studio }) => {
  const { page } = studio;
  await page.evaluate(() => {
    Reflect.deleteProperty(globalThis, "CompressionStream");
    navigator.clipboard.writeText = async () => {
      throw new DOMException("not allowed", "NotAllowedError");
    };
  });
  // One that was kept before is written already.
  await studio.drawn({ prompt: "a pier that nobody wrote down", steps: 1 });
  const remark = page.locator("form > p");
  await studio.share("Save PNG");
  await expect(remark).toContainText("This browser could not write the picture as a file. ReferenceError: CompressionStream");
  await studio.share("Copy link");
  await expect(remark).toContainText("This browser does not let the page copy");
  await page.reload();
  await studio.finished();
  expect(studio.complaints).toEqual([]);
});

test("without a clipboard, as over plain http, nothing offers to copy", async ({ freshStudio: studio }) => {
  await studio.page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "clipboard"));
  await studio.open(SMALL_LINK);
  await studio.page.getByRole("button", { name: "Save and share" }).click();
  await expect(studio.page.getByRole("button", { name: "Save PNG" })).toBeVisible();
  await expect(studio.page.getByRole("button", { name: "Copy link" })).toHaveCount(0);
});

test("the GPU crashes between two pictures: the next is drawn by itself", async ({ studio, browser }) => {
  const before = await studio.drawn({ prompt: "a bridge", seed: "8", steps: 1 });
  await crashGpu(browser);
  await expect(studio.alert()).toBeHidden();
  const after = await studio.drawnAnew({});
  expect(after.pixels).toBe(before.pixels);
});

test("the GPU crashes in the middle of a picture: it is drawn again, the same", async ({ studio, browser }) => {
  const calm = await studio.drawn({ prompt: "a volcano", seed: "12", steps: 2 });
  await studio.drawn({ prompt: "a bay", steps: 1 });
  await studio.wish({ prompt: "a volcano", steps: 2 });
  await studio.whileHeld(async () => {
    await studio.prompt().press("Control+Enter");
    await expect(studio.page.getByText("Drawing, step").first()).toBeVisible();
    await crashGpu(browser);
  });
  const after = await studio.finished();
  await expect(studio.alert()).toBeHidden();
  expect(after.pixels).toBe(calm.pixels);
});

test("without WebGPU, and with an engine that needs it, the page says so and what to do", async ({ baseURL, launchOptions }) => {
  // Headless Chromium has WebGPU only behind a flag.
  const args = (launchOptions.args ?? []).filter((flag) => !flag.includes("webgpu"));
  const browser = await chromium.launch({ ...launchOptions, args });
  try {
    const { page, faults } = await guardedPage(browser, baseURL);
    const studio = new Studio(page);
    await studio.page.goto("./");
    await studio.page.locator("details", { hasText: "Technical details" }).locator("summary").click();
    await studio.page.getByLabel("Engine").selectOption("wgsl");
    await expect(studio.alert()).toHaveAttribute("data-code", "gpu-unavailable");
    await expect(studio.alert()).toContainText("This page cannot use a GPU in this browser");
    await expect(studio.alert().getByRole("listitem").first()).toContainText("Chrome");
    await expect(studio.prompt()).toBeEditable();
    expect(faults).toEqual([]);
  } finally {
    await browser.close();
  }
});
