// What was chosen is opened when it comes, once, and only if it is still what was chosen.
import { describe, expect, test, vi } from "vitest";
import type { DownloadPlan, DownloadProgress, KeptModel } from "../../common/download";
import { OnestrokeError } from "../../common/errors";
import { RECIPE } from "../../common/testing/fakes";
import type { Generator, ModelStore } from "../../library";
import { createApp } from "../store";
import { drawingOf, IDLE, MODEL, NO_MODELS_KEPT } from "../testing/fake-app";

const ID = "owner/name";
const PLAN: DownloadPlan = {
  model: ID,
  title: ID,
  license: undefined,
  repositories: [{ repository: ID, revision: "main", commit: "0".repeat(40), addresses: [], files: [{ path: "w", byteLength: 100 }] }],
};

const keptOf = (hereBytes: number): KeptModel => ({
  plan: PLAN,
  isComplete: hereBytes === 100,
  hereBytes,
  totalBytes: 100,
  isChecked: true,
});
const progress = (hereBytes: number): DownloadProgress => ({ file: "w", hereBytes, totalBytes: 100 });

/** A page with a model of which half is here. Its download goes on as the test says; `isReachable` is whether it can be opened yet. */
async function setUp({ query = "", isKept = true } = {}) {
  const state = { hereBytes: 50, isReachable: false, answered: Promise.resolve() };
  let onProgress: (progress: DownloadProgress) => void = () => undefined;
  let end: () => void = () => undefined;
  let downloads = 0;
  let begun = 0;
  const models: ModelStore = {
    ...NO_MODELS_KEPT,
    list: async () => [keptOf(state.hereBytes)],
    room: async () => ({ usedBytes: 0, freeBytes: 1e9, isPersistent: undefined, isKept }),
    fetch: (_, hooks) =>
      new Promise((resolve, reject) => {
        onProgress = hooks?.onProgress ?? onProgress;
        hooks?.signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "paused")));
        begun++;
        end = () => {
          state.hereBytes = 100;
          resolve(keptOf(100));
        };
      }),
  };
  const load = vi.fn<Generator["load"]>(async (id) => {
    const isHere = id !== ID || state.isReachable;
    await state.answered;
    if (!isHere) throw new OnestrokeError("model-missing", "not here", { notHere: true });
    return { ...MODEL, id, title: id, defaultSize: 512 };
  });
  const drawn: string[] = [];
  const generate: Generator["generate"] = async (recipe) => {
    drawn.push(`${recipe.model} ${recipe.width}`);
    return { ...drawingOf(recipe), model: { ...MODEL, id: recipe.model } };
  };
  const app = createApp({ ...IDLE, load, generate }, models, query, () => undefined);
  await app.start();
  await app.refresh();
  const loads = (): number => load.mock.calls.filter(([id]) => id === ID).length;
  return {
    app,
    state,
    drawn,
    loads,
    say: (hereBytes: number) => onProgress(progress(hereBytes)),
    sayOfOtherTab: () => onProgress({ ...progress(0), waiting: "another tab" }),
    end: () => end(),
    /** Waits until one more download has been asked for. */
    hasBegun: async () => {
      downloads++;
      await vi.waitFor(() => expect(begun).toBe(downloads));
    },
  };
}

describe("a model that was chosen before it was here", () => {
  test("is loaded once its download goes on, and drawn with at its own size", async () => {
    const { app, state, drawn, loads, say, hasBegun } = await setUp();
    await app.useModel(ID);
    expect(app.store.getState().error).toMatchObject({ detail: { notHere: true } });
    expect(loads()).toBe(1);
    void app.download(ID);
    await hasBegun();
    expect(loads(), "nobody knows yet whether the download has begun").toBe(1);
    state.isReachable = true;
    say(60);
    say(70);
    await vi.waitFor(() => expect(drawn).toContain(`${ID} 512`));
    expect(loads()).toBe(2);
    expect(app.store.getState()).toMatchObject({ error: undefined, model: { kind: "ready" }, shown: { recipe: { model: ID } } });
  });

  test("is loaded again where its download began before it was said not to be here", async () => {
    const { app, state, drawn, loads, say, hasBegun } = await setUp();
    let answer: () => void = () => undefined;
    state.answered = new Promise((resolve) => (answer = resolve));
    const choosing = app.useModel(ID);
    await vi.waitFor(() => expect(loads()).toBe(1));
    void app.download(ID);
    await hasBegun();
    state.isReachable = true;
    say(60);
    expect(loads(), "it is being loaded").toBe(1);
    answer();
    await choosing;
    await vi.waitFor(() => expect(drawn).toContain(`${ID} 512`));
    expect(loads()).toBe(2);
  });

  test("a pause ends that, and whoever goes on has it loaded again", async () => {
    const { app, state, drawn, loads, say, hasBegun } = await setUp();
    await app.useModel(ID);
    const first = app.download(ID);
    await hasBegun();
    say(60);
    await vi.waitFor(() => expect(loads()).toBe(2));
    app.pause(ID);
    await first;
    state.isReachable = true;
    void app.download(ID);
    await hasBegun();
    say(80);
    await vi.waitFor(() => expect(drawn).toContain(`${ID} 512`));
  });

  test.each([
    ["where nothing is kept", { isKept: false }],
    ["where another tab has it", { isKept: true }],
  ])("is loaded once it is whole, %s", async (how, { isKept }) => {
    const { app, state, drawn, loads, say, sayOfOtherTab, end, hasBegun } = await setUp({ isKept });
    await app.useModel(ID);
    const downloading = app.download(ID);
    await hasBegun();
    if (how === "where nothing is kept") say(60);
    else sayOfOtherTab();
    await Promise.resolve();
    expect(loads()).toBe(1);
    state.isReachable = true;
    end();
    await downloading;
    await vi.waitFor(() => expect(drawn).toContain(`${ID} 512`));
    expect(loads()).toBe(2);
  });

  test("that a link names is drawn as the link says", async () => {
    const { app, state, drawn, say, hasBegun } = await setUp({ query: `prompt=a+hill&size=64x64&seed=3&model=${encodeURIComponent(ID)}` });
    void app.download(ID);
    await hasBegun();
    state.isReachable = true;
    say(60);
    await vi.waitFor(() => expect(drawn).toEqual([`${ID} 64`]));
    expect(app.store.getState().shown?.recipe.seed).toBe("3");
  });

  test("is loaded, and the picture of it that somebody has opened since stays, with what it says", async () => {
    const { app, state, drawn, loads, say, hasBegun } = await setUp();
    const old = drawingOf({ ...RECIPE, model: ID, width: 64, height: 64 });
    app.store.setState({ recent: [old] });
    await app.useModel(ID);
    await app.bring(old.recipe);
    const downloading = app.download(ID);
    await hasBegun();
    state.isReachable = true;
    say(60);
    await vi.waitFor(() => expect(app.store.getState().model.kind).toBe("ready"));
    app.pause(ID);
    await downloading;
    expect(loads()).toBe(2);
    expect(app.store.getState()).toMatchObject({ shown: old, draft: { width: 64, height: 64 }, job: undefined });
    expect(drawn).not.toContain(`${ID} 512`);
  });

  test("is not opened once another one is chosen", async () => {
    const { app, drawn, loads, say, end, hasBegun } = await setUp();
    await app.useModel(ID);
    const downloading = app.download(ID);
    await hasBegun();
    await app.useModel("sd-turbo");
    say(60);
    end();
    await downloading;
    expect(loads()).toBe(1);
    expect(drawn.at(-1)).toBe("sd-turbo 512");
  });

  test("control: a model that somebody only downloads is not opened", async () => {
    const { app, loads, say, end, hasBegun } = await setUp();
    const downloading = app.download(ID);
    await hasBegun();
    say(60);
    end();
    await downloading;
    expect(loads()).toBe(0);
  });

  test("what fails of something else is not tried over and over", async () => {
    const { app, loads, say, end, hasBegun } = await setUp();
    await app.useModel(ID);
    const downloading = app.download(ID);
    await hasBegun();
    for (const hereBytes of [60, 70, 80]) {
      say(hereBytes);
      await vi.waitFor(() => expect(app.store.getState().model.kind).toBe("missing"));
    }
    end();
    await downloading;
    await app.refresh();
    expect(loads()).toBe(2);
  });
});
