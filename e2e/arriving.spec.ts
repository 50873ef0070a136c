// A model of the hub is loaded while it arrives: its smaller parts, and what has come of its largest file, are on the GPU before the last
// byte. A line that breaks, a pause and a reload in the middle only make the wait longer, and nothing is drawn from bytes that turn out
// wrong.
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { startFakeHub, type FakeHub } from "../src/hub/testing/fake-hub";
import { guard } from "./guarded";
import { act, faultsBut, landscapes, LANDSCAPES, lookAtIt, openModels, row, UNET } from "./landscapes";
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
  hub = await startFakeHub({ repositories: { [LANDSCAPES]: { files } } });
  writePageOfHub(folder, hub.base, hub.files);
  host = await startStaticHost(folder);
});

test.afterAll(async () => {
  await Promise.all([host.close(), hub.close()]);
  rmSync(folder, { recursive: true, force: true });
});

interface Held {
  readonly goOn: () => void;
  /** Breaks every line that is waiting. */
  readonly cut: () => void;
  readonly count: () => number;
}

/** Holds back all of the largest file but its first chunk. @param then what comes in the end */
function holdBack(then: "right bytes" | "wrong bytes" = "right bytes"): Held {
  const waiting = new Set<ServerResponse>();
  let goOn: () => void = () => undefined;
  const isLet = new Promise<void>((resolve) => (goOn = resolve));
  hub.intercept(async ({ kind, path, range }, response, file) => {
    if (kind !== "file" || path !== UNET || range?.startsWith("bytes=0-") !== false) return false;
    waiting.add(response);
    await Promise.race([isLet, new Promise((resolve) => response.once("close", resolve))]);
    waiting.delete(response);
    if (response.destroyed || then === "right bytes" || file === undefined) return response.destroyed;
    const [begin = 0, last = 0] = /(\d+)-(\d+)/.exec(range)?.slice(1).map(Number) ?? [];
    response.writeHead(206, { "Content-Range": `bytes ${begin}-${last}/${file.bytes.byteLength}` });
    response.end(file.bytes.slice(begin, last + 1).map((value) => 255 - value));
    return true;
  });
  return {
    goOn,
    cut: () => {
      for (const response of waiting) response.destroy();
    },
    count: () => waiting.size,
  };
}

interface GpuWatch {
  /** Bytes of weights that were given to the GPU. */
  uploaded(): Promise<number>;
  /** Bytes of its memory that weights have. */
  kept(): Promise<number>;
}

/** Watches what the image worker does with its GPU from now on. */
async function watchGpu(page: Page): Promise<GpuWatch> {
  const worker = page.workers().find((one) => /\/entry-/.test(one.url()));
  if (worker === undefined) throw new Error("there is no image worker");
  await worker.evaluate(() => {
    const counts = { uploaded: 0, kept: 0 };
    Reflect.set(globalThis, "gpuCounts", counts);
    const { createBuffer } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (this: GPUDevice, described) {
      if (described.label === "weights") counts.kept += described.size;
      return createBuffer.call(this, described);
    };
    const { destroy } = GPUBuffer.prototype;
    GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
      if (this.label === "weights") counts.kept -= this.size;
      return destroy.call(this);
    };
    const { copyBufferToBuffer } = GPUCommandEncoder.prototype;
    GPUCommandEncoder.prototype.copyBufferToBuffer = function (this: GPUCommandEncoder, ...copied: readonly unknown[]) {
      const byteLength = copied.at(-1);
      if (copied[0] instanceof GPUBuffer && copied[0].label === "upload" && typeof byteLength === "number") counts.uploaded += byteLength;
      return Reflect.apply(copyBufferToBuffer, this, copied);
    };
  });
  const ask = (name: "uploaded" | "kept"): Promise<number> =>
    worker.evaluate((of) => Number(Reflect.get(Reflect.get(globalThis, "gpuCounts"), of)), name);
  return { uploaded: () => ask("uploaded"), kept: () => ask("kept") };
}

const files = landscapes();
/** More than all files but the largest have, and than half a chunk of that besides. */
const BESIDES = Object.entries(files).reduce((sum, [path, { byteLength }]) => sum + (path === UNET ? 2 ** 22 : byteLength), 0);

test("what has come of it is on the GPU before the last byte; a broken line, a pause, a reload and wrong bytes lose nothing", async ({
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
  const gpu = await watchGpu(page);
  await act(page, "Draw with it").click();
  await expect(studio.phase("loading")).toBeVisible();
  await expect.poll(gpu.uploaded, { message: "the first chunk of the largest file is on the GPU" }).toBeGreaterThan(BESIDES);
  await expect.poll(first.count, { message: "the largest file is not here" }).toBeGreaterThan(0);

  // The line breaks. The download tries again by itself, and whoever waits for the model still does.
  first.cut();
  await openModels(page);
  await expect(row(page)).toContainText("The connection failed; trying again");
  await expect(studio.phase("loading")).toBeVisible();
  await expect.poll(first.count).toBeGreaterThan(0);

  // A pause is said. Whoever goes on has the model that was chosen loaded again.
  await act(page, "Pause").click();
  await expect(studio.alert()).toContainText("stopped before all of it was here");
  await expect(act(page, "Go on")).toBeVisible();

  // A reload in the middle of the next try.
  await act(page, "Go on").click();
  await expect(studio.phase("loading")).toBeVisible();
  await expect.poll(first.count).toBeGreaterThan(0);
  await page.goto("about:blank");
  await page.goto(`${host.url}#${ELSEWHERE}`);
  await expect(studio.alert()).toContainText("is not on this device");
  await openModels(page);
  await expect(row(page)).toContainText("of it here");
  const before = hub.requests.length;
  const second = holdBack("wrong bytes");
  await act(page, "Go on").click();
  const gpuAgain = await watchGpu(page);
  await act(page, "Draw with it").click();
  await expect.poll(gpuAgain.uploaded).toBeGreaterThan(BESIDES);
  await expect.poll(second.count).toBeGreaterThan(0);
  const asked = hub.requests.slice(before).filter(({ kind }) => kind === "file");
  expect(asked.filter(({ path, range }) => path !== UNET || range?.startsWith("bytes=0-") !== false)).toEqual([]);

  // What comes in the end is wrong, twice: what was loaded of it is thrown away, and nothing is drawn from it.
  expect(await gpuAgain.kept()).toBeGreaterThan(0);
  second.goOn();
  await expect(studio.alert()).toContainText("stopped before all of it was here");
  await expect.poll(gpuAgain.kept, { message: "no weights are left on the GPU" }).toBe(0);
  await expect(studio.picture(), "nothing was drawn").toHaveCount(0);
  await openModels(page);
  await expect(row(page)).toContainText("came twice with another hash than the published one");
  hub.intercept(undefined);
  await act(page, "Try again").click();
  await studio.finished();
  await page.keyboard.press("Escape");
  await expect(page.locator("figcaption"), "it was drawn here").toContainText(JUST_DRAWN);
  await expect(page.getByRole("button", { name: `Model: ${LANDSCAPES}` })).toBeVisible();

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
