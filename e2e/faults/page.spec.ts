// What people, links, browsers and systems do to the page while it is open. Rows of the same faults that other files have are named there.
import { expect, test } from "../studio";

test.afterEach(({ studio }) => {
  expect(studio.complaints).toEqual([]);
});

test("W5 a storm of draws and cancels ends in the picture of the last prompt", async ({ studio }) => {
  const calm = await studio.drawn({ prompt: "a meadow", seed: "21", steps: 1 });
  await studio.drawn({ prompt: "a harbour" });
  await studio.wish({ prompt: "a meadow" });
  await studio.page.evaluate(() => {
    const buttons = [...document.querySelectorAll("button")];
    const named = (name: string) => buttons.find(({ textContent }) => textContent === name);
    for (let click = 0; click < 60; click++) {
      named("Draw")?.click();
      if (click % 3 !== 2) named("Cancel")?.click();
    }
  });
  expect((await studio.finished()).pixels).toBe(calm.pixels);
  await expect(studio.alert()).toBeHidden();
});

test("W7 hidden, slowed down and short of memory, a picture is finished, the same", async ({ studio }) => {
  const { page } = studio;
  const calm = await studio.drawn({ prompt: "a mill", seed: "8", steps: 2 });
  const cdp = await page.context().newCDPSession(page);
  const seen = (state: DocumentVisibilityState) =>
    page.evaluate((now) => {
      Object.defineProperty(document, "visibilityState", { get: () => now, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 6 });
  await studio.prompt().press("Control+Enter");
  await seen("hidden");
  await cdp.send("Memory.simulatePressureNotification", { level: "critical" });
  expect((await studio.finished()).pixels).toBe(calm.pixels);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  await seen("visible");
  expect((await studio.drawnAnew()).pixels).toBe(calm.pixels);
  await cdp.detach();
  await studio.wish({ steps: 1 });
});

// A headless browser does not freeze a tab that it takes for visible, so the page is halted as a debugger halts it: what the
// worker says meanwhile waits.
test("W7 a page that stands still in the middle of a picture finishes it when it goes on, the same", async ({ studio }) => {
  const { page } = studio;
  const calm = await studio.drawn({ prompt: "a pond", seed: "8", steps: 2 });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Debugger.enable");
  const stands = new Promise((resolve) => cdp.once("Debugger.paused", resolve));
  await studio.prompt().press("Control+Enter");
  await cdp.send("Debugger.pause");
  await stands;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  await cdp.send("Debugger.resume");
  expect((await studio.finished()).pixels).toBe(calm.pixels);
  await expect(studio.alert()).toBeHidden();
  await cdp.detach();
  await studio.wish({ steps: 1 });
});

test("X5 over fifty pictures the memory of the GPU stays the same, and the page's within a tenth", async ({ studio }) => {
  const { page } = studio;
  const worker = page.workers().at(-1);
  await worker?.evaluate(() => {
    const held = { bytes: 0 };
    Reflect.set(globalThis, "held", held);
    const sizes = new WeakMap<GPUBuffer, number>();
    const { createBuffer } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    GPUDevice.prototype.createBuffer = function (this: GPUDevice, descriptor) {
      const buffer = createBuffer.call(this, descriptor);
      sizes.set(buffer, buffer.size);
      held.bytes += buffer.size;
      return buffer;
    };
    GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
      held.bytes -= sizes.get(this) ?? 0;
      sizes.delete(this);
      return destroy.call(this);
    };
  });
  const cdp = await page.context().newCDPSession(page);
  const memory = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    return { gpu: await worker?.evaluate<number>(() => Reflect.get(globalThis, "held").bytes), heap: usedSize };
  };
  const drawSome = async (from: number, to: number) => {
    for (let seed = from; seed < to; seed++) await studio.drawn({ prompt: "a field", seed: String(seed), steps: 1 });
  };
  // As many as the page holds in memory, and then so many more.
  await drawSome(1000, 1015);
  const before = await memory();
  await drawSome(1015, 1050);
  const after = await memory();
  expect(before.gpu).toBeDefined();
  expect(after.gpu).toBe(before.gpu);
  expect(after.heap).toBeLessThan(1.1 * before.heap);
  await cdp.detach();
});

test("I5 markup in every setting of a link is inert: what can be read holds as text, and the rest is named", async ({ studio }) => {
  const { page } = studio;
  const markup = `<img src=x onerror="window.pwned=true"><script>window.pwned=true</script>javascript:alert(1)`;
  const settings = new URLSearchParams({ prompt: markup, negative: markup, seed: "3", size: "64x64" });
  for (const name of ["steering", "steps", "emphasis", "rows", "model"]) settings.append(name, markup);
  await page.evaluate((hash) => (location.hash = hash), settings.toString());
  await expect(page.getByRole("paragraph").filter({ hasText: "could not be read" })).toContainText(
    "steering, steps, emphasis, rows, model",
  );
  await expect(studio.prompt()).toHaveValue(markup);
  await studio.finished();
  await expect(page.getByRole("figure").first()).toContainText("<img src=x");
  expect(await page.evaluate(() => "pwned" in window)).toBe(false);
  await studio.wish({ prompt: "a mill", negative: "" });
});

test("X4 zoomed to twice its size, and with letters twice as large, nothing is cut off, and the button is there", async ({ studio }) => {
  const { page } = studio;
  const before = page.viewportSize();
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  // A window of 1280 x 900 that is zoomed to 200 % is one of 640 x 450.
  await page.setViewportSize({ width: 640, height: 450 });
  expect(await width()).toBeLessThanOrEqual(640);
  await expect(studio.draw()).toBeInViewport({ ratio: 1 });
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  const name = page.getByRole("button", { name: "Model:" }).locator("span").last();
  const own = (await name.textContent()) ?? "";
  for (const shown of [own, "a-name-of-a-model-that-is-longer-than-a-line"]) {
    await name.evaluate((span, text) => (span.textContent = text), shown);
    for (const size of [390, 1280]) {
      await page.setViewportSize({ width: size, height: 844 });
      expect(await width()).toBeLessThanOrEqual(size);
    }
  }
  await name.evaluate((span, text) => (span.textContent = text), own);
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
  if (before !== null) await page.setViewportSize(before);
});
