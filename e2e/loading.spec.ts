// What a visitor sees of loading: one bar that only grows, whatever is fetched, read and compiled. And the engine that was measured to be the
// quickest is the one that draws in the next visit.
import { expect, SMALL_LINK, test } from "./studio";

test("one bar for all of loading never runs backwards, and a cancel stops the picture after it; the quickest engine is measured once and remembered", async ({
  freshStudio: studio,
}) => {
  const { page } = studio;
  await page.addInitScript(() => {
    const shares: number[] = [];
    Object.assign(window, { shares });
    new MutationObserver(() => {
      const bar = document.querySelector<HTMLProgressElement>("[data-phase=loading] progress");
      if (bar !== null && bar.value !== shares.at(-1)) shares.push(bar.value);
    }).observe(document, { subtree: true, childList: true, attributes: true });
  });
  // The largest file comes only once others are being made use of: text encoder and pipelines do not wait for it.
  let compiled = async (): Promise<number> => 0;
  page.on("worker", (worker) => {
    if (!/\/entry-[^/]*\.js$/.test(worker.url())) return;
    const counting = worker.evaluate(() => {
      const { createComputePipelineAsync } = GPUDevice.prototype;
      GPUDevice.prototype.createComputePipelineAsync = async function (this: GPUDevice, ...asked) {
        const pipeline = await createComputePipelineAsync.apply(this, asked);
        Reflect.set(globalThis, "compiled", Number(Reflect.get(globalThis, "compiled") ?? 0) + 1);
        return pipeline;
      };
    });
    compiled = async () => (await counting, worker.evaluate(() => Number(Reflect.get(globalThis, "compiled") ?? 0)));
  });
  let heldBack = 0;
  await page.context().route("**/unet/*.safetensors", async (route) => {
    await expect.poll(compiled).toBeGreaterThan(0);
    if (heldBack++ === 0) {
      await studio.cancel().click();
      await expect(studio.said()).toHaveText("Cancelled");
      await expect(studio.cancel(), "what is loaded is needed for the next picture").toBeDisabled();
    }
    await route.continue();
  });
  await page.goto(`./#${SMALL_LINK}`);
  await expect(page.getByText("Press Draw, and the picture comes here.")).toBeVisible();
  await expect(studio.picture(), "none follows").toHaveCount(0);
  expect(heldBack).toBeGreaterThan(0);
  const shares = await page.evaluate((): number[] => Reflect.get(window, "shares"));
  expect(new Set(shares).size).toBeGreaterThan(3);
  expect(shares).toEqual(shares.toSorted((left, right) => left - right));
  // What is compiled last was compiled while the rest arrived, so the bar may go before anybody sees it full: all but the largest file is half.
  expect(shares.at(-1)).toBeGreaterThan(0.5);
  await studio.draw().click();
  await studio.finished();

  const details = page.locator("details", { hasText: "Technical details" });
  await expect(page.locator("footer").getByText("The processor stands in for a GPU here.")).toBeVisible();
  await details.locator("summary").click();
  await details.getByRole("button", { name: "Find the quickest engine" }).click();
  const said = details.getByRole("status");
  await expect(said).toHaveText(/^Onestroke on WebGPU: .*|^ONNX Runtime on .*/, { timeout: 15 * 60_000 });
  await expect(said, "each of the three draws").not.toContainText("could not");
  const engines: Readonly<Record<string, string>> = {
    "Onestroke on WebGPU": "wgsl",
    "ONNX Runtime on WebGPU": "ort-webgpu",
    "ONNX Runtime on WASM": "ort-wasm",
  };
  const lines = ((await said.textContent()) ?? "").split(" · ");
  expect(lines).toHaveLength(3);
  const quickest = engines[lines[0]?.split(":")[0] ?? ""];
  await expect(details.locator(`[data-engine=${quickest}]`)).toHaveCount(3);
  await expect(page.getByLabel("Engine")).toHaveValue("automatic");

  await page.reload();
  await studio.finished();
  await details.locator("summary").click();
  await expect(details.locator(`[data-engine=${quickest}]`)).toHaveCount(3);
  expect(studio.complaints).toEqual([]);
});
