// What is asked for while a picture is being drawn: it waits, can be taken out, and is shown or goes to the gallery; and what somebody opens
// meanwhile stays.
import { describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../../common/errors";
import type { Recipe } from "../../common/recipe";
import { keepingInMemory } from "../gallery/gallery";
import { isAtRest } from "../state";
import { draw, drawingOf, setUp, waiting } from "../testing/fake-app";

/** An app whose pictures wait for the test, while the first of these prompts is being drawn and the others wait. */
async function busy(...prompts: string[]) {
  const { generate, release, isAsked } = waiting();
  const it = setUp("seed=5", generate);
  it.app.edit({ seedKept: true });
  const draws: Promise<void>[] = [];
  for (const [at, prompt] of prompts.entries()) {
    draws.push(draw(it.app, { prompt }));
    if (at === 0) await isAsked(1);
  }
  await vi.waitFor(() => expect(it.state().waiting).toHaveLength(prompts.length - 1));
  const queue = () => it.state().waiting.map(({ recipe }) => recipe.prompt);
  const kept = () => it.state().gallery.entries.map(({ recipe }) => recipe.prompt);
  const recipeOf = (prompt: string): Recipe => it.state().waiting.find(({ recipe }) => recipe.prompt === prompt)?.recipe ?? neverMind();
  return { ...it, draws, release, isAsked, queue, kept, recipeOf };
}

function neverMind(): never {
  throw new Error("it does not wait");
}

describe("what is asked for while a picture is being drawn", () => {
  test("waits, is drawn in its turn and shown, and all of it is kept", async () => {
    const { draws, release, isAsked, queue, state, kept, asked } = await busy("one", "two", "three");
    expect(queue()).toEqual(["two", "three"]);
    expect(isAtRest(state())).toBe(false);
    release[0]?.();
    await isAsked(2);
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "one" } }, job: { recipe: { prompt: "two" } } });
    expect(queue()).toEqual(["three"]);
    release[1]?.();
    await isAsked(3);
    release[2]?.();
    await Promise.all(draws);
    expect(asked.map(({ prompt }) => prompt)).toEqual(["one", "two", "three"]);
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "three" } }, waiting: [], job: undefined });
    await vi.waitFor(() => expect(kept()).toEqual(["three", "two", "one"]));
  });

  test("is drawn before the other side of a comparison", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, asked, state } = setUp("seed=5&negative=fog", generate);
    app.edit({ seedKept: true });
    const draws = [draw(app, { prompt: "one" })];
    await isAsked(1);
    release[0]?.();
    await draws[0];
    draws.push(draw(app, { prompt: "two" }));
    await isAsked(2);
    app.edit({ prompt: "one" });
    const compared = app.compare(true);
    release[1]?.();
    await isAsked(3);
    release[2]?.();
    await Promise.all([...draws, compared]);
    expect(asked.map(({ prompt, negative }) => [prompt, negative])).toEqual([
      ["one", "fog"],
      ["two", "fog"],
      ["two", ""],
    ]);
    expect(state()).toMatchObject({ isComparing: true, shown: { recipe: { prompt: "two" } } });
  });

  test("is not listed twice, however often somebody asks", async () => {
    const { app, queue, state } = await busy("one", "two");
    for (const prompt of ["two", "one"]) await draw(app, { prompt });
    expect(queue()).toEqual(["two"]);
    expect(state().status).toContain("coming already");
  });

  test("is not drawn once it is taken out, by its own button or by undo", async () => {
    const { app, draws, release, queue, recipeOf, asked, state } = await busy("one", "two", "three", "four");
    app.unask(recipeOf("three"));
    expect(queue()).toEqual(["two", "four"]);
    await draws[2];
    await app.undo();
    expect(queue()).toEqual(["two"]);
    await app.undo();
    expect(state().job, "first what waits, then what is being drawn").toBeDefined();
    await app.undo();
    await draws[0];
    expect(state()).toMatchObject({ job: undefined, shown: undefined });
    expect(asked).toHaveLength(1);
    expect(release).toHaveLength(1);
  });

  test("comes next where the one before is cancelled", async () => {
    const { app, draws, release, isAsked, state } = await busy("one", "two");
    app.cancel();
    await isAsked(2);
    release[1]?.();
    await Promise.all(draws);
    expect(state().shown?.recipe.prompt).toBe("two");
  });

  test("is drawn though it is what was cancelled a moment ago, whose end has not come yet", async () => {
    const { app, state, release, isAsked, draws } = await busy("one");
    for (let storm = 0; storm < 5; storm++) {
      app.cancel();
      draws.push(app.draw());
    }
    await isAsked(6);
    release[5]?.();
    await Promise.all(draws);
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "one" } }, job: undefined, waiting: [] });
  });

  test("waits after a failure until somebody has read it, and what is tried again goes first", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, asked, state } = setUp("seed=5", (recipe, hooks) =>
      recipe.prompt === "bad" && asked.length === 1
        ? new Promise((_, reject) => release.push(() => reject(new OnestrokeError("bad-image", "grey"))))
        : generate(recipe, hooks),
    );
    const bad = draw(app, { prompt: "bad", seedKept: true });
    await isAsked(1);
    void draw(app, { prompt: "two" });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    release[0]?.();
    await bad;
    expect(state()).toMatchObject({ error: { code: "bad-image" }, job: undefined, waiting: [{}] });
    const again = draw(app, { prompt: "bad" });
    await isAsked(2);
    release[1]?.();
    await again;
    await isAsked(3);
    expect(asked.map(({ prompt }) => prompt)).toEqual(["bad", "bad", "two"]);
  });

  test("lets the four go on where the last of it is taken out after a failure", async () => {
    const { app, isAsked, recipeOf, state } = await busy("one", "two");
    app.store.setState({ error: new OnestrokeError("bad-image", "grey") });
    app.cancel();
    await vi.waitFor(() => expect(state().job).toBeUndefined());
    void app.explore();
    await vi.waitFor(() => expect(state().exploring.tiles).toHaveLength(4));
    app.unask(recipeOf("two"));
    await isAsked(2);
    expect(state().job).toMatchObject({ beside: "tiles" });
  });

  test("goes on when a failure is put away", async () => {
    const { app, isAsked, state } = await busy("one", "two");
    app.store.setState({ error: new OnestrokeError("bad-image", "grey") });
    app.cancel();
    await vi.waitFor(() => expect(state().job).toBeUndefined());
    expect(state().waiting).toHaveLength(1);
    app.dismissError();
    await isAsked(2);
    expect(state()).toMatchObject({ job: { recipe: { prompt: "two" } }, waiting: [] });
  });
});

describe("what somebody opens while a picture is being drawn", () => {
  async function opened() {
    const { generate, release, isAsked } = waiting();
    const keep = keepingInMemory();
    const before = setUp("seed=5", undefined, keep);
    await draw(before.app, { prompt: "kept" });
    await vi.waitFor(() => expect(before.state().gallery.entries).toHaveLength(1));
    const [entry] = before.state().gallery.entries;
    const recipe = entry?.recipe ?? neverMind();
    const it = setUp("seed=5&prompt=other", generate, keep);
    const started = it.app.start();
    await isAsked(1);
    const kept = () => it.state().gallery.entries.map(({ recipe: { prompt } }) => prompt);
    return { ...it, recipe, started, release, isAsked, kept };
  }

  test("stays, and what was being drawn and what waited go to the gallery", async () => {
    const { app, recipe, release, isAsked, state, kept, queries, started } = await opened();
    void draw(app, { prompt: "two" });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    await app.bring(recipe);
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "kept" } }, job: { beside: "gallery", preview: undefined } });
    expect(state().putAside, "what waits is not lost").toBeUndefined();
    release[0]?.();
    await isAsked(2);
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "kept" } }, draft: { prompt: "kept" } });
    expect(state().done).toContain("gallery");
    release[1]?.();
    await started;
    await vi.waitFor(() => expect(kept()).toEqual(["two", "other", "kept"]));
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "kept" } }, job: undefined, trail: { at: 0 } });
    expect(queries.at(-1)).toContain("prompt=kept");
  });

  test("gives its place to what waits already, and is asked for once more", async () => {
    const { app, recipe, release, isAsked, state } = await opened();
    const next = draw(app, { prompt: "next" });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    await app.bring(recipe);
    expect(state().waiting).toMatchObject([{ forGallery: true }]);
    await draw(app, { prompt: "next", seedKept: true });
    expect(state().waiting).toMatchObject([{ forGallery: false }]);
    release[0]?.();
    await isAsked(2);
    release[1]?.();
    await next;
    expect(state().shown?.recipe.prompt).toBe("next");
  });

  test("gives its place to what is asked for after it", async () => {
    const { app, recipe, release, isAsked, state } = await opened();
    await app.bring(recipe);
    const next = draw(app, { prompt: "next" });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    release[0]?.();
    await isAsked(2);
    release[1]?.();
    await next;
    expect(state().shown?.recipe.prompt).toBe("next");
  });

  test("stays where it was opened before the drawing had begun", async () => {
    const { app, asked, state } = setUp("seed=5");
    await draw(app, { prompt: "one" });
    const one = state().shown?.recipe ?? neverMind();
    await draw(app, { prompt: "two" });
    // A long text is counted before it is drawn, and a model may have to be loaded.
    app.store.setState({ model: { kind: "missing" } });
    const waits = draw(app, { prompt: "three" });
    await app.bring(one);
    await waits;
    expect(state().shown?.recipe.prompt).toBe("one");
    expect(asked.map(({ prompt }) => prompt)).toEqual(["one", "two"]);
    expect(state().putAside?.prompt, "what was written can be brought back").toBe("three");
  });

  test("stays though one that was opened before it takes longer to be read", async () => {
    const keep = keepingInMemory();
    const letGo: (() => void)[] = [];
    const slow = {
      ...keep,
      shelf: {
        ...keep.shelf,
        file: async (id: string) => {
          if (id.includes("slow")) await new Promise<void>((resolve) => letGo.push(resolve));
          return keep.shelf.file(id);
        },
      },
    };
    const first = setUp("seed=5", undefined, keep);
    for (const prompt of ["slow", "quick"]) await draw(first.app, { prompt });
    await vi.waitFor(() => expect(first.state().gallery.entries).toHaveLength(2));
    const [quick, slowOne] = first.state().gallery.entries;
    const { app, state } = setUp("", async (recipe) => drawingOf(recipe), slow);
    const opening = app.bring(slowOne?.recipe ?? neverMind());
    await vi.waitFor(() => expect(letGo).toHaveLength(1));
    await app.bring(quick?.recipe ?? neverMind());
    letGo[0]?.();
    await opening;
    expect(state().shown?.recipe.prompt).toBe("quick");
  });
});
