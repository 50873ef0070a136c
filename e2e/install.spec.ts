// The page can be installed, and an installed page is given texts, files and links from outside.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { encodePng } from "../src/image/png";
import { RECIPE_KEYWORD } from "../src/image/png-text";
import { startStaticHost, WITHOUT_MODEL, type StaticHost } from "./static-host";
import { expect, test } from "./guarded";

let host: StaticHost;

test.beforeEach(async () => {
  host = await startStaticHost("dist", "studio/");
  host.broken.set(...WITHOUT_MODEL);
});
test.afterEach(() => host.close());

const prompt = (page: Page) => page.getByLabel("Describe a picture");
const remark = (page: Page) => page.locator("form > p");

async function visit(page: Page): Promise<void> {
  await page.goto(host.url);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

/** A PNG of one pixel, as the page saves it. */
async function pngWith(texts: readonly (readonly [string, string])[]): Promise<string> {
  const file = await encodePng({ width: 1, height: 1, data: new Uint8ClampedArray(4) }, new Map(texts));
  return Buffer.from(file).toString("base64");
}

const RECIPE = {
  model: "vignette",
  prompt: "a castle in the fog",
  negative: "birds",
  steering: { method: "none" },
  steps: 2,
  seed: "42",
  width: 256,
  height: 256,
};

interface Dropped {
  readonly base64: string;
  readonly type: string;
}

function drop(page: Page, file: Dropped): Promise<boolean> {
  return page.evaluate(({ base64, type }) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "file", { type }));
    const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
    return event.defaultPrevented;
  }, file);
}

test("the browser finds nothing that is missing, and every picture is there in the size that is stated", async ({ page, context }) => {
  await visit(page);
  const browser = await context.newCDPSession(page);
  const { errors, url } = await browser.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const { installabilityErrors } = await browser.send("Page.getInstallabilityErrors");
  // Tests run in windows that keep nothing, where nothing can be installed.
  expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(["in-incognito"]);

  const manifest = JSON.parse(await readFile("dist/manifest.webmanifest", "utf8"));
  const purposes = manifest.icons.map(({ purpose, sizes }: { purpose: string; sizes: string }) => `${purpose} ${sizes}`);
  expect(purposes).toEqual(expect.arrayContaining(["any 192x192", "any 512x512", "maskable 192x192", "maskable 512x512"]));
  expect(manifest.screenshots.map(({ form_factor }: { form_factor: string }) => form_factor)).toEqual(["wide", "narrow"]);
  for (const { src, sizes, type } of [...manifest.icons, ...manifest.screenshots]) {
    const size = await page.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, new URL(src, url).href);
    if (type !== "image/svg+xml") expect(size, src).toBe(sizes);
  }
  // Addresses hold below any path of a host.
  expect(new URL(manifest.start_url, url).href).toBe(host.url);
  expect(new URL(manifest.share_target.action, url).href).toBe(host.url);
});

test("the page says what it is where it is linked to, with a picture that is not heavy", async ({ page, request }) => {
  await page.goto(host.url);
  const content = (name: string) => page.locator(`meta[property="${name}"], meta[name="${name}"]`).first().getAttribute("content");
  await expect(page).toHaveTitle(/^Onestroke: .+/);
  expect(await content("description")).toMatch(/^Pictures from a sentence/);
  const card = await request.get(new URL((await content("og:image")) ?? "", host.url).href);
  expect(card.headers()["content-type"]).toBe("image/jpeg");
  expect((await card.body()).byteLength).toBeLessThanOrEqual(150_000);
});

test("the browser's bars have the page's colours, the system's or those that were chosen", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(host.url);
  const bar = () =>
    page.evaluate(
      () =>
        [...document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")].find(({ media }) => matchMedia(media).matches)?.content,
    );
  const paper = () =>
    page.evaluate(() => {
      const [r = 0, g = 0, b = 0] = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
      return `#${[r, g, b].map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
    });
  expect(await bar()).toBe(await paper());
  await page.getByRole("button", { name: "Use dark colours" }).click();
  expect(await bar()).toBe("#0e1013");
  await page.reload();
  await expect.poll(bar).toBe("#0e1013");
  await page.getByRole("button", { name: "Use light colours" }).click();
  expect(await bar()).toBe("#f6f4ef");
});

test.describe("a text that another app shares becomes the prompt", () => {
  test("and is never sent, because the service worker answers", async ({ page }) => {
    await visit(page);
    host.asked.length = 0;
    await page.goto(`${host.url}?title=A+page&text=${encodeURIComponent("a fox & a hare #1")}`);
    await expect(prompt(page)).toHaveValue("a fox & a hare #1");
    await expect.poll(() => new URL(page.url()).search).toBe("");
    expect(host.asked.filter((path) => path.includes("fox"))).toEqual([]);
  });

  test("where there is no service worker yet, the page moves it to where settings are", async ({ page }) => {
    await page.goto(`${host.url}?title=a+quiet+bay`);
    await expect(prompt(page)).toHaveValue("a quiet bay");
    await expect.poll(() => new URL(page.url()).search).toBe("");
  });

  test("in the window that is open, and says what it took the place of", async ({ page }) => {
    const launch = await launchable(page);
    await prompt(page).fill("a sentence that nobody has drawn");
    await launch({ targetURL: `${host.url}?text=a+castle` });
    await expect(prompt(page)).toHaveValue("a castle");
    await expect(remark(page)).toContainText("a sentence that nobody has drawn");
  });
});

test.describe("an installed page that is started again", () => {
  test("stays as it is, with what is typed in it", async ({ page }) => {
    const launch = await launchable(page);
    await prompt(page).fill("half a sente");
    await launch({ targetURL: host.url });
    await expect(prompt(page)).toHaveValue("half a sente");
  });

  test("with a link, draws what the link says", async ({ page }) => {
    const launch = await launchable(page);
    await launch({ targetURL: `${host.url}#prompt=a+desert&seed=9` });
    await expect(prompt(page)).toHaveValue("a desert");
    await expect(page.getByLabel("Seed", { exact: true })).toHaveValue("9");
  });

  test("with a picture that it saved, brings the recipe back; any other file holds none", async ({ page }) => {
    const launch = await launchable(page);
    await launch({ base64: await pngWith([[RECIPE_KEYWORD, JSON.stringify(RECIPE)]]) });
    await expect(prompt(page)).toHaveValue(RECIPE.prompt);
    await expect(page.getByLabel("Seed", { exact: true })).toHaveValue("42");
    await launch({ base64: await pngWith([]) });
    await expect(remark(page)).toContainText("holds no recipe");
    await expect(prompt(page)).toHaveValue(RECIPE.prompt);
  });
});

test.describe("a file that is dropped on the page", () => {
  test("brings its recipe back, and another picture does not", async ({ page }) => {
    await page.goto(host.url);
    const base64 = await pngWith([[RECIPE_KEYWORD, JSON.stringify(RECIPE)]]);
    expect(await drop(page, { base64, type: "image/png" })).toBe(true);
    await expect(prompt(page)).toHaveValue(RECIPE.prompt);
    await expect(page.getByLabel("Leave out", { exact: true })).toHaveValue("birds");
  });

  for (const [name, text] of [
    ["no recipe", undefined],
    ["a recipe that is none", JSON.stringify({ ...RECIPE, steps: -1 })],
    ["no JSON", "{"],
  ] as const) {
    test(`says so with ${name}`, async ({ page }) => {
      await page.goto(host.url);
      await prompt(page).fill("mine");
      await drop(page, { base64: await pngWith(text === undefined ? [] : [[RECIPE_KEYWORD, text]]), type: "image/png" });
      await expect(remark(page)).toContainText("holds no recipe");
      await expect(prompt(page)).toHaveValue("mine");
    });
  }

  test("of another kind does not take the page's place, and is told what is taken", async ({ page }) => {
    await page.goto(host.url);
    expect(await drop(page, { base64: "", type: "text/plain" })).toBe(true);
    await expect(remark(page)).toContainText("a folder or a file of weights");
  });
});

interface Launched {
  readonly targetURL?: string;
  /** A PNG that the page is opened with. */
  readonly base64?: string;
}

/** The page with a launch queue of ours, because only a system can start an installed page. */
async function launchable(page: Page): Promise<(launch: Launched) => Promise<void>> {
  await page.addInitScript(() => {
    const launchQueue = { setConsumer: (consumer: unknown) => Object.assign(window, { consumeLaunch: consumer }) };
    Object.defineProperty(window, "launchQueue", { value: launchQueue });
  });
  await page.goto(host.url);
  await expect(page.getByRole("alert")).toBeVisible();
  // The first one is what the page was loaded by.
  await page.evaluate((targetURL) => Object(window).consumeLaunch({ targetURL, files: [] }), host.url);
  return (launch) =>
    page.evaluate(({ targetURL, base64 }) => {
      const file = base64 && new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "picture.png", { type: "image/png" });
      Object(window).consumeLaunch({ targetURL, files: file ? [{ getFile: async () => file }] : [] });
    }, launch);
}
