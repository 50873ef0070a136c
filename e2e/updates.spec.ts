// A new version of the page comes while the page is open. It waits until somebody wants it, it never disturbs a picture, and whatever goes
// wrong with it, the version that is there goes on.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { NEXT_TAGLINE, TAGLINE, writeNextVersion } from "./next-version";
import { startStaticHost, WITHOUT_MODEL, type StaticHost } from "./static-host";
import { crashGpu, expect, test } from "./studio";

/** Small pictures, because what they show does not matter here. */
const SMALL = "#prompt=a+windmill&seed=3&size=64x64";

let next = "";
let host: StaticHost;

test.beforeAll(() => {
  next = mkdtempSync(join(tmpdir(), "onestroke-next-"));
  writeNextVersion(next);
});
test.afterAll(() => rmSync(next, { recursive: true, force: true }));
test.beforeEach(async () => {
  host = await startStaticHost();
});
test.afterEach(() => host.close());

const notice = (page: Page, kind: "waiting" | "changed") => page.locator(`[data-update=${kind}]`);
const tagline = (page: Page) => page.getByText("Pictures from a sentence");
const restart = (page: Page) => page.getByRole("button", { name: "Restart" });

/** Waits until the service worker serves the page. */
async function served(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

/** What the browser does by itself once a day, and at the next visit. */
async function lookForUpdate(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    // A broken script is refused.
    await registration.update().catch(() => undefined);
  });
}

async function openWithoutModel(context: BrowserContext): Promise<Page> {
  host.broken.set(...WITHOUT_MODEL);
  const page = await context.newPage();
  await page.goto(host.url);
  await served(page);
  return page;
}

test("U1: a new version waits to be asked for; until then the old one is whole, and afterwards what was typed is there", async ({
  freshStudio: studio,
  browser,
}) => {
  const { page } = studio;
  await page.goto(host.url + SMALL);
  const first = await studio.finished();
  await served(page);
  host.folder = next;
  await lookForUpdate(page);
  await expect(notice(page, "waiting")).toBeVisible();

  // The old worker's script is gone from the host, and a new worker is needed.
  await crashGpu(browser);
  host.asked.length = 0;
  expect((await studio.drawn({ seed: "4" })).pixels).not.toBe(first.pixels);
  expect((await studio.drawn({ seed: "3" })).pixels).toBe(first.pixels);
  expect(host.asked.filter((path) => path.startsWith("assets/"))).toEqual([]);
  await expect(tagline(page)).toHaveText(TAGLINE);

  await studio.wish({ prompt: "a castle" });
  await restart(page).click();
  await expect(tagline(page)).toHaveText(NEXT_TAGLINE);
  await expect(studio.prompt()).toHaveValue("a castle");
  await studio.finished();
  await expect(notice(page, "waiting")).toHaveCount(0);
});

test("U2: a version that comes while a picture is drawn is offered when the picture is there", async ({ freshStudio: studio }) => {
  const { page } = studio;
  await page.goto(host.url + SMALL);
  await studio.finished();
  await served(page);
  host.folder = next;
  await studio.whileHeld(async () => {
    await studio.draw().click();
    await expect(studio.phase("drawing")).toBeVisible();
    await lookForUpdate(page);
    await page.waitForFunction(async () => (await navigator.serviceWorker.ready).waiting !== null);
    await expect(notice(page, "waiting")).toHaveCount(0);
  });
  await studio.finished();
  await expect(notice(page, "waiting")).toBeVisible();
  await page.getByRole("button", { name: "Later" }).click();
  await expect(notice(page, "waiting")).toHaveCount(0);
  await expect(tagline(page)).toHaveText(TAGLINE);
});

test("U1: every tab is told, and a tab that did not ask is not taken away", async ({ context }) => {
  const [one, other] = [await openWithoutModel(context), await openWithoutModel(context)];
  await other.getByLabel("Describe a picture").fill("half a sente");
  host.folder = next;
  await lookForUpdate(one);
  await expect(notice(one, "waiting")).toBeVisible();
  await expect(notice(other, "waiting")).toBeVisible();
  await restart(one).click();
  await expect(tagline(one)).toHaveText(NEXT_TAGLINE);
  await expect(notice(other, "changed")).toBeVisible();
  await expect(tagline(other)).toHaveText(TAGLINE);
  await expect(other.getByLabel("Describe a picture")).toHaveValue("half a sente");
  await restart(other).click();
  await expect(tagline(other)).toHaveText(NEXT_TAGLINE);
  await expect(other.getByLabel("Describe a picture")).toHaveValue("half a sente");
});

test.describe("U3: an update that is broken changes nothing", () => {
  for (const [name, path, status] of [
    ["its service worker is gone", "sw.js", 404],
    ["its host fails", "sw.js", 500],
    ["one of its files is not there yet", "assets/index-Next1234.js", 404],
  ] as const) {
    test(name, async ({ context }) => {
      const page = await openWithoutModel(context);
      host.folder = next;
      host.broken.set(path, status);
      await lookForUpdate(page);
      expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting)).toBeNull();
      await context.setOffline(true);
      await page.reload();
      await expect(tagline(page)).toHaveText(TAGLINE);
      await context.setOffline(false);

      host.broken.delete(path);
      await page.reload();
      await served(page);
      await lookForUpdate(page);
      await expect(notice(page, "waiting")).toBeVisible();
    });
  }
});

test.describe("U4: where the browser keeps no service worker", () => {
  test.use({ serviceWorkers: "block" });

  test("the page works, and a deploy that took its scripts away is found out and loaded, once", async ({
    freshStudio: studio,
    browser,
  }) => {
    const { page } = studio;
    await page.goto(host.url + SMALL);
    await studio.finished();
    host.folder = next;
    await studio.wish({ prompt: "a castle" });
    await crashGpu(browser);
    await studio.draw().click();
    await expect(tagline(page)).toHaveText(NEXT_TAGLINE);
    await expect(studio.prompt()).toHaveValue("a castle");
    await studio.finished();
  });

  test("a page that comes back as it was is not loaded again and again", async ({ page }) => {
    host.broken.set("assets/entry-", 404);
    let loads = 0;
    page.on("domcontentloaded", () => loads++);
    // Some cache on the way gives the old page to whoever opens it, and the new one to whoever asks.
    await page.route(host.url, (route) =>
      route.request().isNavigationRequest()
        ? route.continue()
        : route.fulfill({ contentType: "text/html", body: "<title>another</title>" }),
    );
    await page.goto(host.url);
    await expect.poll(() => loads).toBe(2);
    await expect(page.getByRole("alert")).toHaveAttribute("data-code", "worker-died");
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("alert")).toHaveAttribute("data-code", "worker-died");
    expect(loads).toBe(2);
  });

  test("W2: control: a worker that cannot be loaded on a page that is current is an error, and no reason to load the page again", async ({
    page,
  }) => {
    host.broken.set("assets/entry-", 404);
    let loads = 0;
    page.on("domcontentloaded", () => loads++);
    await page.goto(host.url);
    await expect(page.getByRole("alert")).toHaveAttribute("data-code", "worker-died");
    host.broken.clear();
    host.broken.set(...WITHOUT_MODEL);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("alert")).toHaveAttribute("data-code", "model-missing");
    expect(loads).toBe(1);
  });
});
