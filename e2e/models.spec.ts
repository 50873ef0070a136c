// The whole way of a model, as a visitor goes it: found at the hub, got through a line that breaks, kept, drawn with on a plane, and
// removed.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, expect, test, type BrowserContext, type Page } from "@playwright/test";
import { float32Tensor, safetensorsFile } from "../src/checkpoints/testing/safetensors-file";
import { startFakeHub, type FakeHub } from "../src/hub/testing/fake-hub";
import { guard } from "./guarded";
import { act, ENCODER, faultsBut, landscapes, LANDSCAPES as MODEL, lookAtIt, openModels, row, UNET, VIGNETTE_FILES } from "./landscapes";
import { writePageOfHub } from "./page-of-hub";
import { decibels } from "./pixels";
import { startStaticHost, type StaticHost } from "./static-host";
import { Studio } from "./studio";

/** Of a model that is nowhere, so that a visit which is not about drawing loads none. */
const ELSEWHERE = "prompt=a+windmill&seed=3&model=someone%2Felse";
const RECIPE = `prompt=a+windmill&steps=1&seed=3&size=64x64&model=${encodeURIComponent(MODEL)}`;

/** One that the hub shows to those alone who accepted its licence. */
const GATED = "someone/gated";

/** What the catalogue says of the model that ships with the page, as far as it is read here. */
interface CatalogueFile {
  readonly files: readonly { readonly sha256: string; readonly byteLength: number }[];
}

let folder = "";
let page = "";
let hub: FakeHub;
let host: StaticHost;
let context: BrowserContext;

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "onestroke-models-"));
  const files = landscapes();
  const repositories = { [MODEL]: { files, license: "cc-by-nc-4.0" }, [GATED]: { files, gated: "auto" as const } };
  hub = await startFakeHub({ repositories, token: "hf_t" });
  page = mkdtempSync(join(tmpdir(), "onestroke-page-"));
  writePageOfHub(page, hub.base, hub.files);
  host = await startStaticHost(page);
});

test.afterAll(async () => {
  await Promise.all([host.close(), hub.close()]);
  for (const each of [folder, page]) rmSync(each, { recursive: true, force: true });
});

/** One profile of a browser, which can be closed and opened again. */
async function openBrowser(): Promise<{ studio: Studio; faults: string[] }> {
  const { launchOptions } = test.info().project.use;
  context = await chromium.launchPersistentContext(join(folder, "profile"), { ...launchOptions, viewport: { width: 1280, height: 900 } });
  const faults = await guard(context);
  return { studio: new Studio(context.pages()[0] ?? (await context.newPage())), faults };
}

const others = (faults: readonly string[]): readonly string[] => faultsBut(hub, faults);

/** Bytes that the models take on the disk. */
const stored = (at: Page): Promise<number> =>
  at.evaluate(async () => {
    let sum = 0;
    const add = async (directory: FileSystemDirectoryHandle): Promise<void> => {
      for await (const handle of directory.values()) {
        if (handle instanceof FileSystemDirectoryHandle) await add(handle);
        else if (handle instanceof FileSystemFileHandle) sum += (await handle.getFile()).size;
      }
    };
    await add(await navigator.storage.getDirectory());
    return sum;
  });

/** Damages the last byte of a file of the vault, which is named by its contents. */
const damage = (at: Page, contents: Uint8Array): Promise<void> =>
  at.evaluate(async (name) => {
    const vault = await (await navigator.storage.getDirectory()).getDirectoryHandle("onestroke-vault");
    const handle = await vault.getFileHandle(name);
    const file = await handle.getFile();
    const [byte = 0] = new Uint8Array(await file.slice(-1).arrayBuffer());
    const writable = await handle.createWritable({ keepExistingData: true });
    await writable.write({ type: "write", position: file.size - 1, data: Uint8Array.of(byte ^ 1) });
    await writable.close();
  }, createHash("sha256").update(contents).digest("hex"));

test("a model of the hub is got through a broken line, drawn with offline after a restart, and removed", async () => {
  let { studio, faults } = await openBrowser();
  await studio.page.goto(`${host.url}#${ELSEWHERE}`);
  await expect(studio.alert()).toContainText("is not on this device");

  // What it is comes before anything large is fetched.
  await lookAtIt(studio.page);
  await expect(row(studio.page)).toContainText("not for commercial use");
  const whole = hub.requests.length;
  expect(hub.requests.filter(({ kind, range }) => kind === "file" && range?.startsWith("bytes=0-") !== true)).toEqual([]);

  // The line breaks in the middle of the largest file, and stays broken.
  let isCut = false;
  hub.intercept(({ kind, path, range }, response, file) => {
    if (isCut) return response.destroy() !== undefined;
    const begin = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1]);
    if (kind !== "file" || path !== UNET || begin === 0 || file === undefined) return false;
    isCut = true;
    response.writeHead(206, { "Content-Range": `bytes ${begin}-${begin + 99_999}/${file.bytes.byteLength}` });
    response.write(file.bytes.subarray(begin, begin + 10_000));
    setTimeout(() => response.destroy(), 50);
    return true;
  });
  await act(studio.page, "Download").click();
  await expect(row(studio.page)).toContainText("The connection failed; trying again");
  await expect(act(studio.page, "Pause"), "where the button was that was pressed").toBeFocused();
  expect(hub.requests.length).toBeGreaterThan(whole);
  await context.close();

  // Another day: what has arrived is still here, and only the rest is fetched.
  ({ studio, faults } = await openBrowser());
  hub.intercept(undefined);
  await studio.page.goto(`${host.url}#${ELSEWHERE}`);
  await expect(studio.alert()).toContainText("is not on this device");
  await openModels(studio.page);
  await expect(row(studio.page)).toContainText("of it here");
  const resumed = hub.requests.length;
  await act(studio.page, "Go on").click();
  await expect(row(studio.page)).toContainText("on this device");
  const fetched = hub.requests.slice(resumed).filter(({ kind }) => kind === "file");
  expect(fetched.map(({ path }) => path)).not.toContain(ENCODER);

  // It draws, at its own size, with the prompt that stands there; and it draws what a link to it says.
  const asked = hub.requests.length;
  await act(studio.page, "Draw with it").click();
  await studio.finished();
  await studio.page.goto(`${host.url}#${RECIPE}`);
  await expect(studio.picture()).toHaveAttribute("aria-label", "a windmill");
  const first = await studio.finished();
  expect(hub.requests.length, "nothing is asked of the hub while drawing").toBe(asked);
  expect(others(faults)).toEqual([]);
  expect(studio.complaints.filter((line) => !line.startsWith("request to"))).toEqual([]);
  await context.close();

  // On a plane, after a restart of the browser.
  ({ studio, faults } = await openBrowser());
  await context.setOffline(true);
  await studio.page.goto(`${host.url}#${RECIPE}`);
  // The gallery has the picture at once, and the model draws it again.
  expect((await studio.finished()).pixels).toBe(first.pixels);
  expect((await studio.drawnAnew()).pixels).toBe(first.pixels);
  expect(others(faults)).toEqual([]);
  await context.setOffline(false);

  // Every byte is as published; then it goes, and the room comes back.
  await openModels(studio.page);
  await act(studio.page, "Verify").click();
  await expect(row(studio.page)).toContainText("Every byte is as it was published");
  await studio.page.keyboard.press("Escape");

  // Who chooses another model waits for no picture of this one. What was asked of it is offered, and drawn for the gallery all the same.
  await studio.whileHeld(async () => {
    for (const prompt of ["a bridge", "a pier"]) {
      await studio.wish({ prompt });
      await studio.prompt().press("Enter");
      await expect(studio.phase("drawing")).toBeVisible();
    }
    await openModels(studio.page);
    await studio.page.getByRole("button", { name: "Draw with it: Vignette" }).click();
  });
  await studio.finished();
  await expect(studio.page.getByText("2 pictures that were asked for before the model was changed are not drawn.")).toBeVisible();
  await expect(studio.page).toHaveURL(/prompt=a\+pier.*model=vignette/);
  await studio.page.getByRole("button", { name: "Draw for the gallery" }).press("Enter");
  for (const prompt of ["a bridge", "a pier"]) {
    const kept = studio.page.getByRole("navigation", { name: "Newest pictures" }).getByRole("button", { name: prompt });
    await expect(kept).toHaveCount(prompt === "a pier" ? 2 : 1);
  }
  await studio.finished();
  await expect(studio.page, "what is shown stays").toHaveURL(/prompt=a\+pier.*model=vignette/);
  expect(await studio.page.evaluate(() => document.activeElement?.tagName), "the notice is gone with its button").not.toBe("BODY");
  await studio.drawnAnew();

  // What the disk has damaged is named, and only that is fetched again.
  await openModels(studio.page);
  await damage(studio.page, landscapes()[UNET] ?? new Uint8Array());
  await act(studio.page, "Verify").click();
  await expect(row(studio.page)).toContainText(`${UNET}, bytes`);
  // The path has no place to break at, and must not widen the panel.
  const { x, width } = (await row(studio.page).boundingBox()) ?? { x: Infinity, width: 0 };
  expect(x + width).toBeLessThan(1280);
  const repaired = hub.requests.length;
  await act(studio.page, "Repair").click();
  await expect(row(studio.page)).toContainText("on this device");
  const again = hub.requests.slice(repaired).filter(({ kind }) => kind === "file");
  expect(again.map(({ path }) => path)).toEqual([UNET]);
  const { files: shipped }: CatalogueFile = JSON.parse(readFileSync("models/catalogue/vignette.json", "utf8"));
  const rest = [...new Map(shipped.map(({ sha256, byteLength }) => [sha256, byteLength])).values()].reduce((sum, one) => sum + one, 0);
  expect(await stored(studio.page), "the two models share all but one of their files").toBe(rest + (landscapes()[UNET]?.byteLength ?? 0));
  await act(studio.page, "Remove").click();
  await act(studio.page, "Remove").click();
  await expect(row(studio.page)).toHaveCount(0);
  expect(await stored(studio.page)).toBe(rest);
  await context.close();
});

test("a link to a model that is not here offers to get it", async () => {
  const { studio } = await openBrowser();
  await studio.page.goto(`${host.url}#${RECIPE}`);
  await expect(studio.alert()).toContainText(`${MODEL} is not on this device`);
  await studio.page.getByRole("button", { name: "Get this model" }).click();
  await expect(act(studio.page, "Download")).toBeVisible();
  await context.close();
});

test("a gated model says where its licence is accepted, leads to the token's field, and is offered with one", async () => {
  const { studio, faults } = await openBrowser();
  const { page: at } = studio;
  await at.goto(`${host.url}#${ELSEWHERE}`);
  await expect(studio.alert()).toContainText("is not on this device");
  await openModels(at);
  await at.getByLabel("Name on the hub").fill(GATED);
  await at.getByRole("button", { name: "Look at it" }).click();
  const gated = at.locator(`[data-model="${GATED}"]`);
  await expect(gated).toContainText(`Accept the licence at ${hub.base}/${GATED}`);
  await gated.getByRole("button", { name: /^Enter a token/ }).click();
  await expect(at.getByLabel("Access token")).toBeFocused();
  await at.keyboard.type("hf_t");
  await gated.getByRole("button", { name: /^Try again/ }).click();
  await expect(gated.getByRole("button", { name: /^Download/ })).toBeVisible();
  expect(await at.content(), "the token is in no text of the page").not.toContain("hf_t");
  expect(others(faults)).toEqual([]);
  await context.close();
});

test.describe.serial("a folder of this device", () => {
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  /** What the model that ships with the page draws, and then what its folder does. */
  let pixels = "";

  test.beforeAll(async () => {
    opened = await openBrowser();
    const { studio } = opened;
    await studio.page.goto(`${host.url}#prompt=a+windmill&seed=3&size=64x64`);
    ({ pixels } = await studio.finished());
  });

  test.afterAll(async () => {
    expect(others(opened.faults)).toEqual([]);
    await context.close();
  });

  test("draws where it is; a file that is no model says what it is", async () => {
    const { studio } = opened;
    const { page: at } = studio;
    await openModels(at);
    await at.getByLabel("Open a folder", { exact: true }).last().setInputFiles("models/vignette");
    await expect(at.getByRole("button", { name: "Model: vignette (own)" })).toBeVisible();
    await studio.finished();
    await at.goto(`${host.url}#prompt=a+windmill&seed=3&size=64x64&model=${encodeURIComponent("vignette (own)")}`);
    await expect(at.getByRole("figure")).toContainText("64 × 64");
    const stored = (await studio.finished()).pixels;
    // It is drawn with as it is stored, where the page's own is drawn with in float16: another picture, by little.
    await expect(at.getByText("· 8-bit weights")).toBeVisible();
    expect(decibels(stored, pixels)).toBeGreaterThan(40);
    pixels = stored;

    await openModels(at);
    const lora = { name: "style.safetensors", mimeType: "", buffer: Buffer.from(loraFile()) };
    await at.getByLabel("Open a file", { exact: true }).last().setInputFiles(lora);
    await expect(studio.alert()).toContainText("LoRA");
  });

  test("is offered again in the next visit, and copied into the browser it needs no folder any more", async () => {
    const { studio } = opened;
    const { page: at } = studio;
    // A chooser is the browser's own window, which no test can use. What it gives is a handle like this one.
    await at.addInitScript(() => {
      window.showDirectoryPicker = async () => (await navigator.storage.getDirectory()).getDirectoryHandle("picked", { create: true });
    });
    await at.goto("about:blank");
    await at.goto(`${host.url}#${ELSEWHERE}`);
    await expect(studio.alert()).toContainText("is not on this device");
    await at.evaluate(
      async (paths) => {
        const root = await window.showDirectoryPicker?.({ id: "", mode: "read" });
        for (const path of paths) {
          const [name = "", ...folders] = path.split("/").toReversed();
          let folder = root;
          for (const each of folders.toReversed()) folder = await folder?.getDirectoryHandle(each, { create: true });
          const file = await (await folder?.getFileHandle(name, { create: true }))?.createWritable();
          await (await fetch(`models/vignette/${path}`)).body?.pipeTo(file ?? new WritableStream());
        }
      },
      VIGNETTE_FILES.filter((path) => !/\.(?:md|png|jpg|webp|onnx)$/.test(path)),
    );
    await openModels(at);
    await at.getByRole("button", { name: "Open a folder" }).click();
    await expect(at.getByRole("button", { name: "Model: picked" })).toBeVisible();
    await studio.finished();

    await at.reload();
    await openModels(at);
    const picked = at.locator('[data-model="picked"]');
    await expect(picked).toContainText("from an earlier visit");
    await picked.getByRole("button", { name: /^Open it again/ }).click();
    await expect(at.getByRole("button", { name: "Model: picked" })).toBeVisible();
    await studio.finished();

    await openModels(at);
    await picked.getByRole("button", { name: /^Copy to this browser/ }).click();
    await expect(picked.getByRole("button", { name: /^Verify/ })).toBeVisible();
    await expect(picked).toContainText("not checked against a published hash");
    await at.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry("picked", { recursive: true }));
    await at.goto("about:blank");
    await at.goto(`${host.url}#prompt=a+windmill&seed=3&size=64x64&model=picked`);
    expect((await studio.finished()).pixels).toBe(pixels);
  });
});

/** The smallest file that has a LoRA's names. */
function loraFile(): Uint8Array {
  return safetensorsFile(new Map([["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight", float32Tensor([1])]]));
}
