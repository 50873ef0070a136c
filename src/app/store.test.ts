// Tests the app without a page: what the first picture is, what a newer picture does to an older one, and where errors end. Its models, the
// recipes that the controls make, comparing and opening have files of their own.
import { describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../common/errors";
import type { Generator } from "../library";
import { draftOfLink } from "./draft";
import { createApp } from "./store";
import { MODEL, IDLE, NO_MODELS_KEPT, setUp, waiting, draw } from "./testing/fake-app";

describe("starting", () => {
  test("the first picture is the default prompt's", async () => {
    const { app, state } = setUp();
    await app.start();
    expect(state().shown?.recipe).toMatchObject({ prompt: "a lighthouse on a cliff at sunset, two sailboats", seed: "2", steps: 1 });
    expect(state().model).toEqual({ kind: "ready", facts: MODEL });
  });

  test("a link's settings come first, and Draw gives another picture of them", async () => {
    const { app, asked } = setUp("prompt=a+hill&seed=5&steps=2");
    await app.start();
    await app.draw();
    expect(asked).toMatchObject([
      { prompt: "a hill", seed: "5", steps: 2 },
      { prompt: "a hill", seed: expect.not.stringMatching(/^5$/), steps: 2 },
    ]);
  });

  test("a link to another model begins with that model's own size", () => {
    expect(draftOfLink("model=sd-turbo&prompt=a+hill").draft).toMatchObject({ model: "sd-turbo", width: 512, height: 512, steps: 1 });
    expect(draftOfLink("model=sd-turbo&size=64x32").draft, "unless the link says").toMatchObject({ width: 64, height: 32 });
    expect(draftOfLink("model=nobody-s").draft, "control").toMatchObject({ model: "nobody-s", width: 256, height: 256 });
  });

  test("the words a model knows come beside it, and their failing is no failure", async () => {
    const words = new Set(["hill"]);
    const app = createApp(IDLE, NO_MODELS_KEPT, "model=own", () => undefined, {
      readKnownWords: async (model) => (model === "own" ? words : undefined),
    });
    await app.start();
    expect(app.store.getState().knownWords).toBe(words);
    const wordless = createApp(IDLE, NO_MODELS_KEPT, "", () => undefined, {
      readKnownWords: () => Promise.reject(new TypeError("Failed to fetch")),
    });
    await wordless.start();
    expect(wordless.store.getState()).toMatchObject({ knownWords: undefined, error: undefined, shown: { recipe: { seed: "2" } } });
  });

  test("a link that can be read in part is followed as far as that goes, and the rest is named", async () => {
    const { app, state } = setUp("prompt=a+hill&steps=many&seed=9&size=big");
    await app.start();
    expect(state()).toMatchObject({
      notice: expect.stringContaining("steps, size"),
      shown: { recipe: { prompt: "a hill", steps: 1, seed: "9" } },
    });
  });

  test("a link that comes later is followed too: drawn, or shown where it was drawn before", async () => {
    const { app, asked, queries, state } = setUp();
    await app.start();
    await app.openLink("prompt=a+hill&seed=5");
    expect(state()).toMatchObject({ draft: { prompt: "a hill" }, shown: { recipe: { prompt: "a hill", seed: "5" } } });
    await app.openLink(queries[0] ?? "");
    expect(state().shown?.recipe.seed).toBe("2");
    expect(asked).toHaveLength(2);
    await app.openLink("prompt=a+tree&seed=-1");
    expect(state().notice).toContain("seed");
  });

  test("a model that does not load is an error, and drawing loads it again", async () => {
    const load = vi.fn<Generator["load"]>().mockRejectedValueOnce(new OnestrokeError("model-missing", "gone")).mockResolvedValue(MODEL);
    const app = createApp({ ...IDLE, load }, NO_MODELS_KEPT, "", () => undefined);
    await app.start();
    expect(app.store.getState()).toMatchObject({ model: { kind: "missing" }, error: { code: "model-missing" }, shown: undefined });
    await app.draw();
    expect(app.store.getState()).toMatchObject({ model: { kind: "ready" }, error: undefined, shown: { recipe: { seed: "2" } } });
  });

  test("who draws before the model is there waits for it, and it is loaded once", async () => {
    const load = vi.fn<Generator["load"]>().mockResolvedValue(MODEL);
    const app = createApp({ ...IDLE, load }, NO_MODELS_KEPT, "", () => undefined);
    await Promise.all([app.start(), draw(app, { negative: "fog" })]);
    expect(load).toHaveBeenCalledTimes(1);
    expect(app.store.getState().shown?.recipe.steering).toEqual(MODEL.steering.nasa);
  });
});

describe("one picture after another", () => {
  test("each in its turn, and the newest is shown in the end", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, state } = setUp("", generate);
    const first = draw(app, { prompt: "first" });
    await isAsked(1);
    const second = draw(app, { prompt: "second" });
    release[0]?.();
    await isAsked(2);
    release[1]?.();
    await Promise.all([first, second]);
    expect(state()).toMatchObject({ job: undefined, error: undefined, shown: { recipe: { prompt: "second" } } });
    expect(state().recent).toHaveLength(2);
  });

  test("cancelling shows no error and keeps the last picture", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, state } = setUp("", generate);
    const first = draw(app, { prompt: "first" });
    await isAsked(1);
    release[0]?.();
    await first;
    const second = draw(app, { prompt: "second" });
    app.cancel();
    await second;
    expect(state()).toMatchObject({ job: undefined, error: undefined, shown: { recipe: { prompt: "first" } } });
  });

  test("a picture is a link, and an old one brings its settings back", async () => {
    const { app, queries, state } = setUp();
    const steering = { method: "nag", scale: 4, tau: 2, alpha: 0.5 } as const;
    await draw(app, { prompt: "old", negative: "fog", steering, steps: 3 });
    await draw(app, { prompt: "new", negative: "", steps: 1 });
    const [, old] = state().recent;
    if (old !== undefined) await app.bring(old.recipe);
    expect(state().draft).toMatchObject({ prompt: "old", negative: "fog", steering, steps: 3, seedKept: false });
    expect(queries.at(-1)).toBe(queries[0]);
    expect(queries[0]).toContain("prompt=old");
  });
});

test("what was being written when an older picture is shown can be brought back", async () => {
  const { app, state } = setUp();
  await draw(app, { prompt: "old" });
  const [old] = state().recent;
  app.edit({ prompt: "a new thought" });
  if (old !== undefined) await app.bring(old.recipe);
  expect(state()).toMatchObject({ draft: { prompt: "old" }, putAside: { prompt: "a new thought" } });
  app.bringBack();
  expect(state()).toMatchObject({ draft: { prompt: "a new thought" }, putAside: undefined });
  await app.draw();
  if (old !== undefined) await app.bring(old.recipe);
  expect(state().putAside, "control: what was drawn is in the history").toBeUndefined();
});

test("an error goes when it is dismissed, and a wrong value's when it is corrected", async () => {
  const { app, state } = setUp("", () => Promise.reject(new OnestrokeError("bad-image", "grey")));
  await draw(app, {});
  app.edit({ prompt: "a hill" });
  expect(state().error?.code).toBe("bad-image");
  app.dismissError();
  expect(state().error).toBeUndefined();
  await draw(app, { seed: "x", seedKept: true });
  expect(state().error?.code).toBe("invalid-input");
  app.edit({ seed: "1" });
  expect(state().error).toBeUndefined();
});

test("G16 a picture that the model failed at is neither shown nor kept", async () => {
  const { app, state } = setUp("", () => Promise.reject(new OnestrokeError("bad-image", "not a number")));
  await draw(app);
  expect(state()).toMatchObject({ error: { code: "bad-image" }, shown: undefined, recent: [], gallery: { entries: [] } });
});
