// The library in other people's pages: each example as it is in the repository, on a host of its own. Plain HTML stands below a path and
// under a strict policy, the frame comes from another origin, and the React page has a bundler of its own.
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Locator, Page } from "@playwright/test";
import { build } from "vite";
import { expect, test } from "./guarded";
import { DIST, startStaticHost, type StaticHost } from "./static-host";

const folder = mkdtempSync(join(tmpdir(), "onestroke-library-"));
const hosts: StaticHost[] = [];
const sites = { plain: "", react: "", frame: "", page: "" };

test.beforeAll(async () => {
  test.setTimeout(20 * 60_000);
  const library = join(folder, "library");
  await build({ configFile: "vite.library.config.ts", logLevel: "error", build: { outDir: library } });
  process.env["ONESTROKE"] = library;
  await build({
    root: "examples/react",
    configFile: "examples/react/vite.config.ts",
    logLevel: "warn",
    build: { outDir: join(folder, "react") },
  });
  for (const name of ["plain", "frame"]) {
    cpSync(join("examples", name), join(folder, name), { recursive: true });
    symlinkSync(library, join(folder, name, "onestroke"));
  }
  const serve = async (from: string, below = ""): Promise<string> => {
    const host = await startStaticHost(from, below);
    hosts.push(host);
    return host.url;
  };
  sites.plain = await serve(join(folder, "plain"), "shop/cards/");
  sites.react = await serve(join(folder, "react"));
  // Another name of this machine is another origin.
  sites.frame = (await serve(join(folder, "frame"))).replace("localhost", "127.0.0.1");
  sites.page = await serve(resolve(DIST));
});

test.afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** The pixels of a canvas, which are equal if and only if the pictures are. */
const pixels = (canvas: Locator): Promise<string> =>
  canvas.evaluate((element: HTMLCanvasElement) =>
    Array.from(element.getContext("2d")?.getImageData(0, 0, element.width, element.height).data ?? []).join(),
  );

/** An element of ours beside the page's own. */
async function add(page: Page, attributes: Readonly<Record<string, string>>): Promise<Locator> {
  await page.evaluate((entries) => {
    const element = document.createElement("onestroke-image");
    for (const [name, value] of entries) element.setAttribute(name, value);
    element.id = "added";
    (document.querySelector("main") ?? document.body).append(element);
  }, Object.entries(attributes));
  return page.locator("#added");
}

test("plain HTML: the picture comes by itself, follows its attributes, and is the form's value", async ({ page }) => {
  await page.goto(sites.plain);
  const picture = page.getByRole("img", { name: "a lighthouse on a cliff at sunset" });
  await expect(page.getByText("The picture comes when you get here.")).toBeVisible();
  await expect(page.locator("output")).toHaveText("Drawn: a lighthouse on a cliff at sunset");
  await expect(page.getByText("The picture comes when you get here.")).toBeHidden();
  const first = await pixels(picture);
  await expect(page.locator("onestroke-image:state(drawn):state(idle)")).toHaveCount(1);

  await page.getByLabel("Where to?").fill("the desert at night");
  await page.getByRole("button", { name: "Take it" }).focus();
  await expect(page.locator("output")).toHaveText("Drawn: the desert at night");
  expect(await pixels(page.getByRole("img", { name: "the desert at night" }))).not.toBe(first);

  await page.getByRole("button", { name: "Take it" }).click();
  await expect(page.locator("output")).toHaveText(/^Taken: picture\.png, image\/png, [1-9]\d+ bytes$/);
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
});

test("a model that is larger than may be fetched unasked is offered; a press gets it and draws", async ({ page }) => {
  // A document in which nothing has been drawn yet.
  await page.goto(`${sites.plain}main.css`);
  await page.addScriptTag({ url: "onestroke/element.js", type: "module" });
  const element = await add(page, { prompt: "a windmill", seed: "3", size: "64x64", loading: "eager", unasked: "1" });
  await expect(page.locator("#added:state(offered)")).toHaveCount(1);
  await expect(
    element.getByText(/^This picture is drawn on your own device, with Vignette: \d+ MB to get, once\. Licence: MIT\.$/),
  ).toBeVisible();
  await element.getByRole("button", { name: "Get it and draw" }).click();
  await expect(page.locator("#added:state(drawn)")).toHaveCount(1);
});

test("a wrong attribute is said where the picture would be, and mended by a right one", async ({ page }) => {
  await page.goto(sites.plain);
  const element = await add(page, { prompt: "a windmill", seed: "3", size: "wide", loading: "eager" });
  await expect(element.getByText("A size reads like 256x256")).toBeVisible();
  await element.evaluate((image) => image.setAttribute("size", "64x64"));
  await expect(page.locator("#added:state(drawn)")).toHaveCount(1);
  // One that leaves the page while it draws leaves nothing behind.
  await element.evaluate((image) => {
    image.setAttribute("seed", "4");
    setTimeout(() => image.remove(), 0);
  });
  const next = await page.evaluate(() =>
    document
      .querySelector("onestroke-image")
      ?.draw()
      .then(({ recipe }) => recipe.prompt),
  );
  expect(next).toBe("a lighthouse on a cliff at sunset");
});

test("React: the element and the page's own generator draw the same, and follow the field", async ({ page }) => {
  await page.goto(sites.react);
  const [ofElement, own] = [page.locator("onestroke-image canvas"), page.locator("main > canvas")];
  await expect(page.getByRole("status").last()).toHaveText("a cabin in a forest");
  await expect.poll(() => pixels(own)).toBe(await pixels(ofElement));
  await page.getByLabel("Describe a picture").fill("an island at noon");
  await page.getByLabel("Describe a picture").blur();
  await expect(page.getByRole("status").last()).toHaveText("an island at noon");
  await expect.poll(() => pixels(own)).toBe(await pixels(ofElement));
});

test("X3: a frame of another origin draws what the page asks for, in memory where its storage is off", async ({ page }) => {
  await page.goto(`${sites.frame}?at=${encodeURIComponent(sites.page)}`);
  const status = page.locator("main > [role=status]");
  await expect(status).toHaveText("Connected");
  await page.getByRole("button", { name: "Draw" }).click();
  await expect(status).toHaveText(/^Drawn: [1-9]\d+ bytes of image\/png$/);
  await expect(page.frameLocator("iframe").getByRole("img", { name: "a meadow in winter" })).toBeVisible();
});

test("I4: a frame listens to the page it was made for, and to nobody else", async ({ page }) => {
  // A page of its own, without a policy and without scripts.
  await page.goto(`${sites.frame}main.js`);
  const heard = await page.evaluate(async (address) => {
    const messages: unknown[] = [];
    addEventListener("message", ({ data }) => messages.push(data));
    const frame = document.createElement("iframe");
    frame.src = address;
    document.body.append(frame);
    await new Promise((loaded) => frame.addEventListener("load", loaded));
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data }) => messages.push(data));
    port1.start();
    frame.contentWindow?.postMessage({ type: "onestroke-reply", nonce: "guessed" }, "*", [port2]);
    port1.postMessage({ type: "draw", id: 1, recipe: {} });
    // Its own document has answered by the time that another has been loaded in its place.
    await fetch(location.href);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return messages;
  }, `${sites.page}embed.html?origin=https://somebody.example`);
  expect(heard).toEqual([]);
});
