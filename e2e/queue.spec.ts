// Pictures that wait for their turn: the list, taking them out by mouse and keys, and a kept picture that is opened meanwhile and stays.
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Studio } from "./studio";

const rows = ({ page }: Studio) => page.getByRole("region", { name: /pictures? waits?$/ }).getByRole("listitem");
const prompts = async (studio: Studio) => (await rows(studio).allTextContents()).map((text) => text.trim());

/** Asks for pictures one after the other, the first of which stays at its beginning until `act` is done. */
async function whileAsking(studio: Studio, asked: readonly string[], act: () => Promise<void>): Promise<void> {
  await studio.whileHeld(async () => {
    for (const prompt of asked) {
      await studio.wish({ prompt });
      await studio.prompt().press("Enter");
      await expect(studio.phase("drawing")).toBeVisible();
    }
    await act();
  });
}

/** What stands in the row of newest pictures for a prompt, whenever something in the page changes from now on, until it is called. */
async function watchRow({ page }: Studio, prompt: string): Promise<() => Promise<readonly string[]>> {
  const watching = await page.evaluateHandle((words) => {
    const seen: string[] = [];
    const look = (): void => {
      const names = [...document.querySelectorAll('nav[aria-label="Newest pictures"] button')];
      const entry = names.find((button) => button.getAttribute("aria-label")?.includes(words));
      const [image, canvas] = [entry?.querySelector("img"), entry?.querySelector("canvas")];
      const isDrawn = canvas?.getContext("2d")?.getImageData(0, 0, 1, 1).data[3] === 255;
      if (entry !== undefined) seen.push(isDrawn ? "drawn" : image?.complete === true && image.naturalWidth > 0 ? "kept" : "nothing");
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
    return seen;
  }, prompt);
  return () => watching.jsonValue();
}

test.afterEach(({ studio }) => {
  expect(studio.complaints).toEqual([]);
});

test("what is asked for meanwhile is listed, and taken out by mouse and keys", async ({ studio }) => {
  const { page } = studio;
  await studio.drawn({ prompt: "a meadow", negative: "", seed: "3", steps: 1 });
  await whileAsking(studio, ["a pier", "a harbour at night", "an island", "a cabin", "a desert"], async () => {
    await expect.poll(() => prompts(studio)).toEqual(["a harbour at night", "an island", "a cabin", "a desert"]);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);

    await page.getByRole("button", { name: "Do not draw: an island" }).click();
    await page.getByRole("heading", { level: 1 }).click();
    await page.keyboard.press("q");
    await expect(page.getByRole("button", { name: "Do not draw: a harbour at night" })).toBeFocused();
    await page.keyboard.press("Delete");
    await expect(page.getByRole("button", { name: "Do not draw: a cabin" })).toBeFocused();
    await page.keyboard.press("Control+z");
    await expect.poll(() => prompts(studio)).toEqual(["a cabin"]);
    await expect(page.getByRole("button", { name: "Do not draw: a cabin" })).toBeFocused();
  });
  await expect(rows(studio)).toHaveCount(0);
  await expect(page.getByRole("figure"), "which has the focus of the row that is drawn now").toBeFocused();
  await expect(page.getByRole("figure").getByText("a cabin", { exact: true })).toBeVisible();
  await studio.finished();
  const newest = page.getByRole("navigation", { name: "Newest pictures" }).getByRole("button", { name: "Show again" });
  await expect(newest.nth(0)).toHaveAccessibleName(/a cabin/);
  await expect(newest.nth(1)).toHaveAccessibleName(/a pier/);
});

test("a kept picture that is opened meanwhile stays, and what was being drawn goes to the gallery", async ({ studio }) => {
  const { page } = studio;
  const kept = await studio.drawn({ prompt: "a castle", negative: "", seed: "8", steps: 1 });
  const strip = page.getByRole("navigation", { name: "Newest pictures" });
  const seen = await watchRow(studio, "mountains");
  await studio.drawn({ prompt: "mountains" });
  await expect(strip.getByRole("button", { name: /mountains/ }).locator("img")).toBeVisible();
  await expect(strip.locator("canvas"), "it gives its place to the small copy").toHaveCount(0);
  expect(new Set(await seen()), "from the moment it is drawn, with its own pixels first").toEqual(new Set(["drawn", "kept"]));
  await whileAsking(studio, ["a volcano", "a river"], async () => {
    await strip.getByRole("button", { name: /Show again.*a castle/ }).click();
    await expect(page.getByText("Drawing for the gallery")).toBeVisible();
    await expect(rows(studio)).toHaveText(/a river.*for the gallery/);
  });
  expect((await studio.finished()).pixels).toBe(kept.pixels);
  await expect(page).toHaveURL(/prompt=a\+castle/);
  await expect(strip.getByRole("button", { name: /a river/ })).toBeVisible();
  await strip.getByRole("button", { name: /a volcano/ }).click();
  expect((await studio.finished()).pixels).not.toBe(kept.pixels);
});

test("the four like one wait for what is asked for, and go on", async ({ studio }) => {
  const { page } = studio;
  await studio.drawn({ prompt: "a lake", negative: "", seed: "4", steps: 1 });
  await studio.whileHeld(async () => {
    await page.getByRole("button", { name: "Four like this" }).click();
    await expect(studio.phase("drawing")).toBeVisible();
    await studio.wish({ prompt: "a waterfall" });
    await studio.prompt().press("Enter");
    await expect.poll(() => prompts(studio)).toEqual(["a waterfall"]);
  });
  await expect(page.getByRole("button", { name: /Show picture . of 4/, disabled: false })).toHaveCount(4);
  await studio.finished();
  await expect(page.getByRole("figure").getByText("a waterfall", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Close the four pictures" }).click();
});
