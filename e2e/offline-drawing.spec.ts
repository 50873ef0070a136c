// After one visit with Vignette everything works with the network off: the page is loaded again, the same picture comes out, bit for bit,
// and so it is after the browser was closed and opened again, under any path of a host. It needs the weights to be kept.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext } from "@playwright/test";
import { guard } from "./guarded";
import { startStaticHost } from "./static-host";
import { expect, Studio, test } from "./studio";

const WISH = "prompt=a+windmill&seed=3&size=64x64";

test("after one visit the page draws the same without a network, also after a restart, under any path", async ({ launchOptions }) => {
  const profile = mkdtempSync(join(tmpdir(), "onestroke-profile-"));
  const host = await startStaticHost("dist", "some/path/");
  const start = async (): Promise<{ context: BrowserContext; studio: Studio; faults: readonly string[] }> => {
    const context = await chromium.launchPersistentContext(profile, launchOptions);
    const faults = await guard(context);
    return { context, studio: new Studio(await context.newPage()), faults };
  };
  try {
    const visit = await start();
    await visit.studio.page.goto(`${host.url}#${WISH}`);
    const first = await visit.studio.finished();
    await visit.studio.page.waitForFunction(() => navigator.serviceWorker.controller !== null);

    await visit.context.setOffline(true);
    await visit.studio.page.reload();
    // The gallery has the picture at once, and the model draws it again.
    expect((await visit.studio.finished()).pixels).toBe(first.pixels);
    expect((await visit.studio.drawnAnew()).pixels).toBe(first.pixels);
    expect((await visit.studio.drawn({ seed: "4" })).pixels).not.toBe(first.pixels);
    expect(visit.faults).toEqual([]);
    await visit.context.close();

    const later = await start();
    await later.context.setOffline(true);
    host.asked.length = 0;
    await later.studio.page.goto(`${host.url}#${WISH}`);
    expect((await later.studio.finished()).pixels).toBe(first.pixels);
    expect((await later.studio.drawnAnew()).pixels).toBe(first.pixels);
    await expect(later.studio.alert()).toBeHidden();
    // The browser itself looks for a new service worker, and the test's switch does not hold it back.
    expect(host.asked.filter((path) => path !== "sw.js")).toEqual([]);
    expect(later.faults).toEqual([]);
    await later.context.close();
  } finally {
    await host.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
