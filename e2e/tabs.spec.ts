// Two tabs of the page: each draws on a device of its own, at the same time, and both have one vault and one gallery. A hidden one gives
// the GPU's memory back when another asks for it.
import { expect, SMALL_LINK, Studio, test } from "./studio";

test("two tabs draw at once, each its own picture as if it were alone, from one copy of the model, into one gallery", async ({
  page,
  context,
}) => {
  const left = new Studio(page);
  await left.open(SMALL_LINK);
  const right = new Studio(await context.newPage());
  await right.open(`${SMALL_LINK}&seed=5`);
  const weights = right.requests.filter((url) => url.endsWith(".safetensors"));
  expect(weights, "the second tab reads what the first has kept").toEqual([]);

  const wishes = [
    [left, { prompt: "a pier", seed: "8", steps: 2 }],
    [right, { prompt: "a windmill", seed: "9", steps: 2 }],
  ] as const;
  const together = await Promise.all(wishes.map(([studio, wish]) => studio.drawn(wish)));
  for (const [at, [studio]] of wishes.entries()) {
    await studio.page.bringToFront();
    expect((await studio.drawnAnew()).pixels).toBe(together[at]?.pixels);
  }
  for (const studio of [left, right]) {
    for (const prompt of ["a pier", "a windmill"]) {
      await expect(
        studio.page.getByRole("navigation", { name: "Newest pictures" }).getByRole("button", { name: new RegExp(prompt) }),
      ).toBeVisible();
    }
    await expect(studio.alert()).toBeHidden();
    expect(studio.complaints).toEqual([]);
  }

  // As the worker of a third one does that finds no memory on the GPU.
  const askForMemory = () =>
    right.page.evaluate(async () => {
      const channel = new BroadcastChannel("onestroke-gpu");
      const given: string[] = [];
      // Who has begun to give is waited for, however slow the machine is.
      const isGiven = new Promise<void>((resolve) =>
        channel.addEventListener("message", ({ data }) => {
          given.push(data.says);
          if (data.says === "given") resolve();
        }),
      );
      channel.postMessage({ says: "wanted", from: "a third tab" });
      await Promise.race([isGiven, new Promise((resolve) => setTimeout(resolve, 2_000))]);
      if (given.length > 0) await isGiven;
      channel.close();
      return given;
    });
  expect(await askForMemory(), "both are seen").toEqual([]);
  await left.hide(true);
  await expect.poll(askForMemory).toEqual(["giving", "given"]);
  expect(await askForMemory(), "it has nothing left").toEqual([]);
  await left.hide(false);
  await left.page.bringToFront();
  expect((await left.drawnAnew()).pixels).toBe(together[0]?.pixels);
  expect(left.complaints).toEqual([]);
});
