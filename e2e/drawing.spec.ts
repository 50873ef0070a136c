// The promise of the page: a prompt becomes its picture. Every test shares one loaded page.
import { expect, SMALL, test } from "./studio";

test.afterEach(({ studio }) => {
  expect(studio.complaints).toEqual([]);
});

test("the first picture is there without a click, and says what it is", async ({ studio }) => {
  const prompt = "a lighthouse on a cliff at sunset, two sailboats";
  expect(studio.first).toMatchObject({ prompt, label: prompt });
  // The bound is half the contrast of the renderer's own picture, for this prompt and any seed.
  expect(studio.first?.drawn.statistics.contrast).toBeGreaterThan(0.065);
  await expect(studio.page.getByText(/^Vignette · .* MB · MIT$/)).toBeVisible();
  await expect(studio.page.getByText("256 × 256").first()).toBeVisible();
});

test("the same seed gives the same picture; another seed or prompt another", async ({ studio }) => {
  const first = await studio.drawn({ prompt: "a cabin in a forest", seed: "5", steps: 1 });
  const otherSeed = await studio.drawn({ seed: "6" });
  const otherPrompt = await studio.drawn({ prompt: "a desert with cacti", seed: "5" });
  const again = await studio.drawnAnew({ prompt: "a cabin in a forest", seed: "5" });
  expect(again.pixels).toBe(first.pixels);
  expect(otherSeed.pixels).not.toBe(first.pixels);
  expect(otherPrompt.pixels).not.toBe(first.pixels);
});

test("four steps give a picture of their own", async ({ studio }) => {
  const one = await studio.drawn({ prompt: "a village by a lake", seed: "11", steps: 1 });
  const four = await studio.drawn({ steps: 4 });
  expect(four.pixels).not.toBe(one.pixels);
  await studio.wish({ steps: 1 });
});

test("cancelling keeps the last picture, and the next one is drawn", async ({ studio }) => {
  const before = await studio.drawn({ prompt: "mountains", seed: "3", steps: 1 });
  await studio.wish({ prompt: "an island", steps: 4 });
  await studio.whileHeld(async () => {
    await studio.draw().click();
    await studio.cancel().click();
    await expect(studio.phase("drawing")).toBeHidden();
  });
  await expect(studio.alert()).toBeHidden();
  expect((await studio.finished()).pixels).toBe(before.pixels);
  const next = await studio.drawn({ steps: 1 });
  expect(next.pixels).not.toBe(before.pixels);
});

test("a hundred impatient keys end in the picture of the last prompt", async ({ studio }) => {
  const calm = await studio.drawn({ prompt: "a meadow", seed: "21", steps: 1 });
  await studio.drawn({ prompt: "a harbour" });
  await studio.wish({ prompt: "a meadow" });
  await studio.prompt().evaluate((field) => {
    const keys = { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true };
    for (let press = 0; press < 100; press++) field.dispatchEvent(new KeyboardEvent("keydown", keys));
  });
  expect((await studio.finished()).pixels).toBe(calm.pixels);
});

test.describe("I1 every text is just a prompt", () => {
  const TEXTS: Readonly<Record<string, string>> = {
    empty: "",
    "white space": "   ",
    "very long": "a lighthouse on a cliff ".repeat(5_000),
    emoji: "🏔️🌊👩‍🚀🇪🇺 at 🌅",
    "right to left": "מגדלור על צוק בשקיעה",
    Chinese: "悬崖上的灯塔，日落",
    markup: `<img src=x onerror="window.pwned = true"><script>window.pwned = true</script>`,
    "a template": "${7 * 7} {{7 * 7}} %s \\u0000 ' \" ` ; --",
    "control characters and lone surrogates": "a\u0000b\u001bc\ud800d\udc00e",
  };
  for (const [name, prompt] of Object.entries(TEXTS)) {
    test(name, async ({ studio }) => {
      const { statistics } = await studio.drawn({ prompt, seed: "2", steps: 1 });
      expect(statistics.contrast).toBeGreaterThan(0);
      await expect(studio.alert()).toBeHidden();
      expect(await studio.page.evaluate(() => "pwned" in window)).toBe(false);
    });
  }
});

test("a text is read as it was meant, whatever phones, documents and pages made of it", async ({ studio }) => {
  const typed = await studio.drawn({ prompt: "a ﬁsherman’s ＣＡＢＩＮ &amp; a cafÃ© in the “snow”", negative: "", seed: "3", steps: 1 });
  const meant = await studio.drawn({ prompt: 'a fisherman\'s cabin & a café in the "snow"' });
  expect(meant.pixels).toBe(typed.pixels);
});

test("a text is counted as it is typed; one longer than a row goes on in the next, and the link says so", async ({ studio }) => {
  const { page } = studio;
  await studio.wish({ prompt: "a meadow ".repeat(37), negative: "", seed: "2", steps: 1 });
  await expect(page.getByText("74 of 75 tokens")).toBeVisible();
  await studio.wish({ prompt: `${"a meadow ".repeat(37)}in winter` });
  await expect(page.getByText("76 tokens in 2 rows of text · 1 of 75 in the last")).toBeVisible();
  const winter = await studio.drawn({});
  await expect(page).toHaveURL(/rows=2/);
  await expect(page.getByRole("figure").getByText("2 rows of text")).toBeVisible();
  // Only the second row has its last word, and it is read.
  const summer = await studio.drawn({ prompt: `${"a meadow ".repeat(37)}in summer` });
  expect(summer.pixels).not.toBe(winter.pixels);
  await studio.drawn({ prompt: "a meadow" });
  await expect(page).not.toHaveURL(/rows=/);
});

test("I1 a text that is too long is drawn from its beginning, and the field says how much was read", async ({ studio }) => {
  const hints = studio.page.getByText("Only the first 600 tokens");
  await studio.drawn({ prompt: "a meadow ".repeat(300), negative: "", seed: "2", steps: 1 });
  await expect(hints).toHaveCount(0);
  await studio.drawn({ prompt: "a meadow ".repeat(301), negative: "a very deep fog ".repeat(160) });
  await expect(hints).toHaveCount(2);
  await expect(studio.prompt()).toHaveAccessibleDescription(/^Only the first 600 tokens/);
  await studio.wish({ prompt: "a meadow", negative: "" });
  await expect(hints).toHaveCount(0);
});

test("weights in brackets change the picture, are said under the field, and travel with the link", async ({ studio }) => {
  const plain = await studio.drawn({ prompt: "a meadow in winter", negative: "", seed: "3", steps: 1 });
  const weighed = await studio.drawn({ prompt: "a meadow (in winter:1.4)" });
  expect(weighed.pixels).not.toBe(plain.pixels);
  await expect(studio.prompt()).toHaveAccessibleDescription("Weighed: in winter × 1.4");
  await expect(studio.page).toHaveURL(/emphasis=a1111/);
  await studio.page.reload();
  await studio.finished();
  expect((await studio.drawnAnew()).pixels).toBe(weighed.pixels);
  await studio.wish({ prompt: "a meadow" });
});

test("words that the model does not know are named under the field they stand in", async ({ studio }) => {
  const remarks = studio.page.getByText("Vignette does not know:");
  await studio.wish({ prompt: "a Bicycle by the lighthouses, 2 yachts", negative: "the sailor's boat" });
  await expect(studio.prompt()).toHaveAccessibleDescription("Vignette does not know: Bicycle");
  await expect(studio.negative()).toHaveAccessibleDescription("Vignette does not know: sailor's");
  await expect(remarks).toHaveCount(2);
  await studio.wish({ prompt: "the lighthouse's sea", negative: "" });
  await expect(remarks).toHaveCount(0);
});

test("a click on an example, where words are not known, draws it", async ({ studio }) => {
  const { page } = studio;
  const before = await studio.drawn({ prompt: "a bicycle", negative: "", seed: "4", steps: 1 });
  await page.getByRole("button", { name: "Try an example" }).click();
  await expect(studio.prompt()).not.toHaveValue("a bicycle");
  const example = await studio.prompt().inputValue();
  await expect(studio.picture()).toHaveAttribute("aria-label", example);
  expect((await studio.finished()).pixels).not.toBe(before.pixels);
  await expect(page.getByText("Vignette does not know:")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Try an example" })).toBeHidden();
});

test("a ratio that people know is drawn with about as many pixels as the model's own size", async ({ studio }) => {
  const { page } = studio;
  await studio.wish({ prompt: "a meadow", seed: "4", steps: 1 });
  await page.getByRole("radio", { name: "16:9" }).check();
  await studio.drawn({});
  expect(await studio.pixelsOf(studio.picture())).toMatchObject({ width: 344, height: 192 });
  await expect(page).toHaveURL(/size=344x192/);
  await page.getByRole("button", { name: "Turn the picture" }).click();
  await expect(page.getByRole("radio", { name: "9:16" })).toBeChecked();
  await expect(page.getByLabel("Height in pixels", { exact: true })).toHaveValue("344");
  await studio.wish({ side: SMALL });
});

test("I2 a seed that is none is refused in words, and the page goes on", async ({ studio }) => {
  const refusal = studio.page.getByText("The seed must be a whole number from 0 to 18446744073709551615");
  for (const seed of ["", "-1", "NaN", "1e400", "0x10", "18446744073709551616", "1.5"]) {
    await studio.wish({ seed: "1" });
    await expect(refusal).toBeHidden();
    await studio.wish({ seed });
    await expect(refusal, `the seed "${seed}"`).toBeVisible();
  }
  // No number of JavaScript is between 2^53 and the next but one.
  await studio.drawn({ seed: "9007199254740993", steps: 1 });
  await expect(studio.page).toHaveURL(/seed=9007199254740993/);
  await studio.wish({ seed: "1.5" });
  await studio.draw().click();
  await expect(studio.alert()).toContainText("The seed is a whole number");
  await studio.drawn({ seed: "18446744073709551615" });
});

test("the saved PNG holds the picture's recipe", async ({ studio }) => {
  await studio.drawn({ prompt: "a castle, snow ❄", seed: "9", steps: 1 });
  const [download] = await Promise.all([studio.page.waitForEvent("download"), studio.share("Save PNG")]);
  expect(download.suggestedFilename()).toBe("a-castle-snow-9.png");
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(Buffer.from(chunk));
  const file = Buffer.concat(chunks);
  expect(file.subarray(1, 4).toString()).toBe("PNG");
  expect(file.toString("utf8")).toContain(`"prompt":"a castle, snow ❄"`);
  expect(file.toString("utf8")).toContain(`"seed":"9"`);
});

test("an earlier picture of this visit comes back with its settings", async ({ studio }) => {
  const first = await studio.drawn({ prompt: "a red barn", seed: "31", steps: 1 });
  await studio.drawn({ prompt: "a blue barn", seed: "32" });
  await studio.page.getByRole("button", { name: "Show again: a red barn" }).click();
  expect((await studio.finished()).pixels).toBe(first.pixels);
  await expect(studio.prompt()).toHaveValue("a red barn");
  await expect(studio.seed()).toHaveValue("31");
});
