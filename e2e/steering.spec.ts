// Leaving things out on the page: the dial's off is no steering at all, its other positions steer, the two pictures
// can be laid over each other, and a link brings the dial back. Nothing here depends on what a model has learnt.
import AxeBuilder from "@axe-core/playwright";
import type { Locator } from "@playwright/test";
import { expect, test, type Studio } from "./studio";

const MEADOW = { prompt: "a meadow at noon", seed: "1", steps: 1 } as const;

const dial = ({ page }: Studio) => page.getByRole("slider", { name: "Steering" });
const wipe = ({ page }: Studio) => page.getByRole("slider", { name: "Dividing line between the two pictures" });

/** A number that two pictures share if and only if they are the same, but for chance. */
const fingerprint = (picture: Locator) =>
  picture.evaluate((canvas: HTMLCanvasElement) =>
    Array.from(canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? []).reduce(
      (hash, value) => (Math.imul(hash, 31) + value) | 0,
      0,
    ),
  );

async function saved({ page }: Studio, name: "without" | "with") {
  const button = page.getByRole("button", { name: `Save PNG, ${name} steering` });
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk));
  return { name: download.suggestedFilename(), text: Buffer.concat(chunks).toString("utf8") };
}

test.afterEach(({ studio }) => {
  expect(studio.complaints).toEqual([]);
});

test("off is the unsteered picture bit for bit, the notch is another, and the link brings it back", async ({ studio }) => {
  const plain = await studio.drawn({ ...MEADOW, negative: "" });
  await expect(dial(studio)).toBeHidden();
  await studio.wish({ negative: "snow" });
  await dial(studio).press("Home");
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "off");
  expect((await studio.drawn({})).pixels).toBe(plain.pixels);
  for (let press = 0; press < 10; press++) await dial(studio).press("ArrowRight");
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "normal");
  await dial(studio).press("ArrowLeft");
  const steered = await studio.drawn({});
  expect(steered.pixels).not.toBe(plain.pixels);

  await studio.page.reload();
  expect((await studio.finished()).pixels).toBe(steered.pixels);
  expect((await studio.drawnAnew()).pixels, "drawn, and not only kept").toBe(steered.pixels);
  await expect(dial(studio)).toHaveAttribute("aria-valuetext", "gentle");
  await expect(dial(studio)).toHaveValue("0.9");
});

test("both pictures lie over each other, the keyboard wipes, each is saved, and the dial draws the steered one alone", async ({
  studio,
}) => {
  await studio.wish({ ...MEADOW, negative: "snow" });
  await studio.compare().click();
  await expect(wipe(studio)).toBeVisible();
  const without = await fingerprint(studio.side("without"));
  const steered = await fingerprint(studio.side("with"));
  expect(steered).not.toBe(without);

  await wipe(studio).press("Home");
  await expect(studio.side("with")).toHaveCSS("clip-path", "inset(0px 0px 0px 0%)");
  await wipe(studio).press("End");
  await expect(wipe(studio)).toHaveAttribute("aria-valuetext", "100 % without steering, 0 % with");
  await expect(studio.side("with")).toHaveCSS("clip-path", "inset(0px 0px 0px 100%)");

  const [plainFile, steeredFile] = [await saved(studio, "without"), await saved(studio, "with")];
  expect(plainFile.text).toContain(`"negative":"","steering":{"method":"none"}`);
  expect(steeredFile.text).toContain(`"negative":"snow","steering":{"method":"na`);
  expect(steeredFile.name).not.toBe(plainFile.name);

  await dial(studio).press("Home");
  await expect.poll(() => fingerprint(studio.side("with")), "off").toBe(without);
  await dial(studio).press("End");
  await expect.poll(() => fingerprint(studio.side("with")), "strong").not.toBe(without);
  expect(await fingerprint(studio.side("with"))).not.toBe(steered);
  expect(await fingerprint(studio.side("without")), "is not drawn again").toBe(without);

  const { violations } = await new AxeBuilder({ page: studio.page }).analyze();
  expect(violations.map(({ id, help }) => `${id}: ${help}`)).toEqual([]);
  await studio.compare().click();
  await expect(wipe(studio)).toBeHidden();
  await studio.wish({ negative: "" });
});
