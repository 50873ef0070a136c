// What the vault does with whole models: keeping, sharing, replacing and removing them.
import { describe, expect, test } from "vitest";
import { planBytes, type DownloadPlan, type DownloadProgress } from "../common/download";
import { createMemoryVault } from "./browser-vault";
import { fileVault } from "./file-vault";
import { FakeDisk } from "./testing/fake-disk";
import { fakeServer, pieces } from "./testing/fake-server";
import { ADDRESS, filesAt, planOf, sampleBytes } from "./testing/plans";
import { AT, codeOf, CONFIG, ENCODER, nameOf, PLAN, read, SAMPLES, setting, WEIGHTS, withModel } from "./testing/small-model";

describe("a model", () => {
  test("is offered once it is complete, and what the plan does not list does not exist", async () => {
    const { vault, server } = setting();
    expect(await vault.open(PLAN.model)).toBeUndefined();
    const kept = await vault.fetch(PLAN);
    expect(kept).toEqual({ plan: PLAN, isComplete: true, hereBytes: planBytes(PLAN), totalBytes: planBytes(PLAN), isChecked: true });
    expect(await vault.list()).toEqual([kept]);
    expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
    const opened = await vault.open(PLAN.model);
    expect(await opened?.base?.exists("config.json")).toBe(true);
    expect(await opened?.base?.exists("vae/config.json")).toBe(false);
    await expect(opened?.base?.open("vae/config.json")).rejects.toMatchObject({ code: "model-missing" });
    expect(() => opened?.open({ ...AT, revision: "other" })).toThrow(/does not list/);
    await opened?.release();
    const requests = server.requests.length;
    await vault.fetch(PLAN);
    expect(server.requests).toHaveLength(requests);
  });

  test("is remembered with its whole plan", async () => {
    const plan: DownloadPlan = {
      ...PLAN,
      weightFormats: { unet: "q8", text_encoder: "f16" },
      storedNumbers: { unet: ["f16"], text_encoder: ["bf16", "f32"] },
    };
    const { vault, tools } = setting();
    await vault.fetch(plan);
    expect(await fileVault(tools, true).list()).toMatchObject([{ plan, isComplete: true }]);
    const opened = await vault.open(plan.model);
    expect(opened?.weightFormats, "whoever loads it need not wait for the largest file to know").toEqual(plan.weightFormats);
    expect(opened?.storedNumbers).toEqual(plan.storedNumbers);
    await opened?.release();
  });

  test("without published hashes is kept, and said to be unchecked", async () => {
    const loose = [{ ...WEIGHTS, kind: "none" as const }];
    const { vault } = setting(new FakeDisk(), loose);
    expect(await vault.fetch(planOf(loose))).toMatchObject({ isComplete: true, isChecked: false });
    expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  });

  test("tells how much of it is here, from where it was left, up to the whole", async () => {
    const { vault, server, disk, tools } = setting();
    const abort = new AbortController();
    server.spoil = ({ url, range, signal }) =>
      url === ADDRESS + WEIGHTS.path && range?.[0] === 192
        ? new Response(pieces(new Uint8Array(0), signal, "silence"), { status: 206 })
        : undefined;
    // All but one of its six chunks are kept.
    let kept = 0;
    tools.news.listen(({ part }) => {
      if (part?.endsWith(WEIGHTS.path) === true && ++kept === 5) abort.abort();
    });
    expect(await codeOf(vault.fetch(PLAN, { signal: abort.signal }))).toBe("cancelled");
    const [left] = await vault.list();
    expect(left).toMatchObject({ isComplete: false, totalBytes: planBytes(PLAN) });
    expect(left?.hereBytes).toBeGreaterThan(0);

    const said: DownloadProgress[] = [];
    const later = setting(disk);
    await later.vault.fetch(PLAN, { onProgress: (progress) => said.push(progress) });
    expect(said[0]?.hereBytes).toBeGreaterThanOrEqual(left?.hereBytes ?? Infinity);
    expect(said.at(-1)).toMatchObject({ hereBytes: planBytes(PLAN), totalBytes: planBytes(PLAN) });
    expect(later.server.requests.filter(({ url, range }) => url === ADDRESS + WEIGHTS.path && range?.[0] === 0)).toEqual([]);
  });
});

describe("two models", () => {
  const other = planOf([ENCODER, { ...WEIGHTS, bytes: sampleBytes(100, 9) }], "other/model");
  const both = [...SAMPLES, { ...WEIGHTS, bytes: sampleBytes(100, 9) }];

  test("keep one copy of what they share, for as long as one of them is here", async () => {
    const { vault, server, disk } = await withModel();
    server.spoil = ({ url }) => (url === ADDRESS + WEIGHTS.path ? new Response(sampleBytes(100, 9)) : undefined);
    await vault.fetch(other);
    expect(server.requests.map(({ url }) => url)).not.toContain(ADDRESS + ENCODER.path);
    expect(disk.files.size).toBe(both.length);

    await vault.remove(PLAN.model);
    expect(await vault.open(PLAN.model)).toBeUndefined();
    expect(await read(vault, ENCODER.path, "other/model")).toEqual(ENCODER.bytes);
    expect([...disk.files.keys()]).not.toContain(nameOf(WEIGHTS));
    await vault.remove("other/model");
    expect([disk.files.size, (await vault.list()).length]).toEqual([0, 0]);
  });

  test("fetched at once wait for each other's files, and each comes once", async () => {
    const samples = [WEIGHTS, ENCODER];
    const { vault, server } = setting();
    await Promise.all([vault.fetch(planOf(samples)), vault.fetch(planOf(samples.toReversed(), "twin"))]);
    expect(server.requests.filter(({ range }) => range?.[0] === 0)).toHaveLength(samples.length);
  });
});

describe("S9 a model in use", () => {
  test("is not removed until it is released", async () => {
    const { vault } = await withModel();
    const opened = await vault.open(PLAN.model);
    expect(await codeOf(vault.remove(PLAN.model))).toBe("busy-elsewhere");
    expect(await vault.list()).toHaveLength(1);
    await opened?.release();
    await vault.remove(PLAN.model);
    expect(await vault.list()).toEqual([]);
  });

  test("a second download of it waits, says why, and finds it here", async () => {
    const { vault, server } = setting();
    const waits = new Set<string | undefined>();
    const [first, second] = await Promise.all([vault.fetch(PLAN), vault.fetch(PLAN, { onProgress: ({ waiting }) => waits.add(waiting) })]);
    expect(second).toEqual(first);
    expect([...waits]).toEqual(["another tab"]);
    expect(server.requests.filter(({ url }) => url.endsWith("config.json"))).toHaveLength(1);
  });
});

test("a newer plan takes the older one's place only once it is complete", async () => {
  const { vault, server, disk } = await withModel();
  const newer = planOf([{ ...WEIGHTS, bytes: sampleBytes(300, 7) }, ENCODER, CONFIG]);
  server.spoil = () => new Response(null, { status: 404 });
  expect(await codeOf(vault.fetch(newer))).toBe("model-missing");
  expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  server.spoil = ({ range }) => new Response(sampleBytes(300, 7).slice(...(range ?? [])), { status: range === undefined ? 200 : 206 });
  expect(await vault.fetch(newer)).toMatchObject({ plan: newer, isComplete: true });
  expect(await read(vault, WEIGHTS.path)).toEqual(sampleBytes(300, 7));
  expect([...disk.files.keys()]).not.toContain(nameOf(WEIGHTS));
});

test("S4 without storage a vault in memory does the same, says that nothing is kept, and hands models over", async () => {
  const server = fakeServer(filesAt(SAMPLES));
  const vault = createMemoryVault({ transfer: { fetcher: server.fetcher } });
  expect(vault.isKept).toBe(false);
  expect(await vault.handOver(PLAN.model)).toBeUndefined();
  await vault.fetch(PLAN);
  expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  const handed = await vault.handOver(PLAN.model);
  expect(await handed?.files.get(`owner/name@main/${CONFIG.path}`)?.bytes()).toEqual(CONFIG.bytes);
  expect((await vault.room()).usedBytes).toBe(planBytes(PLAN));
  await vault.remove(PLAN.model);
  expect((await vault.room()).usedBytes).toBe(0);
});
