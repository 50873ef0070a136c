// What a GPU can do to a model that is kept: be too small for it, or be lost while it is loaded.
import { crashGpu, expect, test } from "../studio";

const RECIPE = "prompt=a+lighthouse&steps=1&seed=7&size=64x64";

/** The page's image worker; the other one only stores. */
const isImageWorker = (url: string): boolean => /\/entry-[^/]*\.js$/.test(url);

test("G4 an adapter with the least limits draws what fits it, the same, and says of large models that they may not", async ({
  freshStudio: studio,
}) => {
  await studio.open(RECIPE);
  const { pixels } = await studio.finished();
  /** WebGPU's own defaults, which every adapter has. */
  const least = (): void => {
    const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27, maxComputeWorkgroupStorageSize: 2 ** 14 };
    for (const [name, value] of Object.entries(limits)) {
      Object.defineProperty(GPUSupportedLimits.prototype, name, { get: () => value, configurable: true });
    }
    Object.defineProperty(GPUSupportedLimits.prototype, "maxComputeInvocationsPerWorkgroup", { get: () => 256, configurable: true });
  };
  await studio.page.addInitScript(least);
  await studio.page.addInitScript(() => Object.defineProperty(Navigator.prototype, "deviceMemory", { get: () => 0.5 }));
  const limited: Promise<void>[] = [];
  studio.page.on("worker", (worker) => {
    if (isImageWorker(worker.url())) limited.push(worker.evaluate(least));
  });
  await studio.page.reload();
  await studio.finished();
  expect((await studio.drawnAnew()).pixels).toBe(pixels);
  await Promise.all(limited);
  expect(limited.length).toBeGreaterThan(0);

  await studio.page.getByRole("button", { name: "Model:" }).click();
  const large = studio.page.locator('[data-model="sdxl-turbo"]');
  await expect(large, "it is said before anything is fetched, and nothing is forbidden").toContainText("probably too large here");
  await expect(large.getByRole("button", { name: /^Get:/ })).toBeEnabled();
  await expect(studio.page.locator('[data-model="vignette"]')).not.toContainText("too large");
});

test("G7 the GPU crashes while weights are uploaded: they come from the vault again, and the picture is the same", async ({
  freshStudio: studio,
  browser,
}) => {
  await studio.open(RECIPE);
  const { pixels } = await studio.finished();
  studio.requests.length = 0;
  let crashes = 0;
  studio.page.on("console", (message) => {
    if (message.text() === "half of the weights are there" && crashes++ === 0) void crashGpu(browser);
  });
  let watched = 0;
  studio.page.on("worker", (worker) => {
    if (!isImageWorker(worker.url()) || watched++ > 0) return;
    const hold = worker.evaluate(() => {
      const { unmap } = GPUBuffer.prototype;
      let uploadedBytes = 0;
      let isSaid = false;
      // Weights come in buffers that are mapped to be written.
      GPUBuffer.prototype.unmap = function (this: GPUBuffer): undefined {
        unmap.call(this);
        if ((this.usage & GPUBufferUsage.MAP_WRITE) === 0) return;
        uploadedBytes += this.size;
        if (uploadedBytes < 10e6) return;
        // oxlint-disable-next-line no-console
        if (!isSaid) console.log("half of the weights are there");
        isSaid = true;
        // The rest is slow, so that the crash comes before its end.
        for (const until = performance.now() + 100; performance.now() < until;);
      };
    });
    hold.catch(() => undefined);
  });
  await studio.page.reload();
  await expect.poll(() => crashes).toBe(1);
  await expect.poll(() => watched, "another worker takes over").toBeGreaterThan(1);
  await studio.finished();
  expect((await studio.drawnAnew()).pixels).toBe(pixels);
  await expect(studio.alert()).toBeHidden();
  expect(studio.requests.filter((url) => url.endsWith(".safetensors"))).toEqual([]);
});
