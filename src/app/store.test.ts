// The page's state without a page: what the first picture is, which seed the next one
// gets, what a newer picture does to an older one, and where errors end.
import { describe, expect, test, vi } from "vitest";
import type { Drawing, Generator } from "../client/generator";
import { OnestrokeError } from "../errors";
import type { ModelInfo } from "../protocol/messages";
import type { Recipe } from "../protocol/recipe";
import { promptIdea } from "./ideas";
import { createApp, otherSide, otherSideInView, type App } from "./store";

const MODEL: ModelInfo = {
  name: "Model",
  license: undefined,
  weightBytes: 1,
  defaultSize: 32,
  sizeMultiple: 8,
  maxSteps: 4,
  steering: {
    method: "nasa",
    nasa: { method: "nasa", scale: 0.3 },
    nag: { method: "nag", scale: 3, tau: 2, alpha: 0.5, sigmaEnd: 4 },
    sigmaEnd: 4,
  },
  adapter: "cpu",
  parts: [],
};

function drawingOf(recipe: Recipe): Drawing {
  const picture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  const timings = { load: 0, compile: 0, encode: 1, denoise: [2], decode: 3 };
  return { recipe, picture, model: MODEL, timings, tokens: { prompt: recipe.prompt.length, negative: recipe.negative.length, most: 75 } };
}

/** Loads and draws at once. */
const IDLE: Generator = {
  useEngine: () => undefined,
  load: async () => MODEL,
  generate: async (recipe) => drawingOf(recipe),
  dispose: () => undefined,
};

/** A generator that draws at once, unless told what to do instead. */
function setUp(query = "", generate: Generator["generate"] = async (recipe) => drawingOf(recipe)) {
  const asked: Recipe[] = [];
  const queries: string[] = [];
  const generator: Generator = {
    ...IDLE,
    generate: (recipe, hooks) => {
      asked.push(recipe);
      return generate(recipe, hooks);
    },
  };
  const app = createApp(generator, query, (kept) => queries.push(kept));
  return { app, asked, queries, state: () => app.store.getState() };
}

/** A generator's answer under the test's control: each picture waits until it is let through or cancelled. */
function waiting() {
  const release: (() => void)[] = [];
  const generate: Generator["generate"] = (recipe, hooks) =>
    new Promise((resolve, reject) => {
      release.push(() => resolve(drawingOf(recipe)));
      hooks?.signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "cancelled")));
    });
  const isAsked = (count: number) => vi.waitFor(() => expect(release.length).toBe(count));
  return { generate, release, isAsked };
}

async function draw(app: App, change: Parameters<App["edit"]>[0] = {}): Promise<void> {
  app.edit(change);
  await app.draw();
}

describe("starting", () => {
  test("the first picture is the default prompt's", async () => {
    const { app, state } = setUp();
    await app.start();
    expect(state().shown?.recipe).toMatchObject({ prompt: "a lighthouse on a cliff at sunset, two sailboats", seed: "7", steps: 1 });
    expect(state().model).toEqual({ kind: "ready", info: MODEL });
  });

  test("a link's settings come first, and its seed is kept", async () => {
    const { app, asked } = setUp("prompt=a+hill&seed=5&steps=2");
    await app.start();
    await app.draw();
    expect(asked.map(({ prompt, seed, steps }) => [prompt, seed, steps])).toEqual([
      ["a hill", "5", 2],
      ["a hill", "5", 2],
    ]);
  });

  test("a link that cannot be read is said so", async () => {
    const { app, state } = setUp("steps=many");
    await app.start();
    expect(state()).toMatchObject({ notice: expect.any(String), shown: { recipe: { steps: 1 } } });
  });

  test("a model that does not load is an error, and drawing loads it again", async () => {
    const load = vi.fn<Generator["load"]>().mockRejectedValueOnce(new OnestrokeError("model-missing", "gone")).mockResolvedValue(MODEL);
    const app = createApp({ ...IDLE, load }, "", () => undefined);
    await app.start();
    expect(app.store.getState()).toMatchObject({ model: { kind: "missing" }, error: { code: "model-missing" }, shown: undefined });
    await app.draw();
    expect(app.store.getState()).toMatchObject({ model: { kind: "ready" }, error: undefined, shown: { recipe: { seed: "7" } } });
  });

  test("who draws before the model is there waits for it, and it is loaded once", async () => {
    const load = vi.fn<Generator["load"]>().mockResolvedValue(MODEL);
    const app = createApp({ ...IDLE, load }, "", () => undefined);
    await Promise.all([app.start(), draw(app, { negative: "fog" })]);
    expect(load).toHaveBeenCalledTimes(1);
    expect(app.store.getState().shown?.recipe.steering).toEqual(MODEL.steering.nasa);
  });
});

test("another engine: the model is loaded for it, the picture stays, and what is asked for is kept", async () => {
  const useEngine = vi.fn();
  const load = vi.fn<Generator["load"]>().mockResolvedValue(MODEL);
  const app = createApp({ ...IDLE, load, useEngine }, "", () => undefined);
  await app.start();
  const { shown } = app.store.getState();
  await app.useEngine("ort-wasm");
  expect(useEngine).toHaveBeenLastCalledWith("ort-wasm");
  expect(load).toHaveBeenCalledTimes(2);
  expect(app.store.getState()).toMatchObject({ engine: "ort-wasm", model: { kind: "ready" }, shown });
});

describe("seeds", () => {
  test("a loose one is rolled after each picture, a kept one stays", async () => {
    const { app, asked } = setUp();
    await app.start();
    await app.draw();
    expect(asked[1]?.seed).not.toBe(asked[0]?.seed);
    app.edit({ seedKept: true });
    await app.draw();
    await app.draw();
    expect(asked[2]?.seed).toBe(asked[1]?.seed);
    expect(asked[3]?.seed).toBe(asked[1]?.seed);
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
  test("the newest wins, whichever comes last", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, state } = setUp("", generate);
    const first = draw(app, { prompt: "first" });
    await isAsked(1);
    const second = draw(app, { prompt: "second" });
    release[1]?.();
    release[0]?.();
    await Promise.all([first, second]);
    expect(state()).toMatchObject({ job: undefined, error: undefined, shown: { recipe: { prompt: "second" } } });
    expect(state().history).toHaveLength(1);
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
    const [, old] = state().history;
    if (old !== undefined) app.show(old);
    expect(state().draft).toMatchObject({ prompt: "old", negative: "fog", steering, steps: 3, seedKept: true });
    expect(queries.at(-1)).toBe(queries[0]);
    expect(queries[0]).toContain("prompt=old");
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

describe("comparing", () => {
  const STRONG = { method: "nasa", scale: 0.6 } as const;
  const negatives = (recipes: readonly Recipe[]) => recipes.map(({ negative }) => negative);

  test("draws what the controls say, then the same with nothing left out", async () => {
    const { app, asked, state, queries } = setUp();
    app.edit({ negative: "fog" });
    await app.start();
    await app.compare(true);
    const [steered, plain] = asked;
    expect(negatives(asked)).toEqual(["fog", ""]);
    expect(plain).toEqual({ ...steered, negative: "", steering: { method: "none" } });
    expect(state()).toMatchObject({ isComparing: true, job: undefined, shown: { recipe: steered } });
    expect(otherSide(state())?.recipe).toEqual(plain);
    expect(negatives(state().history.map(({ recipe }) => recipe))).toEqual(["", "fog"]);
    // The link stays the shown picture's.
    expect(queries.at(-1)).toContain("negative=fog");
    await app.compare(false);
    expect(otherSide(state())).toBeUndefined();
    await app.compare(true);
    expect(asked, "both are known").toHaveLength(2);
  });

  test("a picture that was drawn before is one of the two", async () => {
    const { app, asked, state } = setUp();
    await app.start();
    app.edit({ negative: "fog" });
    await app.compare(true);
    expect(negatives(asked)).toEqual(["", "fog"]);
    expect(otherSide(state())?.recipe).toEqual(asked[0]);
  });

  test("the dial draws the steered side alone, in place of the one before, whatever is typed meanwhile", async () => {
    const { app, asked, state } = setUp("negative=fog");
    await app.start();
    await app.compare(true);
    app.edit({ prompt: "half a wo" });
    app.steer(STRONG);
    await vi.waitFor(() => expect(state().shown?.recipe.steering).toEqual(STRONG));
    expect(asked).toHaveLength(3);
    expect(asked[2]).toEqual({ ...asked[0], steering: STRONG });
    expect(state()).toMatchObject({ isComparing: true, draft: { prompt: "half a wo" } });
    expect(otherSide(state())?.recipe).toEqual(asked[1]);
    expect(state().history).toHaveLength(2);
    // Off is a place on the dial like any other.
    app.steer({ ...STRONG, scale: 0 });
    await vi.waitFor(() => expect(state().shown?.recipe.steering).toEqual({ method: "none" }));
    expect(otherSide(state())?.recipe).toEqual(asked[1]);
  });

  test("the dial turned before the first picture is there: that picture follows it", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, asked, state } = setUp("", generate);
    const start = app.start();
    await isAsked(1);
    release[0]?.();
    await start;
    app.edit({ negative: "fog" });
    void app.compare(true);
    app.steer(STRONG);
    expect(asked.slice(1).map(({ negative, steering }) => [negative, steering])).toEqual([
      ["fog", MODEL.steering.nasa],
      ["fog", STRONG],
    ]);
    release[2]?.();
    await vi.waitFor(() => expect(otherSide(state())?.recipe).toEqual(asked[0]));
    expect(state()).toMatchObject({ isComparing: true, job: undefined, shown: { recipe: { steering: STRONG } } });
    expect(state().history).toHaveLength(2);
  });

  test("a steering that makes no recipe is an error and leaves the comparison", async () => {
    const { app, asked, state } = setUp("negative=fog");
    await app.start();
    await app.compare(true);
    app.steer({ ...STRONG, scale: 99 });
    expect(state()).toMatchObject({ isComparing: true, job: undefined, error: { code: "invalid-input" } });
    expect(otherSide(state())).toBeDefined();
    expect(asked).toHaveLength(2);
  });

  test("in view beside it: the dial's previews, not another picture's", async () => {
    const preview = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
    const { generate, release, isAsked } = waiting();
    const { app, state } = setUp("negative=fog", (recipe, hooks) => {
      hooks?.onPreview?.(preview, 1);
      return generate(recipe, hooks);
    });
    const start = app.start();
    await isAsked(1);
    release[0]?.();
    await start;
    const compared = app.compare(true);
    await isAsked(2);
    release[1]?.();
    await compared;
    app.steer(STRONG);
    await isAsked(3);
    expect(state().job?.preview).toBe(preview);
    expect(otherSideInView(state())?.recipe.negative).toBe("");
    void draw(app, { prompt: "new" });
    await isAsked(4);
    expect(state().job?.preview).toBe(preview);
    expect(otherSideInView(state())).toBeUndefined();
    // Cancelled, the old pair is there again.
    app.cancel();
    await vi.waitFor(() => expect(state().job).toBeUndefined());
    expect(otherSideInView(state())?.recipe.negative).toBe("");
  });

  test("a new picture is compared too; one that leaves nothing out, or an old one shown, ends it", async () => {
    const { app, asked, state } = setUp("negative=fog");
    await app.start();
    await app.compare(true);
    await draw(app, { prompt: "new" });
    expect(asked.slice(2).map(({ prompt, negative }) => [prompt, negative])).toEqual([
      ["new", "fog"],
      ["new", ""],
    ]);
    await draw(app, { negative: "" });
    expect(state()).toMatchObject({ isComparing: false, shown: { recipe: { negative: "" } } });
    expect(asked).toHaveLength(5);
    await draw(app, { negative: "fog" });
    await app.compare(true);
    const [, old] = state().history;
    if (old !== undefined) app.show(old);
    expect(state().isComparing).toBe(false);
  });

  test("cancelled before its other side is there, it ends; cancelled while the dial is followed, it stays", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, state } = setUp("negative=fog", generate);
    const start = app.start();
    await isAsked(1);
    release[0]?.();
    await start;
    const cancelled = app.compare(true);
    await isAsked(2);
    app.cancel();
    await cancelled;
    expect(state()).toMatchObject({ isComparing: false, job: undefined, error: undefined });

    const compared = app.compare(true);
    await isAsked(3);
    release[2]?.();
    await compared;
    app.steer(STRONG);
    await isAsked(4);
    app.cancel();
    await vi.waitFor(() => expect(state().job).toBeUndefined());
    expect(state()).toMatchObject({ isComparing: true, error: undefined, shown: { recipe: { steering: MODEL.steering.nasa } } });
    expect(otherSide(state())).toBeDefined();
  });

  test("settings that make no recipe are an error and compare nothing", async () => {
    const { app, state } = setUp("negative=fog");
    await app.start();
    app.edit({ seed: "x" });
    await app.compare(true);
    expect(state()).toMatchObject({ isComparing: false, error: { code: "invalid-input" } });
  });
});

test("every idea is a sentence", () => {
  for (const corner of [0, 0.5, 0.999_999]) expect(promptIdea(() => corner)).toMatch(/^[a-z ]+, in [a-z]+, [a-z ]+, [a-z ]+$/);
});
