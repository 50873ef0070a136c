// Live drawing while the model is loaded: what waits for it, what is given up, and that an error is read before anything is drawn.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../../common/errors";
import type { Generator } from "../../library";
import { MODEL, setUp } from "../testing/fake-app";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Long enough for a picture to stand. */
const PAUSE_MS = 1_600;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** An app that shows its first picture and draws live. */
async function live() {
  const it = setUp();
  await it.app.start();
  await pass();
  it.app.setLive(true);
  await pass();
  return { ...it, prompts: () => it.asked.slice(1).map(({ prompt }) => prompt) };
}

test("what was changed while the model was loaded anew is drawn once it is there", async () => {
  const { app, prompts } = await live();
  const { model } = app.store.getState();
  app.store.setState({ model: { kind: "loading", progress: undefined, share: 0 } });
  app.edit({ prompt: "a pier" });
  await pass();
  expect(prompts()).toEqual([]);
  app.store.setState({ model });
  await pass();
  expect(prompts()).toEqual(["a pier"]);
});

test("an error that is there when the model is comes to be read first", async () => {
  const { app, prompts, state } = await live();
  const { model } = state();
  app.store.setState({
    model: { kind: "loading", progress: undefined, share: 0 },
    error: new OnestrokeError("model-unsupported", "it is Flux"),
  });
  app.edit({ prompt: "a pier" });
  await pass();
  app.store.setState({ model });
  await pass(PAUSE_MS);
  expect([prompts(), state().error?.message]).toEqual([[], "it is Flux"]);
  app.dismissError();
  await pass();
  expect(prompts()).toEqual(["a pier"]);
});

describe("what waited for the model and was cancelled is not drawn live", () => {
  /** A live page whose model is being loaded anew when a picture is asked for. */
  async function awaiting() {
    const come: (() => void)[] = [];
    const letCome = () => come.splice(0).forEach((one) => one());
    const load: Generator["load"] = (id) => new Promise((resolve) => void come.push(() => resolve({ ...MODEL, id })));
    let [isSeen, look] = [true, (): void => undefined];
    const sight = { isSeen: () => isSeen, onChange: (listen: () => void) => void (look = listen) };
    const it = setUp("", undefined, undefined, sight, { load });
    const started = it.app.start();
    await pass();
    letCome();
    await started;
    it.app.setLive(true);
    await pass();
    it.app.store.setState({ model: { kind: "missing" } });
    it.app.edit({ prompt: "a pier" });
    const drawing = it.app.draw();
    await pass();
    const prompts = () => it.asked.slice(1).map(({ prompt }) => prompt);
    const see = (isNow: boolean) => ((isSeen = isNow), look());
    return { ...it, prompts, see, letIn: async () => (letCome(), await drawing, await pass(PAUSE_MS)) };
  }

  test("when the model is there and says which size nobody has chosen", async () => {
    const come: (() => void)[] = [];
    const large = { ...MODEL, defaultSize: 2 * MODEL.defaultSize };
    const load: Generator["load"] = () => new Promise((resolve) => void come.push(() => resolve(large)));
    const { app, asked, state } = setUp("", undefined, undefined, undefined, { load });
    const started = app.start();
    app.setLive(true);
    await pass();
    app.cancel();
    for (const one of come) one();
    await started;
    await pass(PAUSE_MS);
    expect([state().model.kind, state().draft.width, asked]).toEqual(["ready", large.defaultSize, []]);
    app.edit({ prompt: "a harbour" });
    await pass();
    expect(asked, "the next change is").toMatchObject([{ prompt: "a harbour", width: large.defaultSize }]);
  });

  test("when the model is there, nor when the page is seen again", async () => {
    const { app, prompts, see, letIn, state } = await awaiting();
    app.cancel();
    await letIn();
    expect(state().model.kind).toBe("ready");
    for (const isSeen of [false, true]) {
      see(isSeen);
      await pass();
      expect(prompts()).toEqual([]);
    }
    app.edit({ prompt: "a harbour" });
    await pass();
    expect(prompts(), "the next change is").toEqual(["a harbour"]);
  });

  test("control: without a cancel it is drawn", async () => {
    const { prompts, letIn } = await awaiting();
    await letIn();
    expect(prompts()).toEqual(["a pier"]);
  });

  test("so it is where another model was chosen, which sets the controls to its own size", async () => {
    const { app, prompts, letIn, state } = await awaiting();
    const choosing = app.useModel("somebody/something");
    await pass();
    app.cancel();
    await letIn();
    await choosing;
    expect(state()).toMatchObject({ model: { kind: "ready" }, draft: { model: "somebody/something" } });
    expect(prompts()).toEqual([]);
  });

  test("until it is switched on anew", async () => {
    const { app, prompts, letIn } = await awaiting();
    app.cancel();
    await letIn();
    app.setLive(false);
    app.setLive(true);
    await pass();
    expect(prompts()).toEqual(["a pier"]);
  });
});
