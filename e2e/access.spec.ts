// The page for everyone: keyboard alone, and what a checker of accessibility finds.
import AxeBuilder from "@axe-core/playwright";
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

for (const theme of ["light", "dark"] as const) {
  test(`no accessibility complaints, ${theme}`, async ({ studio }) => {
    await studio.page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await studio.page.getByText("Advanced").click();
    const { violations } = await new AxeBuilder({ page: studio.page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    await studio.page.getByText("Advanced").click();
  });
}

test("the theme button wins over the system's wish and is remembered", async ({ studio }) => {
  const { page } = studio;
  await page.emulateMedia({ colorScheme: "light" });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.getByRole("button", { name: "Use dark colours" }).click();
  expect(await paper()).not.toBe(light);
  expect(await page.evaluate(() => localStorage.getItem("onestroke-theme"))).toBe("dark");
  await page.getByRole("button", { name: "Use light colours" }).click();
  expect(await paper()).toBe(light);
});

test("at 320 pixels nothing is cut off", async ({ studio }) => {
  const { page } = studio;
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
  if (before !== null) await page.setViewportSize(before);
});
