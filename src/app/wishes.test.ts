// What is asked for while its model is being loaded: it can be cancelled, the newest wish counts, and the model is there all the same.
import { describe, expect, test } from "vitest";
import type { ModelFacts } from "../common/model-facts";
import type { Generator } from "../library";
import { createApp } from "./store";
import { canCancel } from "./state";
import { draw, drawingOf, IDLE, MODEL, NO_MODELS_KEPT } from "./testing/fake-app";

/** An app whose models come when the test lets them. */
function setUp(query = "") {
  const asked: string[] = [];
  const come: (() => void)[] = [];
  const load: Generator["load"] = (id) =>
    new Promise<ModelFacts>((resolve) => void come.push(() => resolve({ ...MODEL, id, defaultSize: id === MODEL.id ? 256 : 512 })));
  const generate: Generator["generate"] = async (recipe) => {
    asked.push(recipe.prompt);
    return { ...drawingOf(recipe), model: { ...MODEL, id: recipe.model } };
  };
  const app = createApp({ ...IDLE, load, generate }, NO_MODELS_KEPT, query, () => undefined);
  const state = () => app.store.getState();
  const letIn = async (...doing: readonly Promise<unknown>[]) => {
    // What begins with a look into the gallery has asked for the model by then.
    await new Promise((resolve) => setTimeout(resolve));
    for (const one of come.splice(0)) one();
    await Promise.all(doing);
  };
  return { app, asked, state, letIn };
}

describe("while the model is loaded", () => {
  test("the first picture can be cancelled, and the next that is asked for is drawn", async () => {
    const { app, asked, state, letIn } = setUp("prompt=a+pier");
    const starting = app.start();
    await new Promise((resolve) => setTimeout(resolve));
    expect(canCancel(state())).toBe(true);
    app.cancel();
    expect([canCancel(state()), state().status]).toEqual([false, "Cancelled"]);
    await letIn(starting);
    expect([asked, state().shown, state().model.kind]).toEqual([[], undefined, "ready"]);
    await app.draw();
    expect(asked).toEqual(["a pier"]);
  });

  test("so it is before the gallery was looked into", async () => {
    const { app, asked, letIn } = setUp();
    const starting = app.start();
    app.cancel();
    await letIn(starting);
    expect(asked).toEqual([]);
  });

  test("control: without a cancel the newest wish is drawn, and nothing is left to cancel", async () => {
    const { app, asked, state, letIn } = setUp("prompt=a+pier");
    await letIn(app.start(), draw(app, { prompt: "a harbour" }), draw(app, { prompt: "a bay" }));
    expect(asked).toEqual(["a bay"]);
    expect(canCancel(state())).toBe(false);
  });

  test("a wish after a cancel is drawn, and nothing else", async () => {
    const { app, asked, letIn } = setUp();
    const starting = app.start();
    const first = draw(app, { prompt: "a harbour" });
    app.cancel();
    await letIn(starting, first, draw(app, { prompt: "a bay" }));
    expect(asked).toEqual(["a bay"]);
  });

  test("four like this are cancelled too", async () => {
    const { app, asked, state, letIn } = setUp();
    const exploring = app.explore();
    app.cancel();
    await letIn(exploring);
    expect([asked, state().exploring.isOpen]).toEqual([[], false]);
    await app.explore();
    expect(state().exploring.isOpen, "control").toBe(true);
  });

  test("another one that was chosen is there with its own size, though its picture was cancelled", async () => {
    const { app, asked, state, letIn } = setUp();
    await letIn(app.start());
    const choosing = app.useModel("somebody/something");
    expect(canCancel(state())).toBe(true);
    app.cancel();
    await letIn(choosing);
    expect(asked).toHaveLength(1);
    expect(state()).toMatchObject({ model: { kind: "ready" }, draft: { model: "somebody/something", width: 512, height: 512 } });
    await app.draw();
    expect(asked).toHaveLength(2);
  });

  test("what waits for one that is given up leaves nothing to cancel behind", async () => {
    const { app, asked, state, letIn } = setUp();
    const starting = app.start();
    const linked = app.openLink("prompt=a+bay&model=somebody%2Fsomething");
    await letIn(starting, linked);
    expect(asked).toEqual(["a bay"]);
    expect(canCancel(state())).toBe(false);
  });

  test("a kept picture that is opened meanwhile takes the place of what waits: nothing is left to cancel", async () => {
    const { app, asked, state, letIn } = setUp();
    await letIn(app.start());
    const { shown } = state();
    app.store.setState({ model: { kind: "missing" } });
    const drawing = draw(app, { prompt: "a harbour" });
    await new Promise((resolve) => setTimeout(resolve));
    expect(canCancel(state()), "control: it waits for its model").toBe(true);
    if (shown !== undefined) await app.bring(shown.recipe);
    expect(canCancel(state())).toBe(false);
    await letIn(drawing);
    expect(asked).toHaveLength(1);
    expect(state()).toMatchObject({ isAwaited: false, shown: { recipe: shown?.recipe } });
  });
});
