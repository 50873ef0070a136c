// The page's models: calls reach the vault and come back, and a storage worker that dies is replaced without anybody noticing.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { planBytes, type DownloadProgress } from "../common/download";
import type { ModelOutline } from "../common/model-outline";
import { fileVault } from "../vault/file-vault";
import { FakeDisk, Life, toolsOn } from "../vault/testing/fake-disk";
import { fakeServer, pieces, type FakeServer } from "../vault/testing/fake-server";
import { filesAt, planOf, sampleBytes, type Sample } from "../vault/testing/plans";
import { StorageSession } from "../worker/storage-session";
import { superviseStore, type ModelStore } from "./model-store";
import type { SpawnStorage } from "./storage-link";
import { SUPERVISION } from "./supervision";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SAMPLES: readonly Sample[] = [{ path: "unet/weights.safetensors", bytes: sampleBytes(64 * 5, 1), kind: "sha256" }];
const PLAN = planOf(SAMPLES);

const OUTLINE: ModelOutline = {
  readAs: "weights",
  pipeline: "stable-diffusion",
  family: "sd21",
  defaultSize: 512,
  trainedSizes: [{ side: 512, multiple: 8 }],
  maxSteps: 4,
  parts: [],
  gpuBytes: 1,
  turns: [],
};

interface Workers {
  readonly store: ModelStore;
  readonly server: FakeServer;
  readonly spawned: () => number;
  /** The worker that lives says nothing any more. */
  readonly silence: () => void;
  /** It dies. */
  readonly crash: () => void;
}

/** Sessions in this thread, all on one disk. Each one's locks are its own, as a dead worker's are freed. */
function workers({ fails = 0, isKept = true, hub = "https://hub.test", holds = false } = {}): Workers {
  const disk = new FakeDisk();
  const server = fakeServer(filesAt(SAMPLES));
  let spawns = 0;
  let isSilent = false;
  let crash: () => void = () => undefined;
  const spawn: SpawnStorage = (listeners) => {
    const number = ++spawns;
    const life = new Life();
    let ended = false;
    isSilent = false;
    crash = () => listeners.onError("it crashed");
    if (number <= fails) queueMicrotask(() => listeners.onError("its script could not be loaded"));
    const session = new StorageSession(
      async (transfer) => fileVault(toolsOn(disk, { fetcher: server.fetcher, lanes: 1, ...transfer }, life), isKept),
      async (name, at) => ({ plan: { ...PLAN, model: name, title: [at.hub, ...at.mirrors, at.token].join(" ") }, outline: OUTLINE }),
      (message) => {
        const copy = structuredClone(message);
        queueMicrotask(() => {
          if (!ended && !isSilent) listeners.onMessage(copy);
        });
      },
    );
    return {
      post: (message) => {
        if (number <= fails || isSilent) return;
        if (holds && message.type === "fetch") {
          const progress = { file: PLAN.model, hereBytes: 0, totalBytes: 1, waiting: "another tab" } as const;
          queueMicrotask(() => listeners.onMessage({ type: "progress", id: message.id, progress }));
        }
        session.receive(structuredClone(message));
      },
      terminate: () => {
        ended = true;
        life.end();
      },
    };
  };
  const storage = {
    persist: async () => true,
    persisted: async () => false,
    estimate: async () => ({}),
    getDirectory: () => Promise.reject(),
  };
  return {
    store: superviseStore(spawn, storage, hub, ["https://mirror.test"]),
    server,
    spawned: () => spawns,
    silence: () => (isSilent = true),
    crash: () => crash(),
  };
}

/** Lets time pass until the promise settles. */
async function eventually<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  void work.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  while (!isOver) await vi.advanceTimersByTimeAsync(100);
  return work;
}

test("a model is fetched with progress, listed, checked, measured and removed", async () => {
  const { store } = workers();
  const said: DownloadProgress[] = [];
  const kept = await eventually(store.fetch(PLAN, { onProgress: (progress) => said.push(progress) }));
  expect(kept).toMatchObject({ isComplete: true, hereBytes: planBytes(PLAN) });
  expect(said.at(-1)?.hereBytes).toBe(planBytes(PLAN));
  expect(await eventually(store.list())).toEqual([kept]);
  expect(await eventually(store.verify(PLAN.model))).toEqual({ ...kept, damaged: [] });
  expect(await eventually(store.room())).toEqual({ usedBytes: planBytes(PLAN), freeBytes: 0, isPersistent: undefined, isKept: true });
  expect(await store.persist()).toBe(true);
  expect((await eventually(store.room())).isPersistent).toBe(true);
  expect(await eventually(store.handOver(PLAN.model))).toBeUndefined();
  await eventually(store.remove(PLAN.model));
  expect(await eventually(store.list())).toEqual([]);
  store.dispose();
});

test("without storage a complete model is handed over", async () => {
  const { store } = workers({ isKept: false });
  await eventually(store.fetch(PLAN));
  const handed = await eventually(store.handOver(PLAN.model));
  expect(handed?.plan).toEqual(PLAN);
  expect([...(handed?.files.values() ?? [])].map(({ size }) => size)).toEqual([320]);
  store.dispose();
});

test("the hub and its mirrors are what is asked, and a token goes to its own origin, to every worker, until it is taken back", async () => {
  const { store, server } = workers();
  server.spoil = ({ headers }) => (headers.has("authorization") ? undefined : new Response(null, { status: 401 }));
  const authorizations = () => server.requests.splice(0).map(({ headers }) => headers.get("authorization"));
  await expect(eventually(store.fetch(PLAN))).rejects.toMatchObject({ code: "download-gated" });
  expect(new Set(authorizations())).toEqual(new Set([null]));
  store.useToken("right");
  expect((await eventually(store.inspect("own/model"))).plan).toMatchObject({
    model: "own/model",
    title: "https://hub.test https://mirror.test right",
  });
  await eventually(store.fetch(PLAN));
  expect(new Set(authorizations())).toEqual(new Set(["Bearer right"]));
  await eventually(store.remove(PLAN.model));
  store.useToken(undefined);
  await expect(eventually(store.fetch(PLAN))).rejects.toMatchObject({ code: "download-gated" });
  store.dispose();
});

test("what is no hub's address is refused when it is asked, and all else goes on", async () => {
  const { store } = workers({ hub: "hub.test" });
  store.useToken("hf_t");
  await expect(store.inspect("sd-turbo")).rejects.toMatchObject({
    code: "invalid-input",
    message: "hub is hub.test, which is not the address of a hub",
    remedy: expect.stringContaining("https://hub.example"),
  });
  expect(await eventually(store.list())).toEqual([]);
  expect(await eventually(store.fetch(PLAN)), "a plan of an earlier visit has its addresses").toMatchObject({ isComplete: true });
  store.dispose();
});

test("a token of one hub is not shown to another", async () => {
  const { store, server } = workers({ hub: "https://other.test" });
  store.useToken("secret");
  await eventually(store.fetch(PLAN));
  expect(server.requests.map(({ headers }) => headers.get("authorization")).filter((header) => header !== null)).toEqual([]);
  store.dispose();
});

describe("a cancelled download", () => {
  test("lets go of the model before it says so", async () => {
    const { store, server } = workers();
    server.spoil = ({ signal }) => new Response(pieces(new Uint8Array(), signal, "silence"), { status: 206 });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 1_000);
    await expect(eventually(store.fetch(PLAN, { signal: abort.signal }))).rejects.toMatchObject({ code: "cancelled" });
    await eventually(store.remove(PLAN.model));
    store.dispose();
  });

  test("is not even begun if it was cancelled before", async () => {
    const { store, server } = workers();
    await expect(store.fetch(PLAN, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
    expect(server.requests).toEqual([]);
  });
});

describe("a worker that dies", () => {
  test("in the middle of a download is replaced, and the download goes on", async () => {
    const { store, server, spawned, silence } = workers();
    server.spoil = ({ index }) => {
      if (index === 2) silence();
      return undefined;
    };
    expect(await eventually(store.fetch(PLAN))).toMatchObject({ isComplete: true });
    expect(spawned()).toBe(2);
    store.dispose();
  });

  test.each([
    ["at once", false],
    ["once the locks of the one before are free", true],
  ])("again and again, and each time has come further, is replaced until the download is whole: %s", async (_, holds) => {
    const { store, server, spawned, crash } = workers({ holds });
    server.spoil = ({ index }) => {
      // Each worker brings one chunk, and dies of the next one.
      if (index % 2 === 1 && spawned() < 5) crash();
      return undefined;
    };
    expect(await eventually(store.fetch(PLAN))).toMatchObject({ isComplete: true });
    expect(spawned()).toBe(5);
    expect(spawned(), "control").toBeGreaterThan(SUPERVISION.deathsBeforeGivingUp);
    store.dispose();
  });

  test("again and again is given up by name, and tried anew when somebody asks again", async () => {
    const { store, spawned } = workers({ fails: SUPERVISION.deathsBeforeGivingUp });
    await expect(eventually(store.list())).rejects.toMatchObject({ code: "worker-died" });
    expect(spawned()).toBe(SUPERVISION.deathsBeforeGivingUp);
    expect(await eventually(store.list())).toEqual([]);
    store.dispose();
  });
});

test("a folder that is lent is copied on request, and the copy takes its place", async () => {
  const { store, server } = workers();
  const files = SAMPLES.map(({ path, bytes }): [string, File] => [`mine/${path}`, new File([bytes], path, { lastModified: 1 })]);
  const plan = { ...PLAN, model: "mine", title: "mine", repositories: planOf(SAMPLES, "mine", []).repositories };
  const repositories = plan.repositories.map((each) => ({ ...each, repository: "mine", revision: "", commit: "" }));
  await expect(eventually(store.copy("mine"))).rejects.toMatchObject({ code: "model-missing" });
  store.lend({ plan: { ...plan, repositories }, files: new Map(files) });
  expect(await eventually(store.list())).toMatchObject([{ lent: "folder", isComplete: true }]);
  expect(await store.handOver("mine"), "what it lacks is asked of the page's hub").toMatchObject({ hub: store.hub });
  const copied = await eventually(store.copy("mine"));
  expect(copied.plan.repositories).toMatchObject([{ commit: "changed 1970-01-01T00:00:00.001Z" }]);
  expect(await eventually(store.list())).toEqual([copied]);
  expect(copied).not.toHaveProperty("lent");
  expect(server.requests).toEqual([]);
  store.dispose();
});

test("after dispose nothing is pending and no timer runs", async () => {
  const { store, server } = workers();
  server.spoil = ({ signal }) => new Response(pieces(new Uint8Array(), signal, "silence"), { status: 206 });
  const fetching = store.fetch(PLAN);
  const refused = expect(fetching).rejects.toMatchObject({ code: "cancelled" });
  await vi.advanceTimersByTimeAsync(100);
  store.dispose();
  await refused;
});
