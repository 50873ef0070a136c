// How long the session waits for a cancelled picture: until the pipeline lets go of it, and a moment more. And what it does in a pause.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OnestrokeError } from "../common/errors";
import type { FromWorker } from "../protocol/messages";
import { FACTS, RECIPE } from "../common/testing/fakes";
import type { Backend, LoadedModel } from "./backend";
import { Session } from "./session";
import { gradientBackend } from "./testing/gradient-backend";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A session that draws with `drawTogether` for as long as that takes. */
function sessionOf(drawTogether: LoadedModel["drawTogether"], tune?: LoadedModel["tune"]) {
  const posted: FromWorker[] = [];
  const backend: Backend = {
    ...gradientBackend(),
    load: async () => ({
      facts: FACTS,
      drawTogether,
      textLength: () => undefined,
      meaning: JSON.stringify,
      dispose: async () => undefined,
      ...(tune && { tune }),
    }),
  };
  const session = new Session(
    async () => backend,
    (message) => posted.push(message),
  );
  return { session, answers: () => posted.filter((message) => message.type === "failed" || message.type === "drawn") };
}

test.each<[string, LoadedModel["drawTogether"], number]>([
  [
    "one that lets go at once is answered within 100 ms",
    (_, hooks) =>
      new Promise((__, reject) => hooks?.signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "let go")))),
    1,
  ],
  ["control: one that does not is waited for, so that no two pictures share the device", () => new Promise(() => undefined), 0],
])("a cancelled picture: %s", async (_, draw, count) => {
  const { session, answers } = sessionOf(draw);
  session.receive({ type: "generate", id: 1, recipes: [RECIPE], engine: undefined });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(answers()).toEqual([]);
  session.receive({ type: "cancel", id: 1 });
  await vi.advanceTimersByTimeAsync(100);
  expect(answers().map((answer) => answer.type === "failed" && answer.error.code)).toEqual(Array(count).fill("cancelled"));
});

test("a hidden page that draws nothing gives its model back, and loads it again for the next picture", async () => {
  vi.useRealTimers();
  const posted: FromWorker[] = [];
  const made = gradientBackend();
  let given = 0;
  const told: boolean[] = [];
  const backend: Backend = {
    ...made,
    tellSeen: (isSeen) => void told.push(isSeen),
    load: async (...args) => ({ ...(await made.load(...args)), dispose: async () => void given++ }),
  };
  const session = new Session(
    async () => backend,
    (message) => posted.push(message),
  );
  const drawn = (count: number) => vi.waitFor(() => expect(posted.filter(({ type }) => type === "drawn")).toHaveLength(count));
  session.receive({ type: "seen", isSeen: false });
  expect(session.giveBack(), "there is nothing to give").toBeUndefined();
  session.receive({ type: "generate", id: 1, recipes: [RECIPE], engine: undefined });
  expect(session.giveBack(), "it draws").toBeUndefined();
  await drawn(1);
  session.receive({ type: "seen", isSeen: true });
  await vi.waitFor(() => expect(session.giveBack(), "somebody looks at it").toBeUndefined());
  session.receive({ type: "seen", isSeen: false });
  await session.giveBack();
  expect(given).toBe(1);
  expect(session.giveBack(), "it is gone").toBeUndefined();
  session.receive({ type: "generate", id: 2, recipes: [RECIPE], engine: undefined });
  await drawn(2);
  expect(made.loaded).toHaveLength(2);
  expect(told, "what computes hears of it, when it is opened and later").toEqual([false, true, false]);
});

/** As the backend without a GPU does. */
const draws: LoadedModel["drawTogether"] = async (...asked) =>
  (await gradientBackend().load(RECIPE.model, "wgsl", {})).drawTogether(...asked);

describe("in a pause after a picture", () => {
  /** Draws at once; a measurement goes on until it is ended. */
  function measuring() {
    const measured: AbortSignal[] = [];
    const tune: LoadedModel["tune"] = ({ signal } = {}) =>
      new Promise((_, reject) => {
        if (signal) measured.push(signal);
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
    const { session, answers } = sessionOf(draws, tune);
    const ask = (id: number) => session.receive({ type: "generate", id, recipes: [RECIPE], engine: undefined });
    return { session, answers, measured, ask };
  }

  test("the model is measured, once nobody has asked for a while", async () => {
    const { measured, ask } = measuring();
    ask(1);
    await vi.advanceTimersByTimeAsync(1000);
    ask(2);
    await vi.advanceTimersByTimeAsync(1400);
    expect(measured).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(measured.map(({ aborted }) => aborted)).toEqual([false]);
  });

  test("the next picture ends that and is drawn", async () => {
    const { measured, ask, answers } = measuring();
    ask(1);
    await vi.advanceTimersByTimeAsync(2000);
    ask(2);
    await vi.advanceTimersByTimeAsync(100);
    expect(measured.map(({ aborted }) => aborted)).toEqual([true]);
    expect(answers().map(({ type }) => type)).toEqual(["drawn", "drawn"]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(measured.length).toBe(2);
  });

  test("a page that is hidden ends that, and begins nothing anew, when it gives its model back", async () => {
    const { session, measured, ask } = measuring();
    session.receive({ type: "seen", isSeen: false });
    ask(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(measured.map(({ aborted }) => aborted)).toEqual([false]);
    await session.giveBack();
    expect(measured.map(({ aborted }) => aborted)).toEqual([true]);
    ask(2);
    await vi.advanceTimersByTimeAsync(100);
    await session.giveBack();
    await vi.advanceTimersByTimeAsync(5000);
    expect(measured, "there is no model any more").toHaveLength(1);
  });

  test("and not after loading alone", async () => {
    const { session, measured } = measuring();
    session.receive({ type: "load", id: 1, model: RECIPE.model, engine: undefined });
    await vi.advanceTimersByTimeAsync(5000);
    expect(measured).toEqual([]);
  });

  test("a measurement that fails is no news", async () => {
    const { session, answers } = sessionOf(draws, async () => {
      throw new OnestrokeError("gpu-lost", "it is gone");
    });
    for (const id of [1, 2]) {
      session.receive({ type: "generate", id, recipes: [RECIPE], engine: undefined });
      await vi.advanceTimersByTimeAsync(5000);
    }
    expect(answers().map(({ type }) => type)).toEqual(["drawn", "drawn"]);
  });
});

test("a model is opened for the size that is said, or that of the first picture", async () => {
  vi.useRealTimers();
  const sizes: unknown[] = [];
  const made = gradientBackend();
  const backend: Backend = {
    ...made,
    load: (id, engine, hooks, ...rest) => {
      sizes.push(hooks.size && [hooks.size.width, hooks.size.height]);
      return made.load(id, engine, hooks, ...rest);
    },
  };
  const posted: FromWorker[] = [];
  const session = new Session(
    async () => backend,
    (message) => posted.push(message),
  );
  const size = { width: 128, height: 96 };
  session.receive({ type: "load", id: 1, model: "one", engine: undefined });
  session.receive({ type: "load", id: 2, model: "two", engine: undefined, size });
  session.receive({ type: "generate", id: 3, recipes: [{ ...RECIPE, model: "three" }], engine: undefined });
  await vi.waitFor(() => expect(posted.some(({ type }) => type === "drawn")).toBe(true));
  expect(sizes).toEqual([undefined, [128, 96], [RECIPE.width, RECIPE.height]]);
});
