// Giving pictures away, and the page's keys, sheets and menus: the bytes that leave the page, what each key does, and that everybody can
// use all of it.
import AxeBuilder from "@axe-core/playwright";
import { base64, expect, gallery, inGallery, pixelsOf, saved, test } from "./keeper";

test.describe.configure({ mode: "serial" });

test("files say the prompt, and say nothing of it where somebody wants that", async ({ kept }) => {
  const { studio } = kept;
  const { page } = studio;
  const { pixels } = await studio.drawn({ prompt: "a secret garden", seed: "81" });
  const png = await saved(studio, "Save PNG");
  expect(png.name).toBe("a-secret-garden-81.png");
  expect(png.bytes.toString("utf8")).toContain('"prompt":"a secret garden"');
  expect(base64(await pixelsOf(page, png.bytes, "image/png"))).toBe(pixels);
  const webp = await saved(studio, "Save WebP");
  expect(webp.name).toBe("a-secret-garden-81.webp");
  expect(webp.bytes.toString("latin1")).toMatch(/^RIFF....WEBP/s);
  expect(webp.bytes.toString("latin1")).not.toContain("secret");
  await expect(page.locator("figcaption").getByText("Saved")).toBeVisible();

  await page.getByRole("button", { name: "Save and share" }).click();
  await page.getByLabel("Without the prompt in the file").check();
  await page.keyboard.press("Escape");
  const bare = await saved(studio, "Save PNG");
  expect(bare.name).toBe("picture-81.png");
  expect(bare.bytes.toString("latin1")).not.toContain("secret");
  expect(base64(await pixelsOf(page, bare.bytes, "image/png"))).toBe(pixels);
  await page.reload();
  await studio.finished();
  await page.getByRole("button", { name: "Save and share" }).click();
  await expect(page.getByLabel("Without the prompt in the file")).toBeChecked();
  await page.getByLabel("Without the prompt in the file").uncheck();
  await page.keyboard.press("Escape");
});

test("the picture and its link go to the clipboard, and to the system's share sheet", async ({ kept }) => {
  const { studio } = kept;
  const { page } = studio;
  const { pixels } = await studio.drawn({ prompt: "a bridge", seed: "91" });
  await studio.share("Copy picture");
  await expect(studio.said()).toHaveText("Picture copied");
  const copied = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const bitmap = await createImageBitmap((await item?.getType("image/png")) ?? new Blob());
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    context?.drawImage(bitmap, 0, 0);
    return Array.from(context?.getImageData(0, 0, bitmap.width, bitmap.height).data ?? []);
  });
  expect(base64(copied)).toBe(pixels);
  await studio.share("Copy link");
  await expect(studio.said()).toHaveText("Link copied");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());

  await page.evaluate(() => {
    const told: unknown[] = [];
    Object.assign(navigator, { canShare: () => true, share: async (data: ShareData) => void told.push(data.text, data.files?.[0]?.name) });
    Object.assign(window, { told });
  });
  // The menu asks when it is painted.
  await studio.drawn({ prompt: "a bay", seed: "92" });
  await studio.share("Share…");
  expect(await page.evaluate(() => Reflect.get(window, "told"))).toEqual(["a bay", "a-bay-92.png"]);
});

test("a sheet lists the keys; letters do something outside of fields alone, and nothing where that is switched off", async ({ kept }) => {
  const { studio } = kept;
  const { page } = studio;
  const body = page.locator("body");
  await body.press("?");
  const sheet = page.getByRole("dialog", { name: "Keys" });
  await expect(sheet).toBeVisible();
  for (const key of ["Ctrl", "Z", "?", "Enter"])
    await expect(sheet.locator("kbd", { hasText: new RegExp(`^\\${key}$`) }).first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(sheet).toBeHidden();

  await body.press("g");
  await expect(gallery(page)).toBeVisible();
  await page.keyboard.press("Escape");
  await body.press("f");
  await expect(page.getByRole("button", { name: "Favourite", exact: true })).toHaveAttribute("aria-pressed", "true");
  await body.press("/");
  await expect(studio.prompt()).toBeFocused();
  await studio.prompt().fill("");
  await page.keyboard.type("fg?/");
  await expect(studio.prompt()).toHaveValue("fg?/");
  await expect(gallery(page)).toBeHidden();

  await page.getByRole("button", { name: "Keys" }).click();
  await sheet.getByLabel("Letters alone do something").uncheck();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Keys" }).press("g");
  await expect(gallery(page)).toBeHidden();
  await page.getByRole("button", { name: "Keys" }).click();
  await sheet.getByLabel("Letters alone do something").check();
  await page.keyboard.press("Escape");
});

const FULL = { light: "rgb(246, 244, 239)", dark: "rgb(14, 16, 19)" } as const;

for (const theme of ["light", "dark"] as const) {
  test(`a checker of accessibility finds nothing in the gallery, the menu and the sheet, ${theme}`, async ({ kept }) => {
    const { page } = kept.studio;
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await expect.poll(() => page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(FULL[theme]);
    const check = async (): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`))).toEqual(
        [],
      );
    };
    await inGallery(page, async () => {
      await page
        .getByRole("button", { name: /^Remove: / })
        .first()
        .click();
      await expect(gallery(page).getByRole("button", { name: "Undo" })).toBeVisible();
      await check();
      await gallery(page).getByRole("button", { name: "Undo" }).click();
    });
    await page.getByRole("button", { name: "Save and share" }).click();
    await check();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Keys" }).click();
    await check();
    await page.keyboard.press("Escape");
  });
}

test("at 320 and 390 pixels nothing of it is cut off, and a small picture leaves its caption room", async ({ kept }) => {
  const { page } = kept.studio;
  const isCut = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("dialog[open] > div, html")]
        .filter((box) => box.scrollWidth > box.clientWidth)
        .map(({ className }) => className),
    );
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 700 });
    await inGallery(page, async () => expect(await isCut()).toEqual([]));
    await page.getByRole("button", { name: "Keys" }).click();
    expect(await isCut()).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Save and share" }).click();
    const menu = await page.getByRole("group", { name: "Save and share" }).boundingBox();
    expect(menu?.x).toBeGreaterThanOrEqual(0);
    expect((menu?.x ?? 0) + (menu?.width ?? Infinity)).toBeLessThanOrEqual(width);
    await page.keyboard.press("Escape");
    const caption = await page.locator("figcaption").boundingBox();
    expect(caption?.height).toBeLessThan(250);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
});

test("in forced colours what is chosen can be told apart", async ({ kept }) => {
  const { page } = kept.studio;
  await page.emulateMedia({ forcedColors: "active" });
  const outlines = await page
    .getByRole("group", { name: /^Steps/ })
    .locator("input + span")
    .evaluateAll((notches) => notches.map((notch) => getComputedStyle(notch).outlineStyle));
  expect(outlines).toEqual(["solid", "none", "none", "none"]);
  const heart = page.getByRole("button", { name: "Favourite", exact: true });
  const outline = () => heart.evaluate((button) => getComputedStyle(button).outlineStyle);
  const isLiked = (await heart.getAttribute("aria-pressed")) === "true";
  expect(await outline()).toBe(isLiked ? "solid" : "none");
  await page.emulateMedia({ forcedColors: "none" });
});
