// Tests comparing without a page: what is drawn for a comparison, what the dial draws anew, and what
// ends the comparison.
import { describe, expect, test, vi } from "vitest";
import type { Recipe } from "../common/recipe";
import { otherSide, otherSideInView } from "./state";
import { MODEL, setUp, waiting, draw, startedThenWaiting } from "./testing/fake-app";

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
    expect(negatives(state().recent.map(({ recipe }) => recipe))).toEqual(["", "fog"]);
    // The link is still the shown picture's.
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
    expect(state().recent, "the one that was asked for stays").toHaveLength(3);
    // Off is one of the dial's positions like any other.
    app.steer({ ...STRONG, scale: 0 });
    await vi.waitFor(() => expect(state().shown?.recipe.steering).toEqual({ method: "none" }));
    expect(otherSide(state())?.recipe).toEqual(asked[1]);
    expect(state().recent, "a position in between does not").toHaveLength(3);
  });

  test("the dial takes the place of its own positions alone: what somebody asked for stays kept, and a step back", async () => {
    const { app, state } = setUp("negative=fog");
    const kept = () => state().gallery.entries.map(({ recipe: { steering } }) => steering);
    await app.start();
    await app.compare(true);
    await vi.waitFor(() => expect(kept()).toHaveLength(2));
    const [, asked] = kept();
    const turned = async (scale: number) => {
      app.steer({ ...STRONG, scale });
      await vi.waitFor(() => expect(state().shown?.recipe.steering).toEqual({ ...STRONG, scale }));
    };
    await turned(0.4);
    await turned(0.5);
    await turned(0.6);
    await vi.waitFor(() => expect(kept()).toEqual([STRONG, { method: "none" }, asked]));
    expect(state().trail.recipes).toHaveLength(2);

    // Where it is left standing is asked for too.
    await app.compare(false);
    await app.compare(true);
    await turned(0.7);
    await vi.waitFor(() => expect(kept()).toEqual([{ ...STRONG, scale: 0.7 }, STRONG, { method: "none" }, asked]));
    await app.undo();
    await app.undo();
    expect(state().shown?.recipe.steering).toEqual(asked);
  });

  test("the dial waits for what goes elsewhere, and follows its last position alone", async () => {
    const { app, asked, state, release, isAsked } = await startedThenWaiting("negative=fog");
    const first = state().shown;
    void draw(app, { prompt: "second" });
    await isAsked(2);
    // It is drawn for the gallery from now on.
    await app.bring(first?.recipe ?? expect.fail("nothing is shown"));
    const compared = app.compare(true);
    app.steer({ ...STRONG, scale: 0.5 });
    app.steer(STRONG);
    expect(state().job).toMatchObject({ beside: "gallery", recipe: { prompt: "second" } });
    release[1]?.();
    await isAsked(3);
    release[2]?.();
    await isAsked(4);
    release[3]?.();
    await compared;
    await vi.waitFor(() => expect(state()).toMatchObject({ job: undefined, shown: { recipe: { steering: STRONG } } }));
    expect(asked.map(({ prompt, negative, steering }) => [prompt, negative, steering]).slice(1)).toEqual([
      ["second", "fog", MODEL.steering.nasa],
      [first?.recipe.prompt, "", { method: "none" }],
      [first?.recipe.prompt, "fog", STRONG],
    ]);
    await vi.waitFor(() => expect(state().gallery.entries.map(({ recipe: { prompt } }) => prompt)).toContain("second"));
  });

  test("what goes to the gallery and leaves nothing out ends no comparison", async () => {
    const { app, asked, state, release, isAsked } = await startedThenWaiting("negative=fog");
    const first = state().shown?.recipe ?? expect.fail("nothing is shown");
    void draw(app, { prompt: "second" });
    await isAsked(2);
    void draw(app, { prompt: "third", negative: "" });
    await vi.waitFor(() => expect(state().waiting).toHaveLength(1));
    await app.bring(first);
    const compared = app.compare(true);
    for (const at of [1, 2, 3]) {
      release[at]?.();
      if (at < 3) await isAsked(at + 2);
    }
    await compared;
    expect(asked.map(({ prompt }) => prompt)).toEqual([first.prompt, "second", first.prompt, "third"]);
    expect(state()).toMatchObject({ isComparing: true, shown: { recipe: first } });
    expect(otherSide(state())?.recipe).toMatchObject({ prompt: first.prompt, negative: "" });
  });

  test("the dial turned before the first picture is there: that picture follows it", async () => {
    const { app, asked, state, release } = await startedThenWaiting();
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
    expect(state().recent).toHaveLength(2);
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
      hooks?.onPreview?.(preview, 1, 0);
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
    release[2]?.();
    await isAsked(4);
    expect(state().job?.preview).toBe(preview);
    expect(otherSideInView(state())).toBeUndefined();
    // Once it is cancelled, the old pair is there again.
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
    const [, old] = state().recent;
    if (old !== undefined) await app.bring(old.recipe);
    expect(state().isComparing).toBe(false);
  });

  test("cancelled before its other side is there, it ends; cancelled while the dial is followed, it stays", async () => {
    const { app, state, release, isAsked } = await startedThenWaiting("negative=fog");
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
