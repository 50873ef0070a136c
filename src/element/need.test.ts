import { expect, test, vi } from "vitest";
import type { ModelStore } from "../client/model-store";
import type { DownloadPlan, KeptModel } from "../common/download";
import { needOf, withMore } from "./need";

const PLAN: DownloadPlan = {
  model: "owner/model",
  title: "A model",
  license: { id: "mit" },
  repositories: [
    {
      repository: "owner/model",
      revision: "main",
      commit: "c",
      addresses: ["https://hub.example/"],
      files: [{ path: "unet.safetensors", byteLength: 100 }],
    },
  ],
};

function storeWith(kept: readonly Partial<KeptModel>[]) {
  const store = {
    list: async () => kept.map((model) => ({ plan: PLAN, isComplete: false, hereBytes: 0, totalBytes: 100, isChecked: true, ...model })),
    inspect: vi.fn<ModelStore["inspect"]>(async () => ({ plan: PLAN, outline: Object.create(null) })),
    fetch: vi.fn<ModelStore["fetch"]>(),
    persist: vi.fn<ModelStore["persist"]>(async () => true),
  };
  return Object.assign(Object.create(null), store) as ModelStore & typeof store;
}

const { signal } = new AbortController();

test("a complete model needs nothing, and the hub is not asked", async () => {
  const store = storeWith([{ isComplete: true }]);
  expect(await needOf("owner/model", store, signal)).toBeUndefined();
  expect(store.inspect).not.toHaveBeenCalled();
});

test("of a model that is here in part only the rest is counted, and storage is asked to last before it is fetched", async () => {
  const store = storeWith([{ hereBytes: 40 }]);
  const need = await needOf("owner/model", store, signal);
  expect(need).toMatchObject({ title: "A model", byteLength: 60, license: { id: "mit" } });
  expect(store.fetch).not.toHaveBeenCalled();
  await need?.fetch({ signal });
  expect(store.persist).toHaveBeenCalledOnce();
  expect(store.fetch).toHaveBeenCalledWith(PLAN, { signal });
});

test("files of the page's own are counted beside the model, or alone", async () => {
  const need = await needOf("owner/model", storeWith([{ hereBytes: 40 }]), signal);
  expect(withMore(need, "owner/model", 5)).toMatchObject({ title: "A model", byteLength: 65 });
  expect(withMore(need, "owner/model", 0)).toBe(need);
  expect(withMore(undefined, "owner/model", 5)).toMatchObject({ title: "owner/model", byteLength: 5 });
  expect(withMore(undefined, "owner/model", 0)).toBeUndefined();
});

test("what ships with the library asks no hub, and the image worker fetches it", async () => {
  const store = storeWith([]);
  const need = await needOf("vignette", store, signal);
  expect(need?.byteLength).toBeGreaterThan(10_000_000);
  await need?.fetch({ signal });
  expect(store.inspect).not.toHaveBeenCalled();
  expect(store.fetch).not.toHaveBeenCalled();
});
