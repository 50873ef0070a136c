// Tests the app without a page: what the first picture is, which seed the next picture has,
// what a newer picture does to an older one, and where errors end.
import { describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../common/errors";
import type { Generator } from "../library";
import { draftOfLink } from "./draft";
import { keepingInMemory } from "./gallery/gallery";
import { promptIdea } from "./ideas";
import { createApp } from "./store";
import { MODEL, IDLE, NO_MODELS_KEPT, drawingOf, setUp, waiting, draw } from "./testing/fake-app";

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

test("another engine: the model is loaded for it, the picture stays, and what is asked for is kept", async () => {
  const useEngine = vi.fn();
  const load = vi.fn<Generator["load"]>().mockResolvedValue(MODEL);
  const app = createApp({ ...IDLE, load, useEngine }, NO_MODELS_KEPT, "", () => undefined);
  await app.start();
  const { shown } = app.store.getState();
  await app.useEngine("ort-wasm");
  expect(useEngine).toHaveBeenLastCalledWith("ort-wasm");
  expect(load).toHaveBeenCalledTimes(2);
  expect(app.store.getState()).toMatchObject({ engine: "ort-wasm", model: { kind: "ready" } });
  expect(app.store.getState().shown).toBe(shown);
});

describe("seeds", () => {
  test("a loose one is rolled after each picture, a kept one stays", async () => {
    const { app, asked } = setUp();
    await app.start();
    await app.draw();
    expect(asked[1]?.seed).not.toBe(asked[0]?.seed);
    app.edit({ seedKept: true });
    await app.draw();
    await app.draw({ anew: true });
    expect(asked).toHaveLength(3);
    expect(asked[2]?.seed).toBe(asked[1]?.seed);
  });

  test("what the field says after rolling is what is drawn", async () => {
    const { app, asked, state } = setUp();
    await app.start();
    app.rollSeed();
    const { seed } = state().draft;
    await app.draw();
    expect(asked[1]?.seed).toBe(seed);
  });

  test("one that is none is an error and draws nothing", async () => {
    const { app, asked, state } = setUp();
    await draw(app, { seed: "-1", seedKept: true });
    expect(asked).toEqual([]);
    expect(state().error?.code).toBe("invalid-input");
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

describe("an identical recipe", () => {
  const HILL = { prompt: "a hill", seed: "5", seedKept: true };

  test("is shown, and neither drawn nor listed again, and the page says why nothing has changed", async () => {
    const { app, asked, state } = setUp();
    for (const _ of [1, 2]) await draw(app, HILL);
    expect(asked).toHaveLength(1);
    expect(state().notice).toContain("there already");
    await draw(app, { prompt: "a tree" });
    expect(state().notice).toBeUndefined();
    expect(state().recent.map(({ recipe }) => recipe.prompt)).toEqual(["a tree", "a hill"]);
    await vi.waitFor(() => expect(state().gallery.entries.map(({ recipe }) => recipe.prompt)).toEqual(["a tree", "a hill"]));
  });

  test("is drawn again where somebody wants that, or has chosen an engine that did not draw it", async () => {
    const { app, asked, state } = setUp();
    await draw(app, HILL);
    await app.draw({ anew: true });
    expect(asked).toHaveLength(2);
    await app.useEngine("ort-wasm");
    await app.draw();
    expect(asked).toHaveLength(3);
    await app.useEngine("wgsl");
    await app.draw();
    expect(asked, "control: this engine drew it").toHaveLength(3);
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(1));
  });

  test("that is kept from an earlier visit is shown before any model is there", async () => {
    const keep = keepingInMemory();
    const first = setUp("", undefined, keep);
    await draw(first.app, HILL);
    await vi.waitFor(() => expect(first.state().gallery.entries).toHaveLength(1));
    const load = vi.fn<Generator["load"]>(() => new Promise(() => undefined));
    const app = createApp({ ...IDLE, load }, NO_MODELS_KEPT, first.queries.at(-1) ?? "", () => undefined, { keep });
    void app.start();
    await vi.waitFor(() => expect(app.store.getState().shown?.recipe.prompt).toBe("a hill"));
    expect(app.store.getState().model.kind).toBe("loading");
  });
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

describe("another model", () => {
  test("keeps the prompt and the seed, and brings its own size, steps and steering", async () => {
    const load = vi.fn<Generator["load"]>(async (id) => ({ ...MODEL, id, title: "SD-Turbo", defaultSize: 512, maxSteps: 4 }));
    const asked: unknown[] = [];
    const generate: Generator["generate"] = async (recipe) => {
      asked.push(recipe);
      return { ...drawingOf(recipe), model: { ...MODEL, id: recipe.model } };
    };
    const app = createApp(
      { ...IDLE, load, generate },
      NO_MODELS_KEPT,
      "prompt=a+hill&seed=5&steps=3&negative=fog&steering=nasa,1",
      () => undefined,
    );
    await app.start();
    app.edit({ seedKept: true });
    await app.useModel("sd-turbo");
    expect(asked.at(-1)).toMatchObject({
      model: "sd-turbo",
      prompt: "a hill",
      seed: "5",
      steps: 1,
      width: 512,
      height: 512,
      steering: MODEL.steering.nasa,
    });
    expect(app.store.getState().notice).toContain("SD-Turbo");
  });

  test("does not wait for one that is still loading, which is given up and says nothing any more", async () => {
    const signals = new Map<string, AbortSignal | undefined>();
    const load: Generator["load"] = (id, hooks) => {
      signals.set(id, hooks?.signal);
      if (id !== "vignette") return Promise.resolve({ ...MODEL, id });
      return new Promise((_, reject) => {
        hooks?.signal?.addEventListener("abort", () => {
          hooks.onProgress?.({ stage: "load", component: "files", loadedBytes: 1, totalBytes: 2 });
          reject(new OnestrokeError("cancelled", "given up"));
        });
      });
    };
    const generate: Generator["generate"] = async (recipe) => ({ ...drawingOf(recipe), model: { ...MODEL, id: recipe.model } });
    const app = createApp({ ...IDLE, load, generate }, NO_MODELS_KEPT, "", () => undefined);
    const first = app.start();
    await vi.waitFor(() => expect(signals.has("vignette")).toBe(true));
    await app.useModel("sd-turbo");
    await first;
    expect(signals.get("vignette")?.aborted).toBe(true);
    expect(signals.get("sd-turbo")?.aborted).toBe(false);
    expect(app.store.getState()).toMatchObject({
      model: { kind: "ready", facts: { id: "sd-turbo" } },
      error: undefined,
      shown: { recipe: { model: "sd-turbo" } },
    });
  });

  test("that is not here leaves the controls to it, and an error that offers it", async () => {
    const load: Generator["load"] = async (id) =>
      id === "vignette" ? MODEL : Promise.reject(new OnestrokeError("model-missing", "not here", { notHere: true }));
    const app = createApp({ ...IDLE, load }, NO_MODELS_KEPT, "", () => undefined);
    await app.start();
    await app.useModel("sd-turbo");
    expect(app.store.getState()).toMatchObject({
      error: { detail: { notHere: true } },
      draft: { model: "sd-turbo" },
      model: { kind: "missing" },
    });
  });
});

describe("steering", () => {
  const OFF = { method: "none" } as const;

  test("with something left out it is the model's own until someone chooses; else there is none", async () => {
    const { app, asked } = setUp();
    await draw(app, { negative: "  " });
    await draw(app, { negative: "fog" });
    await draw(app, { steering: { ...MODEL.steering.nag, scale: 1 } });
    await draw(app, { steering: { ...MODEL.steering.nag, scale: 0 } });
    expect(asked.map(({ steering }) => steering)).toEqual([OFF, MODEL.steering.nasa, { ...MODEL.steering.nag, scale: 1 }, OFF]);
  });

  test.each([
    ["negative=fog", MODEL.steering.nasa],
    ["negative=fog&steering=none", OFF],
    ["negative=fog&steering=nag,1,3,0.25,2", { method: "nag", scale: 1, tau: 3, alpha: 0.25, sigmaEnd: 2 }],
  ])("the link %s", async (query, steering) => {
    const { app, asked } = setUp(query);
    await app.start();
    expect(asked.map((recipe) => recipe.steering)).toEqual([steering]);
  });

  test("turning the dial draws nothing by itself", async () => {
    const { app, asked, state } = setUp("negative=fog");
    await app.start();
    app.steer({ ...MODEL.steering.nasa, scale: 0.1 });
    expect(asked).toHaveLength(1);
    expect(state().draft.steering).toEqual({ ...MODEL.steering.nasa, scale: 0.1 });
  });
});

test("every idea is a sentence", () => {
  for (const corner of [0, 0.5, 0.999_999]) expect(promptIdea(() => corner)).toMatch(/^[a-z ]+, in [a-z]+, [a-z ]+, [a-z ]+$/);
});
