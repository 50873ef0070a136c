// What the cache folder keeps is listed, verified and removed, and other programs' files are left alone.
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fetchModel, hubModel } from "./hub-model";
import { listModels, listRepositories } from "./list";
import { removeModel } from "./remove";
import { verifyModel } from "./verify";
import { UNET, LARGE, bench, cache, models, options, offline, folder, commit, whole } from "./testing/bench";

beforeAll(bench.open);
beforeEach(bench.begin);
afterEach(bench.end);
afterAll(bench.close);

describe("what is kept", () => {
  it("is listed, models that can be drawn with and repositories with what is unfinished", async () => {
    await hubModel("own/turbo", options());
    await writeFile(folder("blobs", "abc.incomplete"), new Uint8Array(10));
    await mkdir(join(cache, "models--some--thing", "snapshots"), { recursive: true });
    expect(await listModels(models())).toMatchObject([{ model: "own/turbo" }]);
    expect(await listRepositories(cache)).toMatchObject([
      { repository: "own/turbo", unfinishedBytes: 10 },
      { repository: "some/thing", byteLength: 0 },
    ]);
    expect(await listModels({ ...models(), folder: join(cache, "none") })).toEqual([]);
  });

  it("is verified by its hashes; what is wrong goes, and comes again", async () => {
    const found = await fetchModel("own/turbo", options());
    expect((await verifyModel(found, () => undefined)).every(({ state }) => state === "right")).toBe(true);
    const blob = realpathSync(folder("snapshots", commit(), UNET));
    const bytes = await readFile(blob);
    bytes[bytes.byteLength >> 1] = 255 - (bytes[bytes.byteLength >> 1] ?? 0);
    await writeFile(blob, bytes);
    await truncate(realpathSync(folder("snapshots", commit(), "unet/config.json")), 3);
    const wrong = (await verifyModel(found, () => undefined)).filter(({ state }) => state !== "right").map(({ file }) => file);
    expect(wrong.toSorted()).toEqual(["own/turbo/unet/config.json", `own/turbo/${UNET}`]);
    await hubModel("own/turbo", options());
    expect(whole()).toBe(true);
  });

  it("is removed, with what was not finished, and nothing stays behind", async () => {
    await hubModel("own/turbo", options());
    await writeFile(folder("blobs", "abc.incomplete"), new Uint8Array(10));
    expect((await removeModel(models(), "own/turbo"))?.freedBytes).toBeGreaterThan(LARGE.byteLength);
    expect(readdirSync(cache)).toEqual([]);
    expect(await removeModel(models(), "own/turbo")).toBeUndefined();
  });

  it("that is not whole is removed too; other revisions and other programs' files stay", async () => {
    await hubModel("own/turbo", options());
    await hubModel("own/turbo@old", options());
    await writeFile(folder("snapshots", commit(), "notes.txt"), "mine");
    await rm(folder("snapshots", commit(), "model_index.json"));
    await removeModel(models(), "own/turbo");
    expect(existsSync(folder("snapshots", commit()))).toBe(false);
    await hubModel("own/turbo@old", offline());
    await removeModel(models(), "own/turbo@old");
    expect(readdirSync(cache)).toEqual([]);
  });

  it("control: a file of another program keeps its place when a whole model is removed", async () => {
    await hubModel("own/turbo", options());
    await writeFile(folder("snapshots", commit(), "notes.txt"), "mine");
    await removeModel(models(), "own/turbo");
    expect(readdirSync(folder("snapshots", commit()))).toEqual(["notes.txt"]);
  });
});
