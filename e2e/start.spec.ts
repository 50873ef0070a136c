// Drawing over a picture: the shown one and one that is dropped, more or less of it, and the way back to noise.
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Studio } from "./studio";

const dial = ({ page }: Studio) => page.getByRole("slider", { name: "Drawn over it" });

/** Waits until the gallery has the picture that the address's recipe is drawn over: it is kept a moment after it is shown. */
async function startKept({ page }: Studio): Promise<void> {
  const [, name] = /start=([0-9a-f]+)/.exec(page.url()) ?? [];
  const isThere = (key: string): Promise<boolean> =>
    page.evaluate(async (wanted) => {
      const opening = indexedDB.open("onestroke-gallery");
      await new Promise((resolve) => opening.addEventListener("success", resolve));
      const counting = opening.result.transaction("pictures").objectStore("pictures").count(wanted);
      await new Promise((resolve) => counting.addEventListener("success", resolve));
      opening.result.close();
      return counting.result > 0;
    }, key);
  await expect.poll(() => isThere(`start/${name}`)).toBe(true);
}

/** The mean absolute difference of two pictures' bytes. */
function difference(left: string, right: string): number {
  const [one, other] = [Buffer.from(left, "base64"), Buffer.from(right, "base64")];
  return one.reduce((sum, value, at) => sum + Math.abs(value - (other[at] ?? Number.NaN)), 0) / one.length;
}

test("the shown picture, then a dropped one, and noise again", async ({ studio }) => {
  const { page } = studio;
  const night = await studio.drawn({ prompt: "a harbour at night", negative: "", seed: "4", steps: 1 });
  await page.getByRole("button", { name: "Draw over this" }).press("Enter");
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "2 of 4 steps");
  await dial(studio).press("Home");
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "1 of 4 steps");
  const little = await studio.drawn({ prompt: "a meadow at noon" });
  await dial(studio).press("End");
  const much = await studio.drawn({});
  expect(difference(little.pixels, night.pixels)).toBeLessThan(difference(much.pixels, night.pixels));
  await expect(page.getByText(/over a picture, 4 of 4 steps/)).toBeVisible();

  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);

  // One that was copied, as from the screen, which is a PNG without a recipe.
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(48, 48);
    const context = canvas.getContext("2d");
    if (context !== null) {
      context.fillStyle = "rgb(20, 40, 220)";
      context.fillRect(0, 0, 48, 48);
    }
    const data = new DataTransfer();
    data.items.add(new File([await canvas.convertToBlob({ type: "image/png" })], "image.png", { type: "image/png" }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }));
  });
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "2 of 4 steps");
  await dial(studio).press("Home");
  const blue = await studio.drawn({});
  expect(blue.statistics.warmth).toBeLessThan(Math.min(little.statistics.warmth, much.statistics.warmth));

  // A photograph of another ratio.
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(120, 40);
    const context = canvas.getContext("2d");
    if (context !== null) {
      context.fillStyle = "rgb(200, 30, 30)";
      context.fillRect(0, 0, 120, 40);
    }
    const data = new DataTransfer();
    data.items.add(new File([await canvas.convertToBlob({ type: "image/jpeg" })], "red.jpg", { type: "image/jpeg" }));
    document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  });
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "2 of 4 steps");
  await dial(studio).press("Home");
  const red = await studio.drawn({});
  expect(red.statistics.warmth).toBeGreaterThan(little.statistics.warmth);

  // It is kept with what was drawn over it, and drawn over again in a later visit.
  await startKept(studio);
  await page.reload();
  expect((await studio.finished()).pixels).toBe(red.pixels);
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "1 of 4 steps");
  await expect(page.getByText("That picture is not here any more.")).toBeHidden();
  expect((await studio.drawnAnew()).pixels).toBe(red.pixels);

  // With the last of those it goes.
  await page.goto(`./#${new URL(page.url()).hash.slice(1).replace(/start=[0-9a-f]+/, `start=${"0".repeat(32)}`)}`);
  await expect(page.getByText("That picture is not here any more.")).toBeVisible();
  await expect(studio.alert()).toContainText("Choose that picture again");
  await page.getByRole("button", { name: "Start from noise again" }).click();
  await expect(studio.alert()).toBeHidden();
  await expect(dial(studio)).toBeHidden();
  await studio.drawn({ seed: "4", steps: 1 });
  expect(studio.complaints).toEqual([]);
});
