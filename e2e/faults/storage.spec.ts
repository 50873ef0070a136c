// What browsers and people do to the storage under a model: too little room, denial, clearing, rot, other tabs. Never is a model offered
// that is not whole, and the next download mends what it can.
import { CHUNK_BYTES, expect, MODEL, test, type VaultPage, WEIGHTS } from "./vault-page";

/** Below what the browser counts for anything that is stored. */
const NO_ROOM = 100_000;

async function quota(vault: VaultPage, quotaSize: number | undefined): Promise<void> {
  const session = await vault.cdp();
  const origin = new URL(vault.url).origin;
  await session.send("Storage.overrideQuotaForOrigin", { origin, ...(quotaSize === undefined ? {} : { quotaSize }) });
}

test("S1 too small a quota is said before the weights are asked for", async ({ vault }) => {
  await quota(vault, NO_ROOM);
  const outcome = await vault.fetch();
  expect(outcome.code).toBe("storage-full");
  expect(outcome.remedy).toContain("Free some room");
  expect(vault.server.requests.map(({ path }) => path)).not.toContain(WEIGHTS);
  await vault.expectNotOffered();
  await quota(vault, undefined);
  await vault.expectRecovery();
});

test("S2 a quota that is reached on the way: the room was taken before the first byte, and the model comes whole", async ({ vault }) => {
  vault.server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 20 });
  await vault.begin();
  await vault.reached(vault.totalBytes / 3);
  await quota(vault, NO_ROOM);
  expect((await vault.outcome()).code).toBe("complete");
  await vault.expectWhole();
  await quota(vault, undefined);
});

test("S5 site data cleared while a model arrives and while one is open: said so, and it can be fetched again", async ({ vault }) => {
  vault.server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 20 });
  await vault.begin();
  await vault.reached(vault.totalBytes / 3);
  const session = await vault.cdp();
  const clear = () => session.send("Storage.clearDataForOrigin", { origin: new URL(vault.url).origin, storageTypes: "all" });
  await clear();
  expect((await vault.outcome()).code).toBe("storage-cleared");
  await vault.expectNotOffered();
  await vault.expectRecovery();

  const open = () =>
    vault.page.evaluate(([model, path]) => globalThis.vaultPage.read(model, { repository: model, revision: "main" }, path), [
      MODEL,
      WEIGHTS,
    ] as const);
  expect((await open()).code).toBe("read");
  await clear();
  expect((await open()).code).toBe("storage-cleared");
  await vault.page.evaluate(() => globalThis.vaultPage.release());
  await vault.expectNotOffered();
  await vault.expectRecovery();
});

/** Deletes one of the vault's files from the page. */
const deleteFile = (vault: VaultPage, name: string) =>
  vault.page.evaluate(async (file) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("onestroke-vault");
    await folder.removeEntry(file);
  }, name);

const overwrite = (vault: VaultPage, name: string, at: number | undefined, byteLength: number) =>
  vault.page.evaluate(
    async ([file, begin, count]) => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("onestroke-vault", { create: true });
      const writable = await (await folder.getFileHandle(file, { create: true })).createWritable({ keepExistingData: begin !== undefined });
      await writable.write({ type: "write", position: begin ?? 0, data: new Uint8Array(count) });
      await writable.close();
    },
    [name, at, byteLength] as const,
  );

const deleteJournal = (vault: VaultPage) =>
  vault.page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase("onestroke-vault");
        request.addEventListener("success", () => resolve());
        request.addEventListener("error", () => reject(new Error("the journal could not be deleted")));
      }),
  );

const putRow = (vault: VaultPage, key: string, value: unknown) =>
  vault.page.evaluate(
    ([name, row]) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open("onestroke-vault");
        opening.addEventListener("error", () => reject(new Error("the journal could not be opened")));
        opening.addEventListener("success", () => {
          const change = opening.result.transaction("rows", "readwrite");
          change.objectStore("rows").put(row, name);
          change.addEventListener("complete", () => {
            opening.result.close();
            resolve();
          });
        });
      }),
    [key, value] as const,
  );

const weightsOf = ({ plan }: VaultPage): string => plan.repositories[0]?.files.find(({ path }) => path === WEIGHTS)?.hash?.hex ?? "";

test.describe("S6 between two visits", () => {
  test("the weights are gone: the model is not offered, and only they come again", async ({ vault }) => {
    await vault.fetch();
    await deleteFile(vault, weightsOf(vault));
    await vault.expectNotOffered();
    const before = vault.server.requests.length;
    await vault.expectRecovery();
    expect(new Set(vault.server.requests.slice(before).map(({ path }) => path))).toEqual(new Set([WEIGHTS]));
  });

  test("the journal is gone: it is made anew from the files, without the network", async ({ vault }) => {
    await vault.fetch();
    // The page's workers hold the journal open.
    await vault.page.reload();
    await vault.page.waitForFunction(() => "vaultPage" in globalThis);
    await deleteJournal(vault);
    await vault.expectNotOffered();
    const before = vault.server.requests.length;
    await vault.expectRecovery();
    expect(vault.server.requests).toHaveLength(before);
  });

  test("both are gone: everything comes again", async ({ vault }) => {
    await vault.fetch();
    const session = await vault.cdp();
    await session.send("Storage.clearDataForOrigin", { origin: new URL(vault.url).origin, storageTypes: "all" });
    await vault.expectNotOffered();
    await vault.expectRecovery();
  });
});

test("S7 rotten bytes are found by checking, and only their chunk comes again", async ({ vault }) => {
  await vault.fetch();
  await overwrite(vault, weightsOf(vault), 3 * CHUNK_BYTES + 7, 3);
  const checked = await vault.page.evaluate((model) => globalThis.vaultPage.store.verify(model), MODEL);
  expect(checked).toMatchObject({ isComplete: false, hereBytes: vault.totalBytes - CHUNK_BYTES });
  expect(checked.damaged).toEqual([{ file: `${MODEL}@main/${WEIGHTS}`, begin: 3 * CHUNK_BYTES, end: 4 * CHUNK_BYTES }]);
  await vault.expectNotOffered();
  vault.server.sentBytes = 0;
  await vault.expectRecovery();
  expect(vault.server.sentBytes).toBe(CHUNK_BYTES);
});

test("S8 a file of the right length that holds nothing is not taken for the model", async ({ vault }) => {
  const byteLength = 12 * CHUNK_BYTES + 999;
  await overwrite(vault, `sha256-${weightsOf(vault)}.part`, undefined, byteLength);
  await overwrite(vault, weightsOf(vault), undefined, byteLength);
  await vault.expectNotOffered();
  await vault.expectRecovery();
});

test.describe("S9 two tabs", () => {
  test("both download: one waits, says for what, and every byte comes once", async ({ vault }) => {
    vault.server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 20 });
    const other = await vault.anotherTab();
    await vault.begin();
    await vault.reached(CHUNK_BYTES);
    await other.begin();
    await other.page.waitForFunction(() => globalThis.vaultPage.said.some(({ waiting }) => waiting === "another tab"));
    vault.server.spoil(WEIGHTS, undefined);
    expect([await vault.outcome(), await other.outcome()]).toMatchObject([{ code: "complete" }, { code: "complete" }]);
    expect(vault.server.requests.filter(({ path }) => path === "model_index.json")).toHaveLength(1);
    await other.expectWhole();
  });

  test("one draws: the other cannot remove the model until it is released", async ({ vault }) => {
    await vault.fetch();
    const other = await vault.anotherTab();
    const opened = await vault.page.evaluate(
      ([model, path]) => globalThis.vaultPage.read(model, { repository: model, revision: "main" }, path),
      [MODEL, WEIGHTS] as const,
    );
    expect(opened.code).toBe("read");
    // Both may read at once.
    await other.expectWhole();
    const remove = () => other.page.evaluate((model) => globalThis.vaultPage.outcomeOf(globalThis.vaultPage.store.remove(model)), MODEL);
    expect((await remove()).code).toBe("busy-elsewhere");
    await vault.page.evaluate(() => globalThis.vaultPage.release());
    expect((await remove()).code).toBe("complete");
    expect(await vault.page.evaluate(() => globalThis.vaultPage.names())).toEqual([]);
    const room = await vault.page.evaluate(() => globalThis.vaultPage.store.room());
    expect([room.usedBytes, room.isKept]).toEqual([0, true]);
  });
});

test("S10 a tab that crashes in the middle of a download: the one that waits goes on with what came", async ({ vault }) => {
  vault.server.spoil(WEIGHTS, { bytesPerSecond: 2 ** 20 });
  const other = await vault.anotherTab();
  await vault.begin();
  await vault.reached(vault.totalBytes / 2);
  await other.begin();
  await other.page.waitForFunction(() => globalThis.vaultPage.said.some(({ waiting }) => waiting === "another tab"));
  const session = await vault.cdp();
  vault.server.sentBytes = 0;
  void session.send("Page.crash").catch(() => undefined);
  vault.server.spoil(WEIGHTS, undefined);
  expect(await other.outcome()).toMatchObject({ code: "complete" });
  await other.expectWhole();
  // Half of it was here, but for what was in flight.
  expect(vault.server.sentBytes).toBeLessThan(vault.totalBytes / 2 + 6 * CHUNK_BYTES);
});

test.describe("S12 the journal", () => {
  for (const [what, row] of [
    ["nonsense", "nonsense"],
    ["a row that lacks what it promises", { version: 1, byteLength: 5, isComplete: true }],
  ] as const) {
    test(`has ${what}: it is made anew from the file, without the network`, async ({ vault }) => {
      await vault.fetch();
      await putRow(vault, `file:sha256-${weightsOf(vault)}`, row);
      await vault.expectNotOffered();
      const before = vault.server.requests.length;
      await vault.expectRecovery();
      expect(vault.server.requests).toHaveLength(before);
    });
  }

  test("M3 has rows of a newer version: refused with the reason, and nothing is deleted", async ({ vault }) => {
    await vault.fetch();
    const before = await vault.page.evaluate(() => globalThis.vaultPage.names());
    await putRow(vault, `model:${MODEL}`, { version: 2, plan: "in another form" });
    const outcome = await vault.fetch();
    expect([outcome.code, outcome.remedy]).toEqual(["model-unsupported", "Reload the page, so that it is the newer version too."]);
    await vault.page.reload();
    await vault.page.waitForFunction(() => "vaultPage" in globalThis);
    expect(await vault.isListedComplete()).toBe(false);
    expect(await vault.page.evaluate(() => globalThis.vaultPage.names())).toEqual(before);
  });
});

test("S13 a page whose localStorage throws keeps models all the same", async ({ vault }) => {
  await vault.page.addInitScript(() => {
    Object.defineProperty(globalThis, "localStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  await vault.open();
  await vault.expectRecovery();
});

test("S4 X3 in a frame of another site nothing is kept, it says so, and the model can be drawn with from memory", async ({ vault }) => {
  const { page } = vault;
  // Another name of the same machine is another site.
  await page.goto(vault.url.replace("127.0.0.1", "localhost"));
  await page.evaluate((url) => {
    const frame = document.createElement("iframe");
    frame.src = url;
    document.body.append(frame);
  }, vault.url);
  const frame = await (await page.waitForSelector("iframe")).contentFrame();
  await frame?.waitForFunction(() => "vaultPage" in globalThis);
  const result = await frame?.evaluate(async (plan) => {
    const { store } = globalThis.vaultPage;
    const kept = await store.fetch(plan);
    const handed = await store.handOver(plan.model);
    const digests: [string, number][] = [...(handed?.files ?? [])].map(([name, blob]) => [name, blob.size]);
    return {
      isKept: (await store.room()).isKept,
      isComplete: kept.isComplete,
      digests,
      names: await store.list().then((models) => models.length),
    };
  }, vault.plan);
  expect(result).toEqual({
    isKept: false,
    isComplete: true,
    digests: vault.plan.repositories[0]?.files.map(({ path, byteLength }) => [`${MODEL}@main/${path}`, byteLength]),
    names: 1,
  });
});

test("two models that share a file keep one copy of it", async ({ vault }) => {
  await vault.fetch();
  const twin = { ...vault.plan, model: "other/twin", title: "Twin" };
  const before = vault.server.requests.length;
  expect(await vault.fetch(twin)).toMatchObject({ code: "complete" });
  expect(vault.server.requests).toHaveLength(before);
  expect(await vault.page.evaluate(() => globalThis.vaultPage.names())).toHaveLength(3);
});
