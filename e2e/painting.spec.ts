// The page goes on painting while a picture is drawn: its thread does nothing that takes longer than a frame may, 50 ms. That is counted in
// processor time, and against what a known calculation takes here, so that neither a busy machine nor a slow one changes the answer.
import { longestFrameMs, tasksOf } from "./main-thread";
import { expect, SMALL, TAUGHT, test } from "./studio";

test("no task of the page is longer than a frame while a picture and its previews come and are kept", async ({ studio, browser }) => {
  const { page } = studio;
  // Other tests do without what moves.
  await page.emulateMedia({ reducedMotion: "no-preference" });
  // What is done for the first time is compiled on the way.
  await studio.drawn({ prompt: "a meadow", negative: "", seed: "1", steps: 4, side: TAUGHT });
  await studio.wish({ prompt: "a harbour at night" });
  const kept = page.getByRole("navigation", { name: "Newest pictures" }).getByRole("button", { name: "a harbour at night" });
  const tasks = await tasksOf(browser, page, async () => {
    await studio.draw().click();
    await expect(studio.phase("drawing")).toBeVisible();
    await expect(kept).toBeVisible();
    await expect(studio.phase("idle")).toBeVisible();
  });
  const most = await longestFrameMs(browser, page);
  expect(tasks.length, "control: they are seen").toBeGreaterThan(50);
  expect(most, "control: a long one is").toBeGreaterThan(5);
  expect(tasks[0]?.processorMs).toBeLessThan(most);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await studio.wish({ steps: 1, side: SMALL });
});
