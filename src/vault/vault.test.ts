// What the vault does with whole models: sharing, replacing, removing, checking, and what it makes of storage that was tampered with.
import { describe, expect, test } from "vitest";
import { planBytes, type DownloadProgress } from "../common/download";
import { OnestrokeError } from "../common/errors";
import { createMemoryVault } from "./browser-vault";
import { fileVault } from "./file-vault";
import { settle } from "./settle";
import { sweep } from "./sweep";
import { FakeDisk, toolsOn } from "./testing/fake-disk";
import { fakeServer, pieces, type FakeServer } from "./testing/fake-server";
import { ADDRESS, filesAt, plannedFile, planOf, sampleBytes, type Sample } from "./testing/plans";
import type { Vault } from "./vault";

const WEIGHTS: Sample = { path: "unet/weights.safetensors", bytes: sampleBytes(64 * 5 + 13, 1), kind: "sha256" };
const ENCODER: Sample = { path: "text_encoder/model.safetensors", bytes: sampleBytes(200, 2), kind: "sha256" };
const CONFIG: Sample = { path: "config.json", bytes: sampleBytes(50, 3), kind: "git-blob" };
const SAMPLES = [WEIGHTS, ENCODER, CONFIG];
const PLAN = planOf(SAMPLES);
const AT = { repository: "owner/name", revision: "main" };

interface Setting {
  readonly disk: FakeDisk;
  readonly server: FakeServer;
  readonly tools: ReturnType<typeof toolsOn>;
  readonly vault: Vault;
}

function setting(disk = new FakeDisk(), samples: readonly Sample[] = SAMPLES): Setting {
  const server = fakeServer(filesAt(samples));
  const tools = toolsOn(disk, { fetcher: server.fetcher });
  return { disk, server, tools, vault: fileVault(tools, true) };
}

async function withModel(): Promise<Setting> {
  const made = setting();
  await made.vault.fetch(PLAN);
  made.server.requests.length = 0;
  return made;
}

const nameOf = (sample: Sample): string => plannedFile(sample).hash?.hex ?? "";
const rowOf = (sample: Sample): string => `file:sha256-${nameOf(sample)}`;

async function read(vault: Vault, path: string, model = PLAN.model): Promise<Uint8Array | undefined> {
  const opened = await vault.open(model);
  if (opened === undefined) return undefined;
  const source = await opened.open(AT).open(path);
  const bytes = new Uint8Array(source.size);
  await source.read(0, bytes);
  await opened.release();
  return bytes;
}

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (thrown: unknown) => OnestrokeError.from(thrown, "worker-died").code,
  );

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

  test("without published hashes is kept, and said to be unchecked", async () => {
    const loose = [{ ...WEIGHTS, kind: "none" as const }];
    const { vault } = setting(new FakeDisk(), loose);
    expect(await vault.fetch(planOf(loose))).toMatchObject({ isComplete: true, isChecked: false });
    expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  });

  test("tells how much of it is here, from where it was left, up to the whole", async () => {
    const { vault, server, disk } = setting();
    const abort = new AbortController();
    server.spoil = ({ url, range, signal }) =>
      url === ADDRESS + WEIGHTS.path && range?.[0] === 192
        ? new Response(pieces(new Uint8Array(0), signal, "silence"), { status: 206 })
        : undefined;
    setTimeout(() => abort.abort(), 200);
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

describe("D12 bytes that are not what was published", () => {
  const flip = (url: string, bytes: Uint8Array<ArrayBuffer>): ReturnType<FakeServer["spoil"]> =>
    url.endsWith(WEIGHTS.path)
      ? new Response(
          bytes.map((value, i) => (i === 5 ? value ^ 1 : value)),
          { status: 206 },
        )
      : undefined;

  test("once: the file comes again, and is right", async () => {
    const { vault, server } = setting();
    let flips = 0;
    server.spoil = ({ url, range }) =>
      range?.[0] === 0 && url.endsWith(WEIGHTS.path) && flips++ === 0 ? flip(url, WEIGHTS.bytes.slice(...range)) : undefined;
    expect(await vault.fetch(PLAN)).toMatchObject({ isComplete: true });
    expect(flips).toBeGreaterThan(1);
    expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
  });

  test("always: the file is named and never kept", async () => {
    const { vault, server, disk } = setting();
    server.spoil = ({ url, range }) => (range?.[0] === 0 ? flip(url, WEIGHTS.bytes.slice(...range)) : undefined);
    await expect(vault.fetch(PLAN)).rejects.toMatchObject({ code: "model-corrupt", detail: { file: `owner/name@main/${WEIGHTS.path}` } });
    expect(await vault.open(PLAN.model)).toBeUndefined();
    server.spoil = () => undefined;
    expect(await vault.fetch(PLAN)).toMatchObject({ isComplete: true });
    expect(disk.files.size).toBe(3);
  });

  test("at one mirror: the second try goes to the other", async () => {
    const mirror = "https://mirror.test/x/";
    const server = fakeServer(new Map([...filesAt(SAMPLES), ...filesAt(SAMPLES, mirror)]));
    server.spoil = ({ url, range }) => (url.startsWith(ADDRESS) && range?.[0] === 0 ? flip(url, WEIGHTS.bytes.slice(...range)) : undefined);
    const vault = fileVault(toolsOn(new FakeDisk(), { fetcher: server.fetcher }), true);
    expect(await vault.fetch(planOf(SAMPLES, PLAN.model, [ADDRESS, mirror]))).toMatchObject({ isComplete: true });
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

describe("storage that somebody or something changed", () => {
  test("S1 too little room is said before a byte is fetched", async () => {
    const { vault, server, disk } = setting();
    disk.room = WEIGHTS.bytes.byteLength - 1;
    expect(await codeOf(vault.fetch(PLAN))).toBe("storage-full");
    expect(server.requests).toEqual([]);

    // Each file would have fitted by itself. What was taken for the others is free again.
    disk.room = planBytes(PLAN) - 1;
    expect(await codeOf(vault.fetch(PLAN))).toBe("storage-full");
    expect(server.requests).toEqual([]);
    expect([...disk.files.values()].reduce((sum, { now }) => sum + now.byteLength, 0)).toBe(0);
    disk.room += 1;
    expect(await vault.fetch(PLAN)).toMatchObject({ isComplete: true });
  });

  test.each<[string, (disk: FakeDisk) => void]>([
    ["S6 a file is gone", (disk) => disk.files.delete(nameOf(WEIGHTS))],
    ["S6 all files are gone", (disk) => disk.files.clear()],
    ["S6 the journal is gone", (disk) => disk.rows.clear()],
    ["S6 the journal's row of a file is gone", (disk) => disk.rows.delete(rowOf(WEIGHTS))],
    ["S8 a file is too short", (disk) => disk.put(nameOf(WEIGHTS), WEIGHTS.bytes.slice(0, -1))],
    [
      "S8 a file was only reserved",
      (disk) => {
        disk.put(`sha256-${nameOf(WEIGHTS)}.part`, new Uint8Array(WEIGHTS.bytes.byteLength));
        disk.files.delete(nameOf(WEIGHTS));
      },
    ],
    ["S12 a row is nonsense", (disk) => disk.rows.set(rowOf(WEIGHTS), { version: 1, digests: "all" })],
    [
      "S12 a row promises what it cannot know",
      (disk) => disk.rows.set(rowOf(WEIGHTS), { version: 1, byteLength: 333, chunkBytes: 64, digests: [], isComplete: true }),
    ],
    ["S12 the plan's row is nonsense", (disk) => disk.rows.set(`model:${PLAN.model}`, "nonsense")],
  ])("%s: it is not offered, and the next download mends it", async (_, harm) => {
    const { vault, disk, tools, server } = await withModel();
    harm(disk);
    const hasEncoder = disk.bytes(nameOf(ENCODER)) !== undefined;
    expect(await vault.open(PLAN.model)).toBeUndefined();
    expect((await vault.list()).some(({ isComplete }) => isComplete)).toBe(false);
    await sweep(tools);
    expect(await vault.fetch(PLAN)).toMatchObject({ isComplete: true });
    expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
    // Rows are made anew from whole files, without the network; small files without a name of their content come again.
    if (hasEncoder) expect(server.requests.map(({ url }) => url)).not.toContain(ADDRESS + ENCODER.path);
  });

  test("S6 a journal that was lost is made anew from the files, without the network", async () => {
    const { vault, disk, server } = await withModel();
    disk.rows.clear();
    const plan = planOf([WEIGHTS, ENCODER]);
    expect(await vault.fetch(plan)).toMatchObject({ isComplete: true });
    expect(server.requests).toEqual([]);
  });

  test("S7 rotten bytes are found by checking, count as missing, and only their chunk comes again", async () => {
    const { vault, disk, server } = await withModel();
    const rotten = disk.files.get(nameOf(WEIGHTS))?.now;
    if (rotten !== undefined) rotten[64 * 3 + 5] = (rotten[64 * 3 + 5] ?? 0) ^ 4;
    const said: number[] = [];
    const checked = await vault.verify(PLAN.model, { onProgress: ({ hereBytes }) => said.push(hereBytes) });
    expect(checked).toMatchObject({ isComplete: false, hereBytes: planBytes(PLAN) - 64 });
    const damaged = [{ file: `owner/name@main/${WEIGHTS.path}`, begin: 192, end: 256 }];
    expect(checked.damaged).toEqual(damaged);
    expect((await vault.verify(PLAN.model)).damaged, "it is named until it is mended").toEqual(damaged);
    expect(said.length).toBeGreaterThan(0);
    expect(await vault.open(PLAN.model)).toBeUndefined();
    await vault.fetch(PLAN);
    expect(server.requests.map(({ range }) => range)).toEqual([[192, 256]]);
    expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
    expect((await vault.verify(PLAN.model)).damaged).toEqual([]);
  });

  test("S7 what is rotten is named by file and bytes, neighbouring chunks as one, and a lost file whole", async () => {
    const { vault, disk } = await withModel();
    const rotten = disk.files.get(nameOf(WEIGHTS))?.now;
    if (rotten !== undefined) for (const chunk of [0, 1, 3]) rotten[64 * chunk] = (rotten[64 * chunk] ?? 0) ^ 1;
    disk.files.delete(nameOf(ENCODER));
    const weights = `owner/name@main/${WEIGHTS.path}`;
    expect((await vault.verify(PLAN.model)).damaged).toEqual([
      { file: weights, begin: 0, end: 128 },
      { file: weights, begin: 192, end: 256 },
      { file: `owner/name@main/${ENCODER.path}`, begin: 0, end: ENCODER.bytes.byteLength },
    ]);
  });

  test("S7 the session after a download reads every file once more", async () => {
    const { vault, disk, tools } = await withModel();
    await settle(tools);
    const rotten = disk.files.get(nameOf(WEIGHTS))?.now;
    if (rotten !== undefined) rotten[1] = 255 - (rotten[1] ?? 0);
    await settle(tools);
    expect(await vault.open(PLAN.model)).toBeDefined();

    const fresh = await withModel();
    const cut = fresh.disk.files.get(nameOf(WEIGHTS))?.now;
    cut?.fill(0, 64);
    await settle(fresh.tools);
    expect(await fresh.vault.open(PLAN.model)).toBeUndefined();
    expect(await fresh.vault.list()).toMatchObject([{ isComplete: false, hereBytes: planBytes(PLAN) - (WEIGHTS.bytes.byteLength - 64) }]);
  });

  test.each(["model:owner/name", rowOf(WEIGHTS)])("M3 a row %s of a newer version is refused, and nothing of it is swept", async (key) => {
    const { vault, disk, tools } = await withModel();
    disk.rows.set(key, { version: 2, anything: true });
    await expect(vault.fetch(PLAN)).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringContaining("newer version") });
    expect(await codeOf(vault.open(PLAN.model))).toBe("model-unsupported");
    expect(await vault.list()).toBeDefined();
    await sweep(tools);
    expect(disk.files.size).toBe(3);
  });
});

test("D15 a sweep deletes swap files and parts that nobody knows, and leaves the rest", async () => {
  const { disk, tools, vault } = await withModel();
  disk.put("w2.bin.crswap", sampleBytes(9, 1));
  disk.put("sha256-0.part", sampleBytes(9, 1));
  disk.put("f".repeat(64), sampleBytes(9, 1));
  await sweep(tools);
  expect(disk.files.size).toBe(3);
  expect(await read(vault, WEIGHTS.path)).toEqual(WEIGHTS.bytes);
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
