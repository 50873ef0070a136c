// Undo and redo go along the pictures that were shown: forward only as far as nothing new was drawn, and nothing is drawn twice.
import { describe, expect, test, vi } from "vitest";
import { RECIPE } from "../common/testing/fakes";
import { draw, setUp, startedThenWaiting, waiting } from "./testing/fake-app";
import { canRedo, canUndo, follow, NO_TRAIL } from "./trail";

const recipe = (prompt: string) => ({ ...RECIPE, prompt });

describe("a trail", () => {
  test("a new recipe ends what could be redone, and the same one is no step", () => {
    const three = ["a", "b", "c"].map(recipe).reduce((trail, next) => follow(trail, next), NO_TRAIL);
    expect(three).toEqual({ recipes: ["a", "b", "c"].map(recipe), at: 2 });
    const back = { ...three, at: 1 };
    expect(follow(back, recipe("b"))).toEqual(back);
    expect(follow(back, recipe("d"))).toEqual({ recipes: ["a", "b", "d"].map(recipe), at: 2 });
    expect(follow(back, recipe("d"), true)).toEqual({ recipes: ["a", "d"].map(recipe), at: 1 });
  });

  test("its ends are known, and it does not grow for ever", () => {
    expect([canUndo(NO_TRAIL), canRedo(NO_TRAIL)]).toEqual([false, false]);
    const one = follow(NO_TRAIL, recipe("a"));
    expect([canUndo(one), canUndo(one, true), canUndo(NO_TRAIL, true)]).toEqual([false, true, false]);
    const long = Array.from({ length: 500 }, (_, index) => recipe(String(index))).reduce((trail, next) => follow(trail, next), NO_TRAIL);
    expect(long.recipes).toHaveLength(200);
    expect(long.recipes[long.at]?.prompt).toBe("499");
    expect([canUndo(long), canRedo(long)]).toEqual([true, false]);
  });
});

describe("in the app", () => {
  const prompts = (state: ReturnType<ReturnType<typeof setUp>["state"]>) => [state.draft.prompt, state.shown?.recipe.prompt];

  test("undo and redo show what was drawn, with its settings, and draw nothing", async () => {
    const { app, asked, state, queries } = setUp();
    for (const prompt of ["a", "b", "c"]) await draw(app, { prompt });
    await app.undo();
    expect(prompts(state())).toEqual(["b", "b"]);
    await app.undo();
    await app.undo();
    expect(prompts(state())).toEqual(["a", "a"]);
    expect(queries.at(-1)).toContain("prompt=a");
    await app.redo();
    expect(prompts(state())).toEqual(["b", "b"]);
    expect(asked).toHaveLength(3);
    await draw(app, { prompt: "d" });
    await app.redo();
    expect(prompts(state())).toEqual(["d", "d"]);
  });

  test("a picture that is not in memory any more comes from the gallery, and one that is nowhere is drawn again", async () => {
    const { app, asked, state } = setUp();
    await draw(app, { prompt: "first", seed: "1", seedKept: true, width: 16, height: 16 });
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(1));
    for (let index = 0; index < 12; index++) await draw(app, { prompt: String(index) });
    // What goes from memory before it is kept would be drawn again.
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(13));
    expect(state().recent.map((picture) => picture.recipe.prompt)).not.toContain("first");
    for (let index = 0; index < 12; index++) await app.undo();
    expect(state().shown?.recipe.prompt).toBe("first");
    expect(asked).toHaveLength(13);
    await app.redo();
    for (const { id } of state().gallery.entries) await app.gallery.remove(id);
    app.store.setState({ recent: [] });
    await app.undo();
    expect(state().shown?.recipe.prompt).toBe("first");
    expect(asked).toHaveLength(14);
  });

  test("while a picture is drawn, undo takes that back and stays", async () => {
    const { generate, release, isAsked } = waiting();
    const { app, state } = setUp("", generate);
    const first = draw(app, { prompt: "first" });
    await isAsked(1);
    release[0]?.();
    await first;
    const second = draw(app, { prompt: "second" });
    await isAsked(2);
    await app.undo();
    await second;
    expect(state()).toMatchObject({ job: undefined, shown: { recipe: { prompt: "first" } } });
  });

  test("what is drawn while redo waits for its turn is a step of its own", async () => {
    const { app, state, release, isAsked } = await startedThenWaiting();
    const drawn = async (count: number, work: () => Promise<void>) => {
      const working = work();
      await isAsked(count);
      release[count - 1]?.();
      await working;
    };
    await drawn(2, () => draw(app, { prompt: "second" }));
    await app.undo();
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(2));
    for (const { id, recipe: kept } of state().gallery.entries) if (kept.prompt === "second") await app.gallery.remove(id);
    app.store.setState({ recent: [] });
    const third = draw(app, { prompt: "third" });
    await isAsked(3);
    const redone = app.redo();
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    release[2]?.();
    await isAsked(4);
    release[3]?.();
    await Promise.all([third, redone]);
    expect(
      state()
        .trail.recipes.slice(1)
        .map(({ prompt }) => prompt),
    ).toEqual(["second", "third", "second"]);
  });

  test("undo whose picture is drawn anew and cancelled goes nowhere: what is shown stays a step", async () => {
    const { app, state, release, isAsked } = await startedThenWaiting();
    const second = draw(app, { prompt: "second" });
    await isAsked(2);
    release[1]?.();
    await second;
    await vi.waitFor(() => expect(state().gallery.entries).toHaveLength(2));
    for (const { id } of state().gallery.entries) await app.gallery.remove(id);
    app.store.setState({ recent: [] });
    const undone = app.undo();
    await isAsked(3);
    app.cancel();
    await undone;
    expect(state()).toMatchObject({ shown: { recipe: { prompt: "second" } }, trail: { at: 1 } });
  });
});
