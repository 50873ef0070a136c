// The page's state without a page: what the first picture is, which seed the next one
// gets, what a newer picture does to an older one, and where errors end.
import { describe, expect, test } from "vitest";
import type { Drawing, Generator } from "../client/generator";
import { OnestrokeError } from "../errors";
import type { ModelInfo } from "../protocol/messages";
import type { Recipe } from "../protocol/recipe";
import { promptIdea } from "./ideas";
import { createApp, type App } from "./store";

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
};

function drawingOf(recipe: Recipe): Drawing {
  const picture = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
  return { recipe, picture, model: MODEL, timings: { load: 0, compile: 0, encode: 1, denoise: [2], decode: 3 } };
}

/** A generator that draws at once, unless told what to do instead. */
function setUp(query = "", generate: Generator["generate"] = async (recipe) => drawingOf(recipe)) {
  const asked: Recipe[] = [];
  const queries: string[] = [];
  const generator: Generator = {
    load: async () => MODEL,
    generate: (recipe, hooks) => {
      asked.push(recipe);
      return generate(recipe, hooks);
    },
    dispose: () => undefined,
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
  return { generate, release };
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
    expect(state().notice).toBeDefined();
    await app.start();
    expect(state().shown?.recipe.steps).toBe(1);
  });

  test("a model that does not load is an error, and drawing tries again", async () => {
    const { app, state } = setUp();
    const failing = createApp(
      {
        load: async () => Promise.reject(new OnestrokeError("model-missing", "gone")),
        generate: async (recipe) => drawingOf(recipe),
        dispose: () => undefined,
      },
      "",
      () => undefined,
    );
    await failing.start();
    expect(failing.store.getState()).toMatchObject({ model: { kind: "missing" }, error: { code: "model-missing" } });
    await failing.draw();
    expect(failing.store.getState().error).toBeUndefined();
    await app.start();
    expect(state().error).toBeUndefined();
  });
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
    const { generate, release } = waiting();
    const { app, state } = setUp("", generate);
    const first = draw(app, { prompt: "first" });
    const second = draw(app, { prompt: "second" });
    release[1]?.();
    release[0]?.();
    await Promise.all([first, second]);
    expect(state()).toMatchObject({ job: undefined, error: undefined, shown: { recipe: { prompt: "second" } } });
    expect(state().history).toHaveLength(1);
  });

  test("cancelling shows no error and keeps the last picture", async () => {
    const { generate, release } = waiting();
    const { app, state } = setUp("", generate);
    const first = draw(app, { prompt: "first" });
    release[0]?.();
    await first;
    const second = draw(app, { prompt: "second" });
    app.cancel();
    await second;
    expect(state()).toMatchObject({ job: undefined, error: undefined, shown: { recipe: { prompt: "first" } } });
  });

  test("a picture is a link, and an old one brings its settings back", async () => {
    const { app, queries, state } = setUp();
    await draw(app, { prompt: "old", negative: "fog", method: "nag", nagScale: 3, steps: 3 });
    await draw(app, { prompt: "new", negative: "", steps: 1 });
    const [, old] = state().history;
    if (old !== undefined) app.show(old);
    expect(state().draft).toMatchObject({ prompt: "old", negative: "fog", method: "nag", nagScale: 3, steps: 3, seedKept: true });
    expect(queries.at(-1)).toBe(queries[0]);
    expect(queries[0]).toContain("prompt=old");
  });

  test("without a negative prompt nothing is steered", async () => {
    const { app, asked } = setUp();
    await draw(app, { negative: "  " });
    await draw(app, { negative: "fog" });
    expect(asked.map(({ steering }) => steering.method)).toEqual(["none", "nasa"]);
  });
});

test("every idea is a sentence", () => {
  for (const corner of [0, 0.5, 0.999_999]) expect(promptIdea(() => corner)).toMatch(/^[a-z ]+, in [a-z]+, [a-z ]+, [a-z ]+$/);
});
