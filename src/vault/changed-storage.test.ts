// What the vault makes of storage that was tampered with, ran full or lost its memory: what is wrong is not offered, and the next download mends it.
import { describe, expect, test } from "vitest";
import { planBytes } from "../common/download";
import { settle } from "./settle";
import { sweep } from "./sweep";
import type { FakeDisk } from "./testing/fake-disk";
import { ADDRESS, planOf, sampleBytes, type Sample } from "./testing/plans";
import { codeOf, ENCODER, nameOf, PLAN, read, setting, WEIGHTS, withModel } from "./testing/small-model";

const rowOf = (sample: Sample): string => `file:sha256-${nameOf(sample)}`;

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
