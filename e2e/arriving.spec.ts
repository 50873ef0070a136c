// A model of the hub is loaded while it arrives: its smaller parts are on the GPU before the last byte of its largest file has come. A line
// that breaks, a pause and a reload in the middle only make the wait longer.
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { startFakeHub, type FakeHub } from "../src/hub/testing/fake-hub";
import { guard } from "./guarded";
import { act, ENCODER, faultsBut, landscapes, LANDSCAPES, lookAtIt, openModels, row, UNET } from "./landscapes";
import { writePageOfHub } from "./page-of-hub";
import { startStaticHost, type StaticHost } from "./static-host";
import { expect, SMALL, SMALL_LINK, Studio, test } from "./studio";

/** Of a model that is not here, so that nothing else is loaded and compiled. */
const ELSEWHERE = "prompt=a+windmill&seed=3&model=someone%2Felse";
const RECIPE = `prompt=a+windmill&steps=1&seed=3&${SMALL_LINK}&model=${encodeURIComponent(LANDSCAPES)}`;
/** What a caption says of a picture that was drawn in this visit: its size, and how long that took. */
const JUST_DRAWN = /\d\s×\s\d+ · \d/;

let folder = "";
let hub: FakeHub;
let host: StaticHost;

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "onestroke-page-"));
  hub = await startFakeHub({ repositories: { [LANDSCAPES]: { files: landscapes() } } });
  writePageOfHub(folder, hub.base, hub.files);
  host = await startStaticHost(folder);
});

test.afterAll(async () => {
  await Promise.all([host.close(), hub.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Holds back all of the largest file but its first chunk. `goOn` lets it through, and `cut` breaks every line that is waiting. */
function holdBack(): { readonly goOn: () => void; readonly cut: () => void; readonly held: () => number } {
  const waiting = new Set<ServerResponse>();
  let goOn: () => void = () => undefined;
  const isLet = new Promise<void>((resolve) => (goOn = resolve));
  hub.intercept(async ({ kind, path, range }, response) => {
    if (kind !== "file" || path !== UNET || range?.startsWith("bytes=0-") !== false) return false;
    waiting.add(response);
    await Promise.race([isLet, new Promise((resolve) => response.once("close", resolve))]);
    waiting.delete(response);
    return response.destroyed;
  });
  return {
    goOn,
    cut: () => {
      for (const response of waiting) response.destroy();
    },
    held: () => waiting.size,
  };
}

/** Counts the bytes that the image worker writes to its GPU from now on. @returns asks how many there are */
async function countUploads(page: Page): Promise<() => Promise<number>> {
  const worker = page.workers().find((one) => /\/entry-/.test(one.url()));
  if (worker === undefined) throw new Error("there is no image worker");
  await worker.evaluate(() => {
    const { getMappedRange } = GPUBuffer.prototype;
    Reflect.set(globalThis, "uploadedBytes", 0);
    GPUBuffer.prototype.getMappedRange = function (this: GPUBuffer, ...range) {
      const bytes = getMappedRange.apply(this, range);
      if ((this.usage & GPUBufferUsage.MAP_WRITE) !== 0)
        Reflect.set(globalThis, "uploadedBytes", Number(Reflect.get(globalThis, "uploadedBytes")) + bytes.byteLength);
      return bytes;
    };
  });
  return () => worker.evaluate(() => Number(Reflect.get(globalThis, "uploadedBytes")));
}

const encoderBytes = landscapes()[ENCODER]?.byteLength ?? Infinity;

test("its smaller parts are on the GPU before the last byte has come, and a broken line, a pause and a reload lose nothing", async ({
  browser,
}) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const faults = await guard(context);
  const studio = new Studio(await context.newPage());
  const { page } = studio;
  await page.goto(`${host.url}#${ELSEWHERE}`);
  await expect(studio.alert()).toContainText("is not on this device");

  const first = holdBack();
  await lookAtIt(page);
  await act(page, "Download").click();
  const uploaded = await countUploads(page);
  await act(page, "Draw with it").click();
  await expect(studio.phase("loading")).toBeVisible();
  await expect.poll(uploaded, { message: "the text encoder is on the GPU" }).toBeGreaterThan(encoderBytes);
  expect(first.held(), "the largest file is not here").toBeGreaterThan(0);

  // The line breaks. The download tries again by itself, and whoever waits for the model still does.
  first.cut();
  await openModels(page);
  await expect(row(page)).toContainText("The connection failed; trying again");
  await expect(studio.phase("loading")).toBeVisible();
  await expect.poll(first.held).toBeGreaterThan(0);

  // A pause is said, and the page goes on as it was.
  await act(page, "Pause").click();
  await expect(studio.alert()).toContainText("stopped before all of it was here");
  await expect(act(page, "Go on")).toBeVisible();

  // A reload in the middle of the next try.
  await act(page, "Go on").click();
  await expect.poll(first.held).toBeGreaterThan(0);
  await page.goto("about:blank");
  await page.goto(`${host.url}#${ELSEWHERE}`);
  await expect(studio.alert()).toContainText("is not on this device");
  await openModels(page);
  await expect(row(page)).toContainText("of it here");
  const before = hub.requests.length;
  const second = holdBack();
  await act(page, "Go on").click();
  const uploadedAgain = await countUploads(page);
  await act(page, "Draw with it").click();
  await expect.poll(uploadedAgain).toBeGreaterThan(encoderBytes);
  expect(second.held()).toBeGreaterThan(0);
  second.goOn();
  await studio.finished();
  await expect(page.locator("figcaption"), "it was drawn here").toContainText(JUST_DRAWN);
  await expect(page.getByRole("button", { name: `Model: ${LANDSCAPES}` })).toBeVisible();
  const asked = hub.requests.slice(before).filter(({ kind }) => kind === "file");
  expect(asked.filter(({ path, range }) => path !== UNET || range?.startsWith("bytes=0-") !== false)).toEqual([]);

  // It is the same model that a later visit opens from the disk.
  const { pixels } = await studio.drawnAnew({ steps: 1, side: SMALL });
  await page.goto("about:blank");
  await page.goto(`${host.url}#${RECIPE}`);
  await studio.finished();
  await studio.drawnAnew();
  await expect(page.locator("figcaption"), "it was drawn here").toContainText(JUST_DRAWN);
  expect((await studio.finished()).pixels).toBe(pixels);
  expect(faultsBut(hub, faults)).toEqual([]);
  await context.close();
});
