// What a visitor does with models, against a vault that the test controls.
import { describe, expect, test, vi } from "vitest";
import type { ModelStore } from "../../library";
import type { DownloadPlan, KeptModel, ModelOffer } from "../../common/download";
import { OnestrokeError } from "../../common/errors";
import { createAppStore } from "../state";
import { strings } from "../strings";
import { NO_MODELS_KEPT } from "../testing/fake-app";
import type { HubAccess } from "./hub-token";
import type { KeptFolders } from "./kept-folders";
import { createModelShelf } from "./shelf";
import { modelRows } from "./state";

const planOf = (model: string, byteLength = 100): DownloadPlan => ({
  model,
  title: model,
  license: { id: "MIT" },
  repositories: [{ repository: model, revision: "main", commit: "0".repeat(40), addresses: [], files: [{ path: "w", byteLength }] }],
});

const offerOf = (model: string): ModelOffer => ({
  plan: planOf(model),
  outline: {
    readAs: "weights",
    pipeline: "stable-diffusion",
    family: "sd21",
    defaultSize: 512,
    trainedSizes: [{ side: 512, multiple: 8 }],
    maxSteps: 4,
    parts: [],
    gpuBytes: 1_000,
    turns: [],
  },
});

const keptOf = (model: string, hereBytes: number): KeptModel => ({
  plan: planOf(model),
  isComplete: hereBytes === 100,
  hereBytes,
  totalBytes: 100,
  isChecked: true,
});

const NO_FOLDERS: KeptFolders = {
  names: async () => [],
  pick: async () => undefined,
  open: async () => undefined,
  forget: async () => undefined,
};

const NO_TOKEN: HubAccess = { restore: async () => false, use: async () => false, keep: async () => false, isThere: () => false };

function setUp(change: Partial<ModelStore> = {}, folders = NO_FOLDERS) {
  const store = createAppStore("");
  let now = 0;
  const shelf = createModelShelf(store, { ...NO_MODELS_KEPT, ...change }, folders, NO_TOKEN, () => (now += 1_000));
  const row = (id: string) => modelRows(store.getState().models).find((each) => each.id === id);
  return { store, shelf, row };
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is not there");
  return value;
}

describe("getting a model", () => {
  test("is asked about first: nothing is fetched before a person has seen its size and its licence", async () => {
    const fetched = vi.fn<ModelStore["fetch"]>(async () => keptOf("someone/model", 100));
    const { shelf, row } = setUp({ inspect: async (name) => offerOf(name), fetch: fetched });
    await shelf.download("someone/model");
    expect(row("someone/model")).toMatchObject({ totalBytes: 100, license: { id: "MIT" }, gpuBytes: 1_000, activity: { kind: "offered" } });
    expect(fetched).not.toHaveBeenCalled();
    await shelf.download("someone/model");
    expect(fetched).toHaveBeenCalledOnce();
  });

  test("is said to take about so much, until the hub has said how much exactly, and who takes turns", async () => {
    const offer = offerOf("sd-turbo");
    const { shelf, row } = setUp({ inspect: async () => ({ ...offer, outline: { ...offer.outline, turns: ["text_encoder"] } }) });
    await shelf.refresh();
    expect(row("sd-turbo")).toMatchObject({ totalBytes: undefined, aboutBytes: expect.any(Number), turns: [] });
    expect(strings.models.size(need(row("sd-turbo")), true)).toMatch(/^About 2\.\d+.GB to download$/);
    await shelf.inspect("sd-turbo");
    expect(row("sd-turbo")).toMatchObject({ totalBytes: 100, aboutBytes: undefined, turns: ["text_encoder"] });
  });

  test("shows how far it is, and is here in the end", async () => {
    let here = 0;
    const { store, shelf, row } = setUp({
      inspect: async (name) => offerOf(name),
      list: async () => (here === 0 ? [] : [keptOf("someone/model", here)]),
      fetch: async (plan, hooks) => {
        for (const hereBytes of [10, 30, 60]) {
          hooks?.onProgress?.({ file: "w", hereBytes, totalBytes: 100 });
          seen.push(row("someone/model")?.activity);
        }
        here = 100;
        return keptOf(plan.model, 100);
      },
    });
    const seen: unknown[] = [];
    await shelf.inspect("someone/model");
    await shelf.download("someone/model");
    expect(seen).toMatchObject([{ bytesPerSecond: undefined }, { bytesPerSecond: 20 }, { bytesPerSecond: 25 }]);
    expect(row("someone/model")).toMatchObject({ isComplete: true, hereBytes: 100, activity: undefined });
    expect(store.getState().status).toBe("someone/model is on this device");
  });

  test("on a slow line is told in numbers that are not 0", () => {
    expect(strings.models.progress(40_000, 24_800_000, 30_000)).toMatch(/^40.kB of 24.8.MB · 30.kB a second · 14 minutes left$/);
    expect(strings.models.progress(0, 24_800_000, undefined)).toMatch(/^0.MB of 24.8.MB$/);
    const partly = { totalBytes: 2_420_000_000, aboutBytes: undefined, hereBytes: 99_000, isComplete: false };
    expect(strings.models.size(partly, true)).toMatch(/^2.42.GB, 99.kB of it here$/);
  });

  test("is said to be here for as long as the browser lets it", () => {
    const whole = { totalBytes: 2_420_000_000, aboutBytes: undefined, hereBytes: 2_420_000_000, isComplete: true };
    expect(strings.models.size(whole, true)).toMatch(/^2.42.GB, on this device$/);
    expect(strings.models.size(whole, false)).toMatch(/^2.42.GB, here until the page is closed$/);
  });

  test("goes on where it was paused, without asking again", async () => {
    const inspected = vi.fn<ModelStore["inspect"]>(async (name) => offerOf(name));
    const untilCancelled = vi.fn<ModelStore["fetch"]>(
      (_, hooks) =>
        new Promise((_resolve, reject) => {
          hooks?.signal?.addEventListener("abort", () => reject(new OnestrokeError("cancelled", "cancelled")));
        }),
    );
    const { shelf, row } = setUp({
      inspect: inspected,
      list: async () => [keptOf("someone/model", 40)],
      fetch: untilCancelled,
    });
    await shelf.refresh();
    const going = shelf.download("someone/model");
    await vi.waitFor(() => expect(untilCancelled).toHaveBeenCalled());
    expect(row("someone/model")?.activity?.kind).toBe("downloading");
    shelf.pause("someone/model");
    await going;
    expect(row("someone/model")).toMatchObject({ isComplete: false, hereBytes: 40, activity: undefined });
    expect(inspected).not.toHaveBeenCalled();
  });

  test("asks the browser to keep it, and a refusal stops nothing", async () => {
    const { shelf, row } = setUp({
      list: async () => [keptOf("someone/model", 40)],
      persist: () => Promise.reject(new TypeError("not here")),
      fetch: async (plan) => keptOf(plan.model, 100),
    });
    await shelf.refresh();
    await shelf.download("someone/model");
    expect(row("someone/model")?.activity).toBeUndefined();
  });

  test("that fails says why, until it is read or tried again", async () => {
    const { shelf, row } = setUp();
    await shelf.inspect("someone/model");
    expect(row("someone/model")?.activity).toMatchObject({ kind: "failed", error: { code: "offline" } });
    shelf.dismiss("someone/model");
    expect(row("someone/model"), "nothing is known of it any more").toBeUndefined();
  });

  test("does one thing at a time with each model", async () => {
    const asked = vi.fn<ModelStore["inspect"]>(async (name) => offerOf(name));
    const { shelf } = setUp({ inspect: asked });
    await Promise.all([shelf.inspect("a/one"), shelf.inspect("a/one"), shelf.inspect("a/two")]);
    expect(asked.mock.calls.map(([name]) => name)).toEqual(["a/one", "a/two"]);
  });
});

describe("a model that is here", () => {
  test.each([
    ["whole", []],
    ["damaged", [{ file: "a/one@main/w", begin: 60, end: 100 }]],
  ])("is verified: %s", async (_, damaged) => {
    const hereBytes = damaged.reduce((left, { begin, end }) => left + begin - end, 100);
    const { shelf, row } = setUp({
      list: async () => [keptOf("a/one", hereBytes)],
      verify: async () => ({ ...keptOf("a/one", hereBytes), damaged }),
    });
    await shelf.refresh();
    await shelf.verify("a/one");
    expect(row("a/one")?.activity).toEqual({ kind: "verified", damaged });
  });

  test("is still here where the vault cannot be looked into once", async () => {
    let isLocked = false;
    const { shelf, row } = setUp({
      list: async () => (isLocked ? Promise.reject(new OnestrokeError("busy-elsewhere", "another tab holds it")) : [keptOf("a/one", 100)]),
    });
    await shelf.refresh();
    isLocked = true;
    await shelf.refresh();
    expect(row("a/one")).toMatchObject({ isComplete: true });
  });

  test("is removed only after a person was asked", async () => {
    const removed = vi.fn<ModelStore["remove"]>(async () => undefined);
    const { shelf, row } = setUp({ list: async () => (removed.mock.calls.length === 0 ? [keptOf("a/one", 100)] : []), remove: removed });
    await shelf.refresh();
    shelf.askToRemove("a/one");
    expect(removed).not.toHaveBeenCalled();
    await shelf.remove("a/one");
    expect(row("a/one")).toBeUndefined();
  });

  test("stands after the model that ships with the page, and before what is not here", async () => {
    const { store, shelf } = setUp({ list: async () => [keptOf("a/part", 40), keptOf("sdxl-turbo", 100)] });
    await shelf.refresh();
    const ids = modelRows(store.getState().models).map(({ id }) => id);
    expect(ids.slice(0, 4)).toEqual(["vignette", "sdxl-turbo", "a/part", "sd-turbo"]);
    expect(ids, "class-conditional networks draw no text").not.toContain("esc-b-2");
  });
});

describe("a folder of this device", () => {
  const lent: KeptModel = { ...keptOf("mine", 100), lent: "folder" };

  test("of an earlier visit has a row, which says why it did not open", async () => {
    const { shelf, row } = setUp({}, { ...NO_FOLDERS, names: async () => ["mine"] });
    await shelf.refresh();
    expect(row("mine")).toMatchObject({ own: "closed folder", isComplete: false });
    expect(await shelf.reopenFolder("mine")).toBeUndefined();
    expect(row("mine")?.activity).toMatchObject({ kind: "failed", error: { code: "model-missing" } });
  });

  test("is copied with progress, and is the browser's own from then on", async () => {
    const forgotten = vi.fn<KeptFolders["forget"]>(async () => undefined);
    let isCopied = false;
    const seen: unknown[] = [];
    const { store, shelf, row } = setUp(
      {
        list: async () => [isCopied ? keptOf("mine", 100) : lent],
        copy: async (model, hooks) => {
          hooks?.onProgress?.({ file: "w", hereBytes: 50, totalBytes: 100 });
          seen.push(row(model)?.activity);
          isCopied = true;
          return keptOf(model, 100);
        },
      },
      { ...NO_FOLDERS, forget: forgotten },
    );
    await shelf.refresh();
    expect(row("mine")).toMatchObject({ own: "folder", isComplete: true });
    await shelf.copy("mine");
    expect(seen).toMatchObject([{ kind: "downloading", progress: { hereBytes: 50 } }]);
    expect(row("mine")).toMatchObject({ own: undefined, isCopied: true, isComplete: true, activity: undefined });
    expect(forgotten).toHaveBeenCalledWith("mine");
    expect(store.getState().status).toBe("mine is on this device");
  });

  test("is forgotten without a question, since its files stay where they are", async () => {
    const [removed, forgotten] = [vi.fn<ModelStore["remove"]>(async () => undefined), vi.fn<KeptFolders["forget"]>(async () => undefined)];
    const { shelf } = setUp({ remove: removed }, { ...NO_FOLDERS, names: async () => ["mine"], forget: forgotten });
    await shelf.remove("mine");
    expect([removed.mock.calls, forgotten.mock.calls]).toEqual([[["mine"]], [["mine"]]]);
  });
});

test("a vault that cannot be looked into leaves the catalogue", async () => {
  const broken = (): Promise<never> => Promise.reject(new OnestrokeError("worker-died", "gone"));
  const { store, shelf } = setUp({ list: broken, room: broken });
  await shelf.refresh();
  expect(modelRows(store.getState().models).length).toBeGreaterThan(5);
});

test("a row that waits for another tab says how much is here all the same", () => {
  const row = (waiting?: "another tab") => {
    const progress = { file: "w", hereBytes: waiting === undefined ? 60 : 0, totalBytes: 100, ...(waiting && { waiting }) };
    const activity = { kind: "downloading", offer: undefined, progress, bytesPerSecond: undefined } as const;
    return modelRows({ kept: [keptOf("one", 40)], activities: new Map([["one", activity]]), folders: [] }).find(({ id }) => id === "one");
  };
  expect(row("another tab")?.hereBytes).toBe(40);
  expect(row()?.hereBytes, "control").toBe(60);
});
