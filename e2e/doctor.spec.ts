// The examination: a link in the technical details opens it, it says what runs here and how quickly, and its report names no address.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./studio";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("it opens by its link and by its address, measures, and gives a report without an address", async ({
  freshStudio: studio,
  baseURL,
}) => {
  const { page } = studio;
  await studio.open();
  const link = page.url();
  await page.locator("summary", { hasText: "Technical details" }).click();
  await page.getByRole("link", { name: "Examine this device" }).click();
  const doctor = page.getByRole("dialog", { name: "What this device can do" });
  await expect(doctor.getByText("the processor stands in for a GPU")).toBeVisible();
  await expect(doctor.getByRole("listitem").filter({ hasText: "Vignette" })).toContainText("should run here");
  await expect(doctor.getByText("Yes, but the browser may clear it")).toBeVisible();

  await doctor.getByRole("button", { name: "Measure" }).click();
  await expect(doctor.getByText(/for 256\s×\s256 in 1 step: the median of 3 pictures$/)).toBeVisible();
  await expect(doctor.getByLabel("Time taken by each stage").getByText("Step 1")).toBeVisible();
  // Chromium's software adapter has a clock, too.
  await doctor.getByText("Time by kernel").click();
  await expect(doctor.locator("details").filter({ hasText: "Time by kernel" }).getByText("conv2d", { exact: true })).toBeVisible();
  await doctor.getByRole("button", { name: "Copy the report" }).click();
  await expect(doctor.getByText("Copied")).toBeVisible();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).not.toMatch(/:\/\//);
  expect(text).not.toContain(new URL(baseURL ?? "").host);
  const report = JSON.parse(text);
  expect(report).toMatchObject({
    gpu: { isSoftware: true, limits: { maxBufferSize: expect.any(Number) } },
    storage: { quotaBytes: expect.any(Number), isPersistent: false, isKept: true },
    benchmark: { model: "vignette", width: 256, pictures: 3 },
  });
  const kernels: readonly { count: number; ms: number }[] = report.benchmark.kernels;
  expect(kernels.reduce((sum, { ms }) => sum + ms, 0)).toBeGreaterThan(0);
  // Text encoder, a step of the UNet, and decoder.
  expect(kernels.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(100);
  expect(report.models.length).toBeGreaterThan(5);

  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await doctor.getByText("The report as text").click();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`))).toEqual([]);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  expect(
    await doctor.evaluate(
      (dialog) => [...dialog.querySelectorAll("*")].filter((each) => each.getBoundingClientRect().right > innerWidth).length,
    ),
  ).toBe(0);

  // Closed, the address is what the controls say again, and nothing was drawn into the gallery.
  await page.keyboard.press("Escape");
  await expect(doctor).toBeHidden();
  await expect(page).toHaveURL(link);
  await expect(page.getByRole("img")).toHaveCount(1);

  await page.goto("./#doctor");
  await page.reload();
  await expect(doctor.getByText("What runs here")).toBeVisible();
  await expect(studio.phase("idle")).toBeAttached();
  await expect(page).toHaveURL(/#doctor$/);
  expect(studio.complaints).toEqual([]);
});
