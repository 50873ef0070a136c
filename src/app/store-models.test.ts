// What happens where somebody chooses another model, or another engine for the same.
import { describe, expect, test, vi } from "vitest";
import type { HandedModel } from "../common/download";
import { OnestrokeError } from "../common/errors";
import type { Generator, ModelStore } from "../library";
import { openedFile } from "./models/opened-files";
import { createApp, type App } from "./store";
import { drawingOf, IDLE, MODEL, NO_MODELS_KEPT } from "./testing/fake-app";

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

  test("is opened for its own size, as the first one is for the link's", async () => {
    const sizes: unknown[] = [];
    const load: Generator["load"] = async (id, hooks) => {
      sizes.push([id, hooks?.size]);
      return { ...MODEL, id };
    };
    const app = createApp({ ...IDLE, load }, NO_MODELS_KEPT, "size=128x64", () => undefined);
    await app.start();
    await app.useModel("somebody/something");
    expect(sizes).toEqual([
      ["vignette", { width: 128, height: 64 }],
      ["somebody/something", undefined],
    ]);
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

describe("files that somebody opened", () => {
  interface Acts {
    /** What somebody does before they open it, and while it is loaded. */
    readonly before?: (app: App) => void;
    readonly meanwhile?: (app: App) => void;
    /** How many of its name somebody opened before that draw. */
    readonly good?: number;
  }

  /** A page that draws, and a store that lists what it was lent. A picture of "slow" is drawn until it is cancelled. */
  async function opening(code: "model-unsupported" | "gpu-out-of-memory", { before, meanwhile, good = 0 }: Acts = {}) {
    const lent = new Map<string, HandedModel>();
    const models: ModelStore = {
      ...NO_MODELS_KEPT,
      lend: (own) => {
        const replaced = lent.get(own.plan.model);
        lent.set(own.plan.model, own);
        return replaced;
      },
      list: async () =>
        [...lent.values()].map(({ plan }) => ({ plan, isComplete: true, hereBytes: 1, totalBytes: 1, isChecked: false, lent: "file" })),
      remove: async (id) => void lent.delete(id),
    };
    const files = ["good", "bad"].map((text) => openedFile(new File([text], "flux.safetensors")));
    const loads: string[] = [];
    const load: Generator["load"] = async (id) => {
      loads.push(id);
      // Somebody may look at the list of models meanwhile, where it stands.
      await app.refresh();
      if (id === MODEL.id) return MODEL;
      if (good > 0 && lent.get(id) === files[0]) return { ...MODEL, id };
      meanwhile?.(app);
      throw new OnestrokeError(code, "it is Flux");
    };
    const generate: Generator["generate"] = (recipe, { signal } = {}) =>
      recipe.prompt === "slow"
        ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "cancelled"))))
        : Promise.resolve({ ...drawingOf(recipe), model: { ...MODEL, id: recipe.model } });
    const app: App = createApp({ ...IDLE, load, generate }, models, "prompt=a+hill&size=320x192&steps=2", () => undefined);
    await app.start();
    app.edit({ loras: [{ name: "ink", weight: 1 }] });
    before?.(app);
    for (const own of files.slice(1 - good)) await app.useOwn(own);
    return { lent: [...lent.values()], files, loads, state: app.store.getState(), app };
  }

  test("and are no model that is read: what drew before draws on as it was, and the error stays", async () => {
    const { lent, loads, state } = await opening("model-unsupported");
    expect(state).toMatchObject({
      draft: { model: MODEL.id, loras: [{ name: "ink" }], width: 320, height: 192, steps: 2 },
      model: { kind: "ready" },
      error: { code: "model-unsupported", message: "it is Flux" },
      shown: { recipe: { model: MODEL.id } },
    });
    expect([lent, loads]).toEqual([[], [MODEL.id, "flux", MODEL.id]]);
  });

  test("what somebody sets while they are loaded stays", async () => {
    const meanwhile = (app: App) => app.edit({ prompt: "a bay", steps: 3, loras: [{ name: "pen", weight: 0.5 }] });
    const { state } = await opening("model-unsupported", { meanwhile });
    expect(state.draft).toMatchObject({ model: MODEL.id, prompt: "a bay", steps: 3, width: 320, loras: [{ name: "pen" }] });
  });

  test("what was being drawn, or waited, is drawn for the gallery once the error was read", async () => {
    const { state, app } = await opening("model-unsupported", { before: (page) => (page.edit({ prompt: "slow" }), void page.draw()) });
    expect(state.waiting).toMatchObject([{ recipe: { prompt: "slow" }, forGallery: true }]);
    expect(state.takenOut).toEqual([]);
    app.dismissError();
    expect(app.store.getState()).toMatchObject({ job: { recipe: { prompt: "slow" }, beside: "gallery" }, waiting: [] });
  });

  test("a file of the same name that drew before draws on", async () => {
    const { lent, files, loads, state } = await opening("model-unsupported", { good: 1 });
    expect(lent).toEqual([files[0]]);
    expect(state).toMatchObject({ draft: { model: "flux" }, model: { kind: "ready" }, error: { message: "it is Flux" } });
    expect(loads).toEqual([MODEL.id, "flux", "flux", "flux"]);
  });

  test("control: one that this device cannot hold stays chosen", async () => {
    const { lent, files, state } = await opening("gpu-out-of-memory");
    expect(state).toMatchObject({ draft: { model: "flux" }, model: { kind: "missing" }, error: { code: "gpu-out-of-memory" } });
    expect(lent).toEqual([files[1]]);
  });
});
