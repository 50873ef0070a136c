// Drawing while somebody types: what is typed is drawn without a button, a space behind it is not, nothing is computed while the page is
// hidden or the switch is off, and the picture that stands is kept.
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Studio } from "./studio";

const live = ({ page }: Studio) => page.getByRole("switch", { name: "Live" });
const kept = ({ page }: Studio) => page.getByRole("navigation", { name: "Newest pictures" }).getByRole("button", { name: "Show again" });

/** Dispatches that the worker's GPU was given since the first call. */
async function dispatches({ page }: Studio): Promise<number> {
  const worker = page.workers().at(-1);
  return (
    (await worker?.evaluate(() => {
      const { prototype } = GPUComputePassEncoder;
      const { dispatchWorkgroups } = prototype;
      if (!("onestrokeCount" in self)) {
        Reflect.set(self, "onestrokeCount", 0);
        prototype.dispatchWorkgroups = function (this: GPUComputePassEncoder, ...size) {
          Reflect.set(self, "onestrokeCount", Number(Reflect.get(self, "onestrokeCount")) + 1);
          return dispatchWorkgroups.apply(this, size);
        };
      }
      return Number(Reflect.get(self, "onestrokeCount"));
    })) ?? Number.NaN
  );
}

/** The pictures that the page paints from now on, by what they are said to show: numbers that two share if and only if they are the same, but for chance. */
async function painted({ page }: Studio): Promise<(label: string) => Promise<readonly number[]>> {
  const paints = await page.evaluateHandle(() => {
    const all: { readonly label: string | null; readonly picture: number }[] = [];
    const { prototype } = CanvasRenderingContext2D;
    const { putImageData } = prototype;
    prototype.putImageData = function (this: CanvasRenderingContext2D, image: ImageData, left: number, top: number) {
      const picture = image.data.reduce((hash, value) => (Math.imul(hash, 31) + value) | 0, 0);
      if (this.canvas.getAttribute("role") === "img") all.push({ label: this.canvas.getAttribute("aria-label"), picture });
      Reflect.apply(putImageData, this, [image, left, top]);
    };
    return all;
  });
  return (label) => paints.evaluate((all, named) => all.filter((one) => one.label === named).map(({ picture }) => picture), label);
}

test("the first of several steps is shown at once, the later ones refine it, and who wants to can read how quick that is", async ({
  studio,
}) => {
  const { page } = studio;
  const one = await studio.drawn({ prompt: "a river", negative: "", seed: "5", steps: 1 });
  await live(studio).check();
  const pictures = await painted(studio);
  await studio.wish({ steps: 4 });
  await expect(page.getByText(/4 steps/).first()).toBeVisible();
  await studio.wish({ prompt: "a river in autumn" });
  await expect(studio.picture()).toHaveAttribute("aria-label", "a river in autumn");
  const four = await studio.finished();
  const [first, ...later] = await pictures("a river in autumn");
  expect(later.length, "another one is painted after it").toBeGreaterThan(0);
  expect(later.at(-1)).not.toBe(first);
  expect(four.pixels).not.toBe(one.pixels);

  const facts = page.locator("details", { hasText: "Technical details" });
  const open = (isOpen: boolean) => facts.evaluate((details, wanted) => details.toggleAttribute("open", wanted), isOpen);
  await open(true);
  await expect(facts.getByText("Live drawing")).toBeVisible();
  await expect(facts.getByText(/\d m?s from a change to its picture/)).toBeVisible();
  await open(false);
  const stages = page.getByRole("figure").getByText("Time taken by each stage").or(page.getByLabel("Time taken by each stage"));
  await expect(stages).toContainText(/Step 4\s*[\d.]+ m?s/);
  await live(studio).uncheck();
  await studio.wish({ steps: 1 });
  expect(studio.complaints).toEqual([]);
});

test("what is typed is drawn, and nothing else", async ({ studio }) => {
  const { page } = studio;
  /** Waits until the picture is what the controls say, and gives its dispatches. */
  const counted = async (change: () => Promise<void>, isShown: () => Promise<void>): Promise<number> => {
    const before = await dispatches(studio);
    await change();
    await isShown();
    await studio.finished();
    return (await dispatches(studio)) - before;
  };
  const caption = (text: string) => () => expect(page.getByText(new RegExp(`Seed ${text} ·`))).toBeVisible();

  await studio.drawn({ prompt: "a pier", negative: "", seed: "5", steps: 1 });
  await live(studio).focus();
  await page.keyboard.press("Space");
  await expect(live(studio)).toBeChecked();

  await studio.prompt().focus();
  await page.keyboard.press("End");
  await page.keyboard.type(" at night");
  await expect(studio.picture()).toHaveAttribute("aria-label", "a pier at night");
  await studio.finished();

  const seed = await counted(() => studio.wish({ seed: "6" }), caption("6"));
  expect(seed).toBeGreaterThan(0);
  const spaced = await counted(async () => {
    await studio.prompt().press("End");
    await page.keyboard.type("  ");
    await studio.wish({ seed: "7" });
  }, caption("7"));
  expect(spaced, "the spaces cost nothing, and no text is read again for a seed").toBe(seed);

  await expect(kept(studio).first()).toHaveAttribute("aria-current", "true");
  await expect(studio.said()).toContainText("Drawn in");
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);

  const idle = await dispatches(studio);
  await studio.hide(true);
  await studio.prompt().fill("a harbour");
  await studio.page.evaluate(() => new Promise(requestAnimationFrame));
  expect(await dispatches(studio), "hidden").toBe(idle);
  await studio.hide(false);
  await expect(studio.picture()).toHaveAttribute("aria-label", "a harbour");
  await studio.finished();

  await live(studio).uncheck();
  const off = await dispatches(studio);
  await studio.prompt().fill("a forest");
  await studio.page.evaluate(() => new Promise(requestAnimationFrame));
  expect(await dispatches(studio), "off").toBe(off);
  expect(studio.complaints).toEqual([]);
});
