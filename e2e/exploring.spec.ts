// Four like this: drawn beside the picture, one held while the others change, and the one that is chosen is shown, linked and drawn again
// the same.
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Studio } from "./studio";

const tiles = ({ page }: Studio) => page.getByRole("button", { name: /^Show picture \d of 4$/ });

/** Numbers that two pictures share if and only if they are the same, but for chance. */
const fingerprints = (studio: Studio) =>
  tiles(studio).evaluateAll((buttons) =>
    buttons.map((button) => {
      const canvas = button.querySelector("canvas");
      const { data = [] } = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
      return Array.from(data).reduce((hash, value) => (Math.imul(hash, 31) + value) | 0, 0);
    }),
  );

test("by keyboard, from the first four to a link that draws the chosen one again", async ({ studio }) => {
  const { page } = studio;
  await studio.drawn({ prompt: "a meadow at noon", negative: "", seed: "9", steps: 1 });
  await page.getByRole("button", { name: "Four like this" }).press("Enter");
  const again = page.getByRole("button", { name: "Draw the others anew" });
  await expect(again).toBeFocused();
  await studio.finished();
  const first = await fingerprints(studio);
  expect(new Set(first).size).toBe(4);

  await page.getByRole("button", { name: "Hold picture 2 of 4" }).press("Space");
  const difference = page.getByRole("slider", { name: "How different" });
  await difference.press("Home");
  for (let press = 0; press < 5; press++) await difference.press("ArrowRight");
  await expect(difference).toHaveAttribute("aria-valuetext", "30 %");
  await again.press("Enter");
  await studio.finished();
  const second = await fingerprints(studio);
  expect(second.map((picture, index) => picture === first[index])).toEqual([false, true, false, false]);
  expect(new Set(second).size).toBe(4);

  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);

  await tiles(studio).nth(2).press("Enter");
  await expect(tiles(studio).nth(2)).toHaveAttribute("aria-current", "true");
  const chosen = await studio.finished();
  await expect(page).toHaveURL(/seed=9&variation=\d+%3A0\.3&/);
  await expect(page.getByText(/varied by 30 % towards \d+/).first()).toBeVisible();
  await page.getByRole("button", { name: "Close the four pictures" }).press("Enter");
  await expect(page.getByRole("button", { name: "Four like this" })).toBeFocused();
  await page.reload();
  expect((await studio.finished()).pixels).toBe(chosen.pixels);
  expect((await studio.drawnAnew()).pixels, "drawn, and not only kept").toBe(chosen.pixels);
  await page.getByRole("button", { name: "Back to the seed’s own" }).click();
  expect((await studio.drawn({})).pixels).not.toBe(chosen.pixels);
  expect(studio.complaints).toEqual([]);
});
