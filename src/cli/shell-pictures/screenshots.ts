// Draws with the built page, and takes screenshots of it with the pictures of the visit: one for wide screens, one for phones.
import type { Browser, Page } from "@playwright/test";

const SEEDS_AND_PROMPTS = [
  ["11", "a desert with cacti at noon"],
  ["11", "a cabin in a snowy forest at night"],
  ["11", "a windmill in a meadow in spring"],
  ["2", "a lighthouse on a cliff at sunset, two sailboats"],
] as const;

/** A software GPU that others use too takes minutes. */
const LONGEST_MS = 10 * 60_000;

/** @returns the pictures as data URLs, in the order in which they were drawn */
export async function drawScreenshots(browser: Browser, url: string, out: string): Promise<readonly string[]> {
  const wide = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "dark", reducedMotion: "reduce" });
  const pictures: string[] = [];
  await wide.goto(`${url}#steps=4&seed=1`);
  for (const [seed, prompt] of SEEDS_AND_PROMPTS) {
    await idle(wide);
    await wide.getByLabel("Describe a picture").fill(prompt);
    await wide.getByLabel("Seed", { exact: true }).fill(seed);
    await wide.getByRole("button", { name: "Draw", exact: true }).click();
    await idle(wide);
    pictures.push(await wide.getByRole("img", { name: prompt }).evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL("image/png")));
  }
  await wide.getByRole("button", { name: "Draw", exact: true }).focus();
  await hideTimes(wide);
  await wide.screenshot({ path: `${out}/screenshots/wide.jpg`, quality: 85 });

  const narrow = await browser.newPage({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    colorScheme: "dark",
    reducedMotion: "reduce",
  });
  await narrow.goto(wide.url());
  await idle(narrow);
  await hideTimes(narrow);
  await narrow.screenshot({ path: `${out}/screenshots/narrow.jpg`, quality: 80 });
  await wide.close();
  await narrow.close();
  return pictures;
}

/** They are those of a software GPU with other work beside it, which no visitor has. */
async function hideTimes(page: Page): Promise<void> {
  await page.locator("figcaption").evaluate((caption) => {
    caption.lastElementChild?.remove();
    const facts = [...caption.querySelectorAll("p")].at(-1);
    facts?.replaceChildren(facts.textContent.split(" · ").slice(0, -1).join(" · "));
  });
}

async function idle(page: Page): Promise<void> {
  await page.locator("[data-phase=idle]").waitFor({ timeout: LONGEST_MS });
}
