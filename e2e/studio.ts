// What the tests do with the page, in the visitor's words: they write a prompt, draw, and look at
// the picture. `studio` is one loaded page that most tests share, because loading is slow on a
// software GPU, and it draws small pictures where their content does not matter. Tests about loading and faults open a page of
// their own.
import type { Browser, Locator, Page } from "@playwright/test";
import { expect, guard, test as base } from "./guarded";
import { statistics, type Pixels, type Statistics } from "./pixels";

/** Enough for a cold load on a software GPU with other work beside it. */
const LOAD_MS = 10 * 60_000;

/** The side of pictures that are only compared with each other, in pixels: a sixteenth of the work. */
export const SMALL = 64;
/** The side that Vignette was taught, for pictures that are looked at. */
export const TAUGHT = 256;
/** The same for a page that is opened by a link. */
export const SMALL_LINK = `size=${SMALL}x${SMALL}`;

export interface Wish {
  readonly prompt?: string;
  readonly negative?: string;
  readonly seed?: string;
  readonly steps?: 1 | 2 | 3 | 4;
  /** The side of a square picture. */
  readonly side?: number;
}

export interface Drawn {
  /** The RGBA pixels in Base64, which are equal if and only if the pictures are. */
  readonly pixels: string;
  readonly statistics: Statistics;
}

export class Studio {
  /** Whatever the page complained about. It is empty when all is well. */
  readonly complaints: string[] = [];
  /** The addresses that the page and its worker asked for. */
  readonly requests: string[] = [];
  readonly page: Page;
  /** What the page showed by itself when it was opened. */
  first: { readonly prompt: string; readonly label: string | null; readonly drawn: Drawn } | undefined;

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(message.text());
    });
    page.on("request", (request) => this.requests.push(request.url()));
  }

  readonly phase = (phase: "loading" | "drawing" | "failed" | "idle") => this.page.locator(`[data-phase=${phase}]`);
  prompt = () => this.page.getByLabel("Describe a picture");
  negative = () => this.page.getByLabel("Leave out", { exact: true });
  seed = () => this.page.getByLabel("Seed", { exact: true });
  draw = () => this.page.getByRole("button", { name: "Draw", exact: true });
  cancel = () => this.page.getByRole("button", { name: "Cancel", exact: true });
  alert = () => this.page.getByRole("alert");
  /** What is said aloud of the picture. */
  said = () => this.page.getByRole("status").first();
  picture = () => this.page.getByRole("img");
  compare = () => this.page.getByRole("button", { name: "Compare" });
  /** One of the two pictures that are compared. */
  side = (name: "without" | "with") => this.page.getByRole("img", { name: `, ${name} steering` });

  /** Opens the page and waits for its first picture. */
  async open(query = ""): Promise<void> {
    await this.page.goto(query === "" ? "./" : `./#${query}`);
    await expect(this.phase("idle")).toBeVisible({ timeout: LOAD_MS });
    const drawn = await this.finished();
    this.first = { prompt: await this.prompt().inputValue(), label: await this.picture().getAttribute("aria-label"), drawn };
  }

  async wish({ prompt, negative, seed, steps, side }: Wish): Promise<void> {
    if (prompt !== undefined) await this.prompt().fill(prompt);
    if (negative !== undefined) await this.negative().fill(negative);
    if (seed !== undefined) await this.seed().fill(seed);
    if (steps !== undefined) await this.page.getByRole("radio", { name: String(steps), exact: true }).check();
    if (side !== undefined) {
      for (const name of ["Width in pixels", "Height in pixels"]) {
        const field = this.page.getByLabel(name, { exact: true });
        await field.fill(String(side));
        await field.press("Enter");
      }
    }
  }

  /** Lets the page believe that nobody can see it, or that somebody can. */
  async hide(isHidden: boolean): Promise<void> {
    await this.page.evaluate(
      (state) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
        document.dispatchEvent(new Event("visibilitychange"));
      },
      isHidden ? "hidden" : "visible",
    );
  }

  /** Empties the gallery, so that a picture is found in it by its prompt, whatever other files have drawn before. */
  async emptyGallery(): Promise<void> {
    await this.page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open("onestroke-gallery");
        opening.addEventListener("success", () => resolve(opening.result));
        opening.addEventListener("error", () => reject(opening.error ?? new Error("the gallery does not open")));
      });
      await new Promise<void>((resolve, reject) => {
        const change = database.transaction("pictures", "readwrite");
        change.addEventListener("complete", () => resolve());
        change.addEventListener("abort", () => reject(change.error ?? new Error("the gallery cannot be changed")));
        change.objectStore("pictures").clear();
      });
      database.close();
      // As another tab says that it has changed something.
      new BroadcastChannel("onestroke-gallery").postMessage("changed");
    });
    await expect(this.page.getByRole("navigation", { name: "Newest pictures" })).toBeHidden();
  }

  /** Writes the wish, presses Draw and waits for the picture. */
  async drawn(wish: Wish): Promise<Drawn> {
    await this.wish(wish);
    await this.draw().click();
    return this.finished();
  }

  /** The same, also where the page has that picture already and would only show it again. */
  async drawnAnew(wish: Wish = {}): Promise<Drawn> {
    await this.wish(wish);
    await this.prompt().press("Control+Enter");
    return this.finished();
  }

  /** Chooses one of the ways to take the picture out of the page. */
  async share(name: string): Promise<void> {
    await this.page.getByRole("button", { name: "Save and share" }).click();
    await this.page.getByRole("group", { name: "Save and share" }).getByRole("button", { name }).click();
  }

  /** Does `act` while the worker sees no work of its GPU end, so that a picture which is begun meanwhile stays at its first step. */
  async whileHeld(act: () => Promise<void>): Promise<void> {
    // The other worker only stores.
    const worker = this.page.workers().findLast((one) => /\/entry-[^/]*\.js$/.test(one.url()));
    await worker?.evaluate(() => {
      const { onSubmittedWorkDone } = GPUQueue.prototype;
      const letGo = new Promise<void>((resolve) => addEventListener("let-go", () => resolve(), { once: true }));
      GPUQueue.prototype.onSubmittedWorkDone = async function (this: GPUQueue) {
        await letGo;
        return onSubmittedWorkDone.call(this);
      };
    });
    await act();
    // It may be another worker's turn by now.
    await worker?.evaluate(() => void dispatchEvent(new Event("let-go"))).catch(() => undefined);
  }

  /** The picture, once nothing is being drawn. */
  async finished(): Promise<Drawn> {
    await expect(this.phase("idle")).toBeVisible({ timeout: LOAD_MS });
    const pixels = await this.pixelsOf(this.picture());
    return { pixels: Buffer.from(pixels.bytes).toString("base64"), statistics: statistics(pixels) };
  }

  async pixelsOf(picture: Locator): Promise<Pixels> {
    return picture.evaluate((canvas: HTMLCanvasElement) => {
      const image = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height);
      return { width: canvas.width, height: canvas.height, bytes: Array.from(image?.data ?? []) };
    });
  }
}

export async function crashGpu(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  // The command's own answer can be lost with the process.
  await session.send("Browser.crashGpuProcess").catch(() => undefined);
  await session.detach();
}

/** The file whose tests have the studio now. */
let fileOfTests: string | undefined;

export const test = base.extend<{ studio: Studio; freshStudio: Studio }, { sharedStudio: Studio }>({
  sharedStudio: [
    async ({ browser }, use) => {
      const context = await browser.newContext();
      const faults = await guard(context);
      const studio = new Studio(await context.newPage());
      await studio.open();
      await studio.wish({ side: SMALL });
      await use(studio);
      expect(faults).toEqual([]);
      await context.close();
    },
    { scope: "worker", timeout: 2 * LOAD_MS },
  ],
  studio: async ({ sharedStudio }, use, { file }) => {
    if (fileOfTests !== undefined && fileOfTests !== file) {
      await sharedStudio.emptyGallery();
      // What another file's tests have set. A link that does not say it would take it back in the middle of a test.
      await sharedStudio.wish({ negative: "", steps: 1, side: SMALL });
    }
    fileOfTests = file;
    await use(sharedStudio);
  },
  freshStudio: async ({ page }, use) => {
    await use(new Studio(page));
  },
});

export { expect };
