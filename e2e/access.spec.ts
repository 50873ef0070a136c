// The page for everyone: keyboard alone, and what a checker of accessibility finds.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./studio";

test("the keyboard reaches everything and draws", async ({ studio }) => {
  const { page } = studio;
  await studio.prompt().focus();
  const reached: string[] = [];
  for (let press = 0; press < 12; press++) {
    reached.push(
      await page.evaluate(() => {
        const element = document.activeElement;
        const label =
          element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
            ? element.labels?.[0]?.textContent
            : element?.textContent;
        return (element?.getAttribute("aria-label") ?? label ?? "").trim();
      }),
    );
    await page.keyboard.press("Tab");
  }
  const order = ["Describe a picture", "Leave out", "Draw", "1", "Square", "Seed", "Roll a new seed", "Keep this seed", "Advanced"];
  expect(reached.filter((name) => order.includes(name))).toEqual(order);

  await studio.prompt().focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("a windmill at dawn");
  await page.keyboard.press("Enter");
  await expect(studio.phase("drawing")).toBeVisible();
  await studio.finished();
  await expect(studio.picture()).toHaveAttribute("aria-label", "a windmill at dawn");
});

test("Escape cancels", async ({ studio }) => {
  await studio.wish({ steps: 4 });
  await studio.prompt().press("Enter");
  await expect(studio.phase("drawing")).toBeVisible();
  await studio.page.keyboard.press("Escape");
  await expect(studio.page.getByRole("status")).toHaveText("Cancelled");
  await studio.wish({ steps: 1 });
});

const PAPER = { light: "rgb(246, 244, 239)", dark: "rgb(14, 16, 19)" } as const;

const paperOf = (page: Page): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

/** The system's wish, once the page has followed it: styles come a frame later. */
async function wear(page: Page, theme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await expect.poll(() => paperOf(page)).toBe(PAPER[theme]);
}

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

test("at 320 pixels nothing is cut off", async ({ studio }) => {
  const { page } = studio;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  if (before !== null) await page.setViewportSize(before);
});
