// Models of the hub in the cache folder: laid out as the hub's own tools do it, and found there without the network.
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { catalogueEntry } from "../../catalogue/entries";
import { readText } from "../../checkpoints/read-file";
import { SD_TURBO, SDXS_DREAMSHAPER, TAESD } from "../../hub/testing/layouts";
import { cachedModel, namedModel } from "./cached-model";
import { hubModel } from "./hub-model";
import { listModels } from "./list";
import { removeModel } from "./remove";
import {
  UNET,
  MIB,
  bench,
  server,
  cache,
  serve,
  models,
  options,
  offline,
  folder,
  commit,
  blobs,
  whole,
  unfinished,
  rangeLength,
} from "./testing/bench";

beforeAll(bench.open);
beforeEach(bench.begin);
afterEach(bench.end);
afterAll(bench.close);

describe("the cache", () => {
  it("is laid out as the hub's own: blobs by hash, links by commit, the branch's commit", async () => {
    await hubModel("own/turbo", options());
    expect(readFileSync(folder("refs", "main"), "utf8")).toBe(commit());
    const link = folder("snapshots", commit(), UNET);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(`${realpathSync(link)}.incomplete`).toBe(await unfinished());
    const config = realpathSync(folder("snapshots", commit(), "unet/config.json"));
    expect(basename(config)).toMatch(/^[0-9a-f]{40}$/);
    expect(whole()).toBe(true);
    expect(blobs().some((name) => name.endsWith(".incomplete"))).toBe(false);
    expect(readdirSync(folder("snapshots", commit())).toSorted()).toEqual([
      "model_index.json",
      "scheduler",
      "text_encoder",
      "tokenizer",
      "unet",
      "vae",
    ]);
  });

  it("opens a model that is there without a request, and with the network forbidden", async () => {
    await hubModel("own/turbo", options());
    const asked = server.requests.length;
    const { base, id, revision } = await hubModel("own/turbo@main", options());
    expect(id).toBe("own/turbo");
    expect(revision).toBe(commit().slice(0, 12));
    expect(await readText(base ?? expect.fail(), "model_index.json")).toBe(SD_TURBO["model_index.json"]);
    await hubModel("own/turbo", offline());
    await hubModel(`own/turbo@${commit()}`, offline());
    expect(server.requests.length).toBe(asked);
  });

  it("that another program filled serves as well, in whichever precision", async () => {
    const sha = "0123456789".repeat(4);
    for (const [path, content] of Object.entries(SD_TURBO).filter(([name]) => !name.includes("fp16"))) {
      const blob = folder("blobs", `b${path.replaceAll("/", "_")}`);
      const link = folder("snapshots", sha, path);
      await mkdir(dirname(blob), { recursive: true });
      await writeFile(blob, content);
      await mkdir(dirname(link), { recursive: true });
      await symlink(blob, link);
    }
    await mkdir(folder("refs"), { recursive: true });
    await writeFile(folder("refs", "main"), sha);
    const found = await cachedModel(models(), namedModel("own/turbo"));
    expect([...(found?.read[0]?.files.keys() ?? [])]).toContain("unet/diffusion_pytorch_model.safetensors");
    await hubModel("own/turbo", offline());
    expect(server.requests).toEqual([]);
  });

  it("that lacks a file is filled up with that file alone", async () => {
    await hubModel("own/turbo", options());
    await rm(folder("snapshots", commit(), "vae/config.json"));
    await rm(realpathSync(folder("snapshots", commit(), "tokenizer/vocab.json")));
    await expect(hubModel("own/turbo", offline())).rejects.toMatchObject({
      code: "offline",
      remedy: expect.stringContaining("HF_HUB_OFFLINE"),
    });
    const asked = server.requests.length;
    await hubModel("own/turbo", options());
    expect(existsSync(folder("snapshots", commit(), "vae/config.json"))).toBe(true);
    const files = server.requests.slice(asked).filter(({ kind }) => kind === "small-file");
    expect(files.map(({ path }) => path)).toContain("tokenizer/vocab.json");
    expect(server.requests.slice(asked).filter(({ kind, range }) => kind === "file" && rangeLength(range) > MIB)).toEqual([]);
  });

  it("keeps revisions beside each other, and their common files once", async () => {
    await hubModel("own/turbo", options());
    const before = blobs().length;
    await hubModel("own/turbo@old", options());
    expect(readFileSync(folder("refs", "old"), "utf8")).toBe(server.commit("own/turbo", "old"));
    expect(blobs().length).toBe(before + 1);
  });
});

describe("a model of the catalogue", () => {
  const other = { "IDKiro/sdxs-512-dreamshaper": { files: SDXS_DREAMSHAPER }, "madebyollin/taesd": { files: TAESD, commit: taesd() } };

  it("is fetched with all its parts, and comes with its entry", async () => {
    await serve({ ...other, "thuanz123/swiftbrush": { files: SD_TURBO } });
    const { entry, base } = await hubModel("swiftbrush", options());
    expect([entry?.id, base?.name]).toEqual(["swiftbrush", "thuanz123/swiftbrush"]);
    expect(readdirSync(join(cache, "models--madebyollin--taesd/snapshots", taesd())).toSorted()).toEqual([
      "config.json",
      "diffusion_pytorch_model.safetensors",
    ]);
    await hubModel("swiftbrush", offline());
  });

  it("that was never fetched takes nothing of another program's with it", async () => {
    await serve({ "thuanz123/swiftbrush": { files: SD_TURBO } });
    await hubModel("thuanz123/swiftbrush", options());
    expect(await removeModel(models(), "swiftbrush")).toBeUndefined();
    await hubModel("thuanz123/swiftbrush", offline());
  });

  it("leaves what it shares when it is removed", async () => {
    await serve(other);
    await hubModel("sdxs-512-dreamshaper", options());
    await hubModel("sdxs-512-dreamshaper+large-decoder", options());
    expect((await listModels(models())).map(({ model }) => model)).toEqual([
      "sdxs-512-dreamshaper",
      "sdxs-512-dreamshaper+large-decoder",
      "IDKiro/sdxs-512-dreamshaper",
    ]);
    expect(await removeModel(models(), "sdxs-512-dreamshaper+large-decoder")).toMatchObject({
      sharedWith: ["sdxs-512-dreamshaper"],
    });
    await hubModel("sdxs-512-dreamshaper", offline());
    await expect(hubModel("sdxs-512-dreamshaper+large-decoder", offline())).rejects.toMatchObject({ code: "offline" });
  });

  function taesd(): string {
    return catalogueEntry("swiftbrush")?.components.vae?.revision ?? "";
  }
});
