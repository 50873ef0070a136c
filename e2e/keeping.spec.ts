// Keeping pictures, in a real browser with its real storage: what is there after a reload, in another tab, for another visitor, and on a disk
// that is full.
import { unzipSync, zipSync } from "fflate";
import {
  base64,
  bytesOf,
  entries,
  expect,
  gallery,
  inGallery,
  pixelsOf,
  showFromGallery,
  SMALL,
  strip,
  Studio,
  test,
  type Drawn,
} from "./keeper";

test.describe.configure({ mode: "serial" });

test("pictures are there after a reload, the one of the address at once, and an identical recipe is shown and not drawn", async ({
  kept,
}) => {
  const { studio } = kept;
  const { page } = studio;
  const first = await studio.drawn({ prompt: "a red barn", seed: "31" });
  const second = await studio.drawn({ prompt: "a blue barn", seed: "32" });
  await expect(strip(page)).toHaveCount(3);
  await page.reload();
  expect((await studio.finished()).pixels).toBe(second.pixels);
  await expect(strip(page)).toHaveCount(3);
  await studio.wish({ prompt: "a red barn", seed: "31" });
  await studio.draw().click();
  expect((await studio.finished()).pixels).toBe(first.pixels);
  await studio.draw().click();
  await expect(page.locator("form > p", { hasText: "This picture is there already" })).toBeVisible();
  await expect(strip(page)).toHaveCount(3);
  // Nothing was drawn since the reload: what was drawn has its time beside it.
  await expect(page.locator("figcaption").getByText(/ (?:ms|s)$/)).toHaveCount(0);
  await studio.drawnAnew({});
  await expect(
    page
      .locator("figcaption")
      .getByText(/ (?:ms|s)$/)
      .first(),
  ).toBeVisible();
  await expect(strip(page)).toHaveCount(3);
});

test("undo and redo go along the pictures, by keys outside of fields and by buttons", async ({ kept }) => {
  const { studio } = kept;
  const { page } = studio;
  const before = await studio.drawn({ prompt: "an island", seed: "41" });
  const after = await studio.drawn({ prompt: "a harbour", seed: "42" });
  await page.locator("body").press("Control+z");
  await expect(studio.prompt()).toHaveValue("an island");
  expect((await studio.finished()).pixels).toBe(before.pixels);
  await page.locator("body").press("Control+Shift+z");
  await expect(studio.prompt()).toHaveValue("a harbour");
  expect((await studio.finished()).pixels).toBe(after.pixels);
  await page.getByRole("button", { name: "Back to the picture before" }).click();
  await expect(studio.prompt()).toHaveValue("an island");
  await expect(page).toHaveURL(/prompt=an\+island/);
  // In a field it undoes what was typed there.
  await studio.prompt().fill("an island, typed");
  await studio.prompt().press("Control+z");
  await expect(studio.prompt()).toHaveValue("an island");
  await page.getByRole("button", { name: "Forward again" }).click();
  await expect(studio.prompt()).toHaveValue("a harbour");
  await page.getByRole("button", { name: "Forward again" }).press("Enter");
  await expect(page.getByRole("button", { name: "Forward again" })).toBeFocused();
});

test("search finds words of prompts, favourites are filtered, and what is removed comes back", async ({ kept }) => {
  const { page } = kept.studio;
  await inGallery(page, async () => {
    await expect(entries(page)).toHaveCount(5);
    await page.getByLabel("Search in prompts").fill("BARN");
    await expect(entries(page)).toHaveCount(2);
    await page.getByRole("button", { name: "Favourite: a red barn" }).click();
    await page.getByRole("button", { name: "Favourites", exact: true }).click();
    await expect(entries(page)).toHaveCount(1);
    await page.getByLabel("Search in prompts").fill("nothing like it");
    await expect(gallery(page).getByText("No kept picture has these words.")).toBeVisible();
    await page.getByLabel("Search in prompts").fill("");
    await page.getByRole("button", { name: "Favourites", exact: true }).click();

    await gallery(page).getByRole("button", { name: "Show again: a blue barn" }).focus();
    await page.keyboard.press("Delete");
    await expect(entries(page)).toHaveCount(4);
    // The focus goes to a neighbour and not to the page's beginning.
    await expect(gallery(page).locator("li button:focus")).toHaveCount(1);
    await gallery(page).getByRole("button", { name: "Undo" }).click();
    await expect(entries(page)).toHaveCount(5);
  });
  await showFromGallery(page, "a blue barn");
  await expect(kept.studio.prompt()).toHaveValue("a blue barn");
});

test("arrow keys go from picture to picture, and F likes the one with the focus", async ({ kept }) => {
  const { page } = kept.studio;
  await inGallery(page, async () => {
    const buttons = gallery(page).getByRole("button", { name: /^Show again/ });
    await buttons.first().focus();
    await page.keyboard.press("ArrowRight");
    await expect(buttons.nth(1)).toBeFocused();
    await page.keyboard.press("End");
    await expect(buttons.last()).toBeFocused();
    await page.keyboard.press("f");
    await expect(
      entries(page)
        .last()
        .getByRole("button", { name: /^Favourite/ }),
    ).toHaveAttribute("aria-pressed", "true");
    await page.keyboard.press("f");
    await page.keyboard.press("Home");
    await expect(buttons.first()).toBeFocused();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await expect(gallery(page).locator("li button:focus"), "one picture's buttons are in the order of Tab").toHaveCount(0);
  });
});

test("an export is a ZIP of PNGs, and another visitor who imports it has the same pictures", async ({ kept, browser }) => {
  const { studio } = kept;
  const { page } = studio;
  const shown = await studio.drawn({ prompt: "a pier ❄", seed: "51" });
  let archive: Buffer = Buffer.alloc(0);
  await inGallery(page, async () => {
    await expect(entries(page)).toHaveCount(6);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export as ZIP" }).click()]);
    expect(download.suggestedFilename()).toMatch(/^onestroke-\d{4}-\d\d-\d\d\.zip$/);
    archive = await bytesOf(download);
  });
  const files = unzipSync(archive);
  expect(Object.keys(files).toSorted()).toEqual(
    [
      "a-blue-barn-32.png",
      "a-harbour-42.png",
      "a-lighthouse-1.png",
      "a-pier-51.png",
      "a-red-barn-31.png",
      "an-island-41.png",
      "gallery.json",
    ].toSorted(),
  );
  expect(base64(await pixelsOf(page, Buffer.from(files["a-pier-51.png"] ?? []), "image/png"))).toBe(shown.pixels);

  const context = await browser.newContext();
  const other = new Studio(await context.newPage());
  await other.page.goto(`./#prompt=a+meadow&${SMALL}`);
  await inGallery(other.page, async () => {
    const choose = (buffer: Buffer, name = "pictures.zip") =>
      gallery(other.page).locator("input[type=file]").setInputFiles({ name, mimeType: "application/zip", buffer });
    await choose(archive);
    await expect(gallery(other.page).getByText("6 pictures came in.")).toBeVisible();
    await choose(archive);
    await expect(gallery(other.page).getByText("0 pictures came in. 6 were here already.")).toBeVisible();
    await expect(gallery(other.page).getByRole("button", { name: "Favourite: a red barn" })).toHaveAttribute("aria-pressed", "true");
    await choose(Buffer.from(zipSync({ "holiday.png": new Uint8Array([137, 80, 78, 71]) })));
    await expect(gallery(other.page).getByText("No recipe of Onestroke, or damaged: holiday.png.")).toBeVisible();
    await choose(Buffer.from("PK and no more"));
    await expect(gallery(other.page).getByText("this archive cannot be read")).toBeVisible();
    await expect(entries(other.page).first()).toContainText("a pier ❄");
  });
  await showFromGallery(other.page, "a pier ❄");
  // It is shown while the model is still on its way.
  await expect(other.picture()).toHaveAttribute("aria-label", "a pier ❄");
  const pixels = await other.pixelsOf(other.picture());
  expect(base64(pixels.bytes)).toBe(shown.pixels);
  await context.close();
});

test("two tabs have one gallery", async ({ kept }) => {
  const { studio, context } = kept;
  const second = await context.newPage();
  await second.goto(`./#prompt=a+pier+%E2%9D%84&size=64x64&seed=51`);
  await expect(strip(second)).toHaveCount(6);
  await studio.drawn({ prompt: "a tent", seed: "61" });
  await expect(strip(second)).toHaveCount(7);
  await second.getByRole("button", { name: "Show again: a tent" }).click();
  await expect(second.getByLabel("Describe a picture")).toHaveValue("a tent");
  await inGallery(second, async () => {
    await second.getByRole("button", { name: "Remove: a tent" }).click();
    await expect(strip(studio.page)).toHaveCount(6);
    await gallery(second).getByRole("button", { name: "Undo" }).click();
  });
  await expect(strip(studio.page)).toHaveCount(7);
  await second.close();
});

test("a disk that is full loses nothing and says so, and keeps what waited once there is room", async ({ kept }) => {
  const { studio, context } = kept;
  const { page } = studio;
  const session = await context.newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1 });
  const said = page.locator("form [role=status] > p", { hasText: "The disk is full" });
  let drawn: Drawn | undefined;
  // Chromium looks at the quota again some seconds later, and until then lets small pictures in.
  await expect(async () => {
    drawn = await studio.drawnAnew({ prompt: "a full disk", seed: "71" });
    await expect(said).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 5 * 60_000 });
  await expect(strip(page)).toHaveCount(8);
  await studio.drawn({ prompt: "an island", seed: "41" });
  await page.getByRole("button", { name: "Show again: a full disk" }).click();
  expect((await studio.finished()).pixels).toBe(drawn?.pixels);
  await inGallery(page, async () => {
    await expect(gallery(page).getByRole("alert")).toContainText("The disk is full");
    await expect(entries(page).first()).toContainText("not kept");
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    await page.getByRole("button", { name: "Remove: a tent" }).click();
    await expect(gallery(page).getByRole("alert")).toHaveCount(0);
    await expect(gallery(page).getByText("not kept")).toHaveCount(0);
  });
  await page.reload();
  await expect(strip(page)).toHaveCount(7);
  expect((await studio.finished()).pixels).toBe(drawn?.pixels);
  await expect(said).toHaveCount(0);
});

test("hundreds of pictures: only those near the window are decoded", async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  await page.goto("./");
  await expect(page.getByRole("button", { name: "Open the gallery" })).toBeVisible();
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(256, 256);
    const context = canvas.getContext("2d");
    const request = indexedDB.open("onestroke-gallery");
    const database = await new Promise<IDBDatabase>((resolve) => (request.onsuccess = () => resolve(request.result)));
    const rows: [string, unknown][] = [];
    for (let index = 0; index < 600; index++) {
      if (context !== null) context.fillStyle = `hsl(${index % 360} 60% 50%)`;
      context?.fillRect(0, 0, 256, 256);
      const thumbnail = await canvas.convertToBlob({ type: "image/webp" });
      const recipe = {
        model: "vignette",
        prompt: `picture ${index}`,
        negative: "",
        steering: { method: "none" },
        steps: 1,
        seed: "1",
        width: 256,
        height: 256,
      };
      const query = new URLSearchParams({ prompt: recipe.prompt, steps: "1", seed: "1", size: "256x256", model: "vignette" });
      rows.push([`entry/${query}`, { id: query.toString(), recipe, date: index, isFavourite: false, byteLength: 1000, thumbnail }]);
    }
    const store = database.transaction("pictures", "readwrite").objectStore("pictures");
    for (const [key, row] of rows) store.put(row, key);
    await new Promise((resolve) => (store.transaction.oncomplete = resolve));
    database.close();
  });
  await page.reload();
  await expect(strip(page)).toHaveCount(25);
  await inGallery(page, async () => {
    await expect(entries(page)).toHaveCount(600);
    const images = gallery(page).locator("img");
    await expect.poll(() => images.first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
    const decoded = await images.evaluateAll(
      (all: HTMLImageElement[]) => all.filter((image) => image.complete && image.naturalWidth > 0).length,
    );
    expect(decoded).toBeLessThan(200);
    await page.getByLabel("Search in prompts").fill("picture 599");
    await expect(entries(page)).toHaveCount(1);
  });
  await context.close();
});
