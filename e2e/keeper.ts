// A visitor who keeps pictures, for the tests that look at keeping and sharing. Pictures are as small as the model draws them well enough to
// be told apart.
import type { BrowserContext, Download, Page } from "@playwright/test";
import { guard } from "./guarded";
import { expect, Studio, test as base, type Drawn } from "./studio";

export const SMALL = "size=64x64&seed=1";

interface Kept {
  readonly context: BrowserContext;
  readonly studio: Studio;
}

/** One visitor for all tests of this file: their gallery grows from test to test. */
export const test = base.extend<object, { kept: Kept }>({
  kept: [
    async ({ browser }, use) => {
      const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
      const faults = await guard(context);
      const studio = new Studio(await context.newPage());
      await studio.open(`prompt=a+lighthouse&${SMALL}`);
      await use({ context, studio });
      expect(faults).toEqual([]);
      expect(studio.complaints).toEqual([]);
      await context.close();
    },
    { scope: "worker", timeout: 20 * 60_000 },
  ],
});

export const gallery = (page: Page) => page.getByRole("dialog", { name: "Gallery" });
export const entries = (page: Page) => gallery(page).getByRole("listitem");
export const strip = (page: Page) => page.getByRole("navigation", { name: "Newest pictures" }).getByRole("button");

export async function inGallery(page: Page, act: () => Promise<void>): Promise<void> {
  await page.getByRole("banner").getByRole("button", { name: "Open the gallery" }).click();
  await expect(gallery(page)).toBeVisible();
  await act();
  await page.getByRole("button", { name: "Close the gallery" }).click();
}

/** The gallery closes over the picture that was chosen. */
export async function showFromGallery(page: Page, prompt: string): Promise<void> {
  await page.getByRole("banner").getByRole("button", { name: "Open the gallery" }).click();
  await gallery(page)
    .getByRole("button", { name: `Show again: ${prompt}` })
    .click();
  await expect(gallery(page)).toBeHidden();
}

export async function bytesOf(download: Download): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

export async function saved(studio: Studio, name: string): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([studio.page.waitForEvent("download"), studio.share(name)]);
  return { name: download.suggestedFilename(), bytes: await bytesOf(download) };
}

/** The pixels of a file of any kind, as the browser reads them. */
export const pixelsOf = (page: Page, bytes: Buffer, type: string) =>
  page.evaluate(
    async ([text, mime]) => {
      const blob = new Blob([Uint8Array.from(atob(text ?? ""), (letter) => letter.charCodeAt(0))], { type: mime ?? "" });
      const bitmap = await createImageBitmap(blob);
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d");
      context?.drawImage(bitmap, 0, 0);
      return Array.from(context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? []);
    },
    [bytes.toString("base64"), type],
  );

export const base64 = (pixels: readonly number[]): Drawn["pixels"] => Buffer.from(pixels).toString("base64");

export { expect, Studio, type Drawn };
