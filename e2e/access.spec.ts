// The page is for everyone: it works by keyboard alone, and a checker of accessibility finds nothing.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, SMALL, TAUGHT, test } from "./studio";

const PAPER = { light: "rgb(246, 244, 239)", dark: "rgb(14, 16, 19)" } as const;

const paperOf = (page: Page): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** Sets the colours that the system asks for, and waits until the page has them: styles come a frame later. */
async function wear(page: Page, theme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await expect.poll(() => paperOf(page)).toBe(PAPER[theme]);
}

/** What can be operated. A group of radio buttons is reached at the one that is chosen. */
const CONTROLS = "button, a[href], input:not([type=radio]), input:checked, select, textarea, summary";

const FOLDED = ["Advanced", "Technical details"];

test("the keyboard reaches everything, in the page's order, while a picture is drawn", async ({ studio }) => {
  const { page } = studio;
  const controls = page.locator(CONTROLS);
  await wear(page, "light");
  await studio.drawn({ prompt: "a windmill at dusk", negative: "fog", seed: "1", steps: 1 });
  for (const summary of FOLDED) await page.locator("summary", { hasText: summary }).click();
  // A group of radio buttons of which none is chosen, as at a size without a ratio, is reached at its first.
  await studio.wish({ side: TAUGHT });
  await studio.whileHeld(async () => {
    await studio.prompt().press("Control+Enter");
    await expect(studio.cancel()).toBeEnabled();
    const names = await controls.evaluateAll((elements) =>
      elements.map((element) => {
        if (!element.checkVisibility() || element.matches(":disabled")) return undefined;
        const labels = "labels" in element && element.labels instanceof NodeList ? [...element.labels] : [];
        const text = [...labels, element].map(({ textContent }) => textContent?.trim()).find(Boolean);
        return element.getAttribute("aria-label") ?? text ?? element.outerHTML;
      }),
    );
    const usable = names.filter((name) => name !== undefined);
    const some = [
      "Use dark colours",
      "Open the gallery",
      "Favourite",
      "Save and share",
      "Keys",
      "Surprise me",
      "Leave out",
      "About: Steering",
      "Compare",
      "Cancel",
      "Engine",
    ];
    expect(usable).toEqual(expect.arrayContaining([...some, ...FOLDED]));

    await controls.first().focus();
    const reached: (string | undefined)[] = [];
    for (const _ of usable) {
      const at = await controls.evaluateAll((elements) => elements.findIndex((element) => element === document.activeElement));
      reached.push(names[at] ?? "something else");
      await page.keyboard.press("Tab");
    }
    expect(reached).toEqual(usable);
    await studio.cancel().click();
  });
  for (const summary of FOLDED) await page.locator("summary", { hasText: summary }).click();
  await studio.wish({ negative: "", side: SMALL });
});

test("Enter draws", async ({ studio }) => {
  const { page } = studio;
  await studio.whileHeld(async () => {
    await studio.prompt().focus();
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("a windmill at dawn");
    await page.keyboard.press("Enter");
    await expect(studio.phase("drawing")).toBeVisible();
    await studio.cancel().focus();
  });
  await studio.finished();
  await expect(studio.picture()).toHaveAttribute("aria-label", "a windmill at dawn");
  await expect(studio.draw(), "there is nothing to cancel any more").toBeFocused();
});

test("Escape cancels", async ({ studio }) => {
  await studio.wish({ steps: 4 });
  await studio.whileHeld(async () => {
    await studio.prompt().press("Enter");
    await expect(studio.phase("drawing")).toBeVisible();
    await studio.page.keyboard.press("Escape");
    await expect(studio.said()).toHaveText("Cancelled");
  });
  await studio.wish({ steps: 1 });
});

for (const theme of ["light", "dark"] as const) {
  test(`no accessibility complaints, ${theme}`, async ({ studio }) => {
    const { page } = studio;
    await wear(page, theme);
    await studio.wish({ negative: "fog" });
    await page.getByText("Advanced").click();
    await expect(page.getByRole("slider", { name: "Steering" })).toBeVisible();
    await expect(page.getByRole("group", { name: "Steered steps" })).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`))).toEqual([]);
    await page.getByText("Advanced").click();
    await studio.wish({ negative: "" });
  });
}

test("the theme button wins over the system's wish and is remembered", async ({ studio }) => {
  const { page } = studio;
  await wear(page, "light");
  await page.getByRole("button", { name: "Use dark colours" }).click();
  await expect.poll(() => paperOf(page)).toBe(PAPER.dark);
  expect(await page.evaluate(() => localStorage.getItem("onestroke-theme"))).toBe("dark");
  await page.getByRole("button", { name: "Use light colours" }).click();
  await expect.poll(() => paperOf(page)).toBe(PAPER.light);
});

test("the button is in view at any size, a laptop's window at 200 % too, and the focus never lies under it", async ({ studio }) => {
  const { page } = studio;
  const before = page.viewportSize();
  for (const [width, height] of [
    [640, 450],
    [390, 844],
    [320, 480],
    [844, 390],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const foot of [0, 1e6]) {
      await page.evaluate((top) => scrollTo(0, top), foot);
      await expect(studio.draw(), `${width} x ${height}`).toBeInViewport({ ratio: 1 });
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    const last = page.getByRole("button", { name: "Keys" });
    await page.evaluate(() => {
      // What has the focus already is not scrolled to.
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      scrollTo(0, 0);
    });
    await last.focus();
    const [bar, focused] = [await studio.draw().boundingBox(), await last.boundingBox()];
    expect((focused?.y ?? 0) + (focused?.height ?? 0), `${width} x ${height}`).toBeLessThanOrEqual(bar?.y ?? 0);
  }
  if (before !== null) await page.setViewportSize(before);
});

test("the bar leaves most of the window to the picture and the fields: in letters twice as large, and on a telephone that lies on its side", async ({
  studio,
}) => {
  const { page } = studio;
  const before = page.viewportSize();
  const bar = page.locator("form > div").filter({ has: studio.draw() });
  for (const [width, height, letters] of [
    [390, 844, "200%"],
    [320, 640, "200%"],
    [844, 390, "100%"],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.evaluate((size) => document.documentElement.style.setProperty("font-size", size), letters);
    const box = await bar.boundingBox();
    expect(box?.height ?? height, `${width} x ${height}, ${letters}`).toBeLessThan(height / 6);
    for (const button of [studio.draw(), studio.cancel(), page.getByRole("switch", { name: "Live" })]) {
      const { x = -1, width: wide = width } = (await button.boundingBox()) ?? {};
      expect(x, `${width} x ${height}, ${letters}`).toBeGreaterThanOrEqual(0);
      expect(x + wide, `${width} x ${height}, ${letters}`).toBeLessThanOrEqual(width);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);

    await page.getByRole("button", { name: "Gallery" }).click();
    const search = page.getByRole("searchbox");
    const room = (await search.locator("..").boundingBox())?.width ?? width;
    expect((await search.boundingBox())?.width ?? 0, `what is looked for, ${width} x ${height}`).toBeGreaterThan(room / 2);
    await page.keyboard.press("Escape");
    await expect(search).toBeHidden();
  }
  await page.evaluate(() => document.documentElement.style.removeProperty("font-size"));
  if (before !== null) await page.setViewportSize(before);
});

test("a telephone that lies on its side has the picture beside the fields", async ({ studio }) => {
  const { page } = studio;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 844, height: 390 });
  await page.evaluate(() => scrollTo(0, 0));
  const [picture, field] = [await page.getByRole("figure").boundingBox(), await studio.prompt().boundingBox()];
  expect((picture?.x ?? 0) + (picture?.width ?? Number.NaN)).toBeLessThan(field?.x ?? 0);
  await expect(studio.prompt()).toBeInViewport({ ratio: 1 });
  await expect(studio.picture()).toBeInViewport({ ratio: 0.5 });
  // Control: upright, the fields stand below the picture.
  await page.setViewportSize({ width: 390, height: 844 });
  const [above, below] = [await page.getByRole("figure").boundingBox(), await studio.prompt().boundingBox()];
  expect((above?.y ?? 0) + (above?.height ?? Number.NaN)).toBeLessThan(below?.y ?? 0);
  if (before !== null) await page.setViewportSize(before);
});

test("at 320 pixels nothing is cut off", async ({ studio }) => {
  const { page } = studio;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  if (before !== null) await page.setViewportSize(before);
});
