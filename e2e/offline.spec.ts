// The network is off. The page opens all the same once it was here, says what is missing, and goes on when the network is back. It has
// no model in these tests.
import type { Page } from "@playwright/test";
import { expect, test } from "./guarded";
import { startStaticHost, WITHOUT_MODEL, type StaticHost } from "./static-host";

let host: StaticHost;

test.beforeEach(async () => {
  host = await startStaticHost("dist", "on/some/path/");
  host.broken.set(...WITHOUT_MODEL);
});
test.afterEach(() => host.close());

const prompt = (page: Page) => page.getByLabel("Describe a picture");
const alert = (page: Page) => page.getByRole("alert");
const retry = (page: Page) => page.getByRole("button", { name: "Try again" });

async function visit(page: Page): Promise<void> {
  await page.goto(host.url);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

test("D1, D2: after one visit the page opens without a network, from any folder of a host, and says that the model is missing", async ({
  page,
  context,
}) => {
  await visit(page);
  await context.setOffline(true);
  host.asked.length = 0;
  for (const address of ["", "index.html", "?from=somewhere"]) {
    await page.goto("about:blank");
    await page.goto(`${host.url}${address}#prompt=a+castle`);
    await expect(prompt(page)).toHaveValue("a castle");
    await expect(alert(page)).toHaveAttribute("data-code", "offline");
    await expect(alert(page)).toContainText("there is no network");
    await expect(alert(page)).toContainText("Connect to the network and try again");
  }
  // The words that the model knows are part of the page.
  await prompt(page).fill("a bicycle");
  await expect(page.getByText("Vignette does not know: bicycle")).toBeVisible();
  // The browser itself looks for a new service worker, and the test's switch does not hold it back.
  expect(host.asked.filter((path) => path !== "sw.js")).toEqual([]);

  await context.setOffline(false);
  await retry(page).click();
  await expect(alert(page)).toHaveAttribute("data-code", "model-missing");
});

test("control: what was never here does not open without a network", async ({ page, context }) => {
  await visit(page);
  await context.setOffline(true);
  await expect(page.goto(`${host.url}another-page`)).rejects.toThrow("ERR_INTERNET_DISCONNECTED");
});

test("U5: a first visit without a network fails, and the next one is whole", async ({ page, context }) => {
  await context.setOffline(true);
  await expect(page.goto(host.url)).rejects.toThrow("ERR_INTERNET_DISCONNECTED");
  await context.setOffline(false);
  await visit(page);
  await context.setOffline(true);
  await page.reload();
  await expect(prompt(page)).toBeEditable();
});

for (const [name, instead] of [
  ["is cut off before the page was kept", 503],
  ["is answered with a log-in page in place of a script", "<!doctype html>Log in"],
] as const) {
  test(`U5: a visit that ${name} leaves no half page behind`, async ({ page, context }) => {
    host.broken.set("assets/ort.", instead);
    await page.goto(host.url);
    await expect(alert(page)).toHaveAttribute("data-code", "model-missing");
    await expect.poll(() => host.asked.filter((path) => path.startsWith("assets/ort.")).length).toBeGreaterThan(0);
    await context.setOffline(true);
    await expect(page.reload()).rejects.toThrow("ERR_INTERNET_DISCONNECTED");
    await context.setOffline(false);
    host.broken.delete("assets/ort.");
    await visit(page);
    await context.setOffline(true);
    await page.reload();
    await expect(prompt(page)).toBeEditable();
  });
}

test("W2: the network goes before the worker was started: that is said, and trying again helps", async ({ page, context }) => {
  await context.route("**/assets/entry-*.js", (route) => route.abort());
  await page.goto(host.url);
  await expect(alert(page)).toHaveAttribute("data-code", "worker-died");
  await expect(alert(page)).toContainText("could not be loaded");
  await context.unrouteAll();
  await retry(page).click();
  await expect(alert(page)).toHaveAttribute("data-code", "model-missing");
});

test("S13: a browser that keeps nothing for the page opens it all the same", async ({ page }) => {
  await page.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage", "caches", "indexedDB"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException(`${name} is denied`, "SecurityError");
        },
      });
    }
    Object.defineProperty(Navigator.prototype, "serviceWorker", {
      get() {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(host.url);
  await page.getByRole("button", { name: /^Use (?:dark|light) colours$/ }).click();
  await expect(alert(page)).toHaveAttribute("data-code", "model-missing");
  expect(errors).toEqual([]);
});

test("X3: in another site's frame, where nothing may be kept, the page works with a network", async ({ page }) => {
  host.broken.set("frame", `<iframe src="${host.url}" style="inline-size: 100%; block-size: 90vh"></iframe>`);
  // To the browser this is another site.
  await page.goto(`${host.url.replace("localhost", "127.0.0.1")}frame`);
  const frame = page.frameLocator("iframe");
  await expect(frame.getByRole("alert")).toHaveAttribute("data-code", "model-missing");
  await frame.getByLabel("Describe a picture").fill("a castle");
  await frame.getByRole("button", { name: /^Use (?:dark|light) colours$/ }).click();
  await frame.getByRole("button", { name: "Try again" }).click();
  await expect(frame.getByRole("alert")).toHaveAttribute("data-code", "model-missing");
});
