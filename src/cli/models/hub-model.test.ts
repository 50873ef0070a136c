// Models of the hub in the cache folder: laid out as the hub's own tools do it, found there without the network, resumed where a download
// broke off, and never there under a hash that is not theirs.
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { catalogueEntry } from "../../catalogue/entries";
import { readText } from "../../checkpoints/read-file";
import { float32Tensor, safetensorsFile } from "../../checkpoints/testing/safetensors-file";
import type { DownloadProgress } from "../../common/download";
import { modelHub, type Hub } from "../../hub/hub";
import { startFakeHub, type FakeHub } from "../../hub/testing/fake-hub";
import { SD_TURBO, SDXS_DREAMSHAPER, TAESD, type Files } from "../../hub/testing/layouts";
import { HubToken } from "../../hub/token";
import { outlineModel } from "../../pipeline/outline";
import { shipped, type ModelCache } from "./cache";
import { cachedModel, namedModel } from "./cached-model";
import { fetchModel, hubModel, type HubModelOptions } from "./hub-model";
import { listModels, listRepositories } from "./list";
import { removeModel } from "./remove";
import { verifyModel } from "./verify";

const UNET = "unet/diffusion_pytorch_model.fp16.safetensors";
const MIB = 2 ** 20;
/** Three chunks. */
const LARGE = safetensorsFile(new Map([["conv_in.weight", float32Tensor(Array.from({ length: 5 * MIB }, (_, i) => i % 251))]]));
const TURBO: Files = { ...SD_TURBO, [UNET]: LARGE };

const root = await mkdtemp(join(tmpdir(), "onestroke-cache-"));
afterAll(() => rm(root, { recursive: true, force: true }));

let server: FakeHub;
let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(root, "hub-"));
  server = await startFakeHub({
    repositories: { "own/turbo": { files: TURBO, revisions: { old: SD_TURBO } }, "own/gated": { files: SD_TURBO, gated: "auto" } },
    token: "hf_t",
  });
});
afterEach(() => server.close());

const NO_PAUSES = { times: { stallMs: 60_000, backoffMs: [0, 0], mostRetryAfterMs: 0, probeMs: 60_000 } };
const hub = (): Hub => modelHub({ base: server.base });
const models = (): ModelCache => ({ folder: cache, outline: outlineModel, shipped });
const options = (more: Partial<HubModelOptions> = {}): HubModelOptions => ({
  cache: models(),
  hub: hub(),
  transfer: NO_PAUSES,
  ...more,
});
const offline = (): HubModelOptions => options({ hub: undefined });

const folder = (...path: readonly string[]): string => join(cache, "models--own--turbo", ...path);
const commit = (): string => server.commit("own/turbo");
const blobs = (): readonly string[] => readdirSync(folder("blobs")).toSorted();
const whole = (): boolean => readFileSync(folder("snapshots", commit(), UNET)).equals(LARGE);
/** Bytes of the UNet that were asked for, after the request for its header. */
const fetched = (): number =>
  server.requests
    .filter(({ kind, path }) => kind === "file" && path === UNET)
    .slice(1)
    .reduce((sum, { range }) => sum + rangeLength(range), 0);

/** Where the UNet is while it is not complete. */
async function unfinished(): Promise<string> {
  const { hash } = (await hub().open({ repository: "own/turbo", revision: "main" })).file(UNET, LARGE.byteLength);
  return join(realpathSync(cache), "models--own--turbo", "blobs", `${hash?.hex}.incomplete`);
}

function rangeLength(range: string | undefined): number {
  const [, begin = "0", end = "0"] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  return Number(end) - Number(begin) + 1;
}

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
    const { base } = await hubModel("own/turbo", options());
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
    await server.close();
    server = await startFakeHub({ repositories: { ...other, "thuanz123/swiftbrush": { files: SD_TURBO } } });
    const { entry, base } = await hubModel("swiftbrush", options());
    expect([entry?.id, base?.name]).toEqual(["swiftbrush", "thuanz123/swiftbrush"]);
    expect(readdirSync(join(cache, "models--madebyollin--taesd/snapshots", taesd())).toSorted()).toEqual([
      "config.json",
      "diffusion_pytorch_model.safetensors",
    ]);
    await hubModel("swiftbrush", offline());
  });

  it("leaves what it shares when it is removed", async () => {
    await server.close();
    server = await startFakeHub({ repositories: other });
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

describe("a download", () => {
  it("goes on where it was stopped", async () => {
    const controller = new AbortController();
    server.intercept(({ kind, path, range }) => {
      // The third chunk never comes.
      if (kind !== "file" || path !== UNET || !range?.startsWith(`bytes=${16 * MIB}-`)) return false;
      controller.abort();
      return true;
    });
    await expect(hubModel("own/turbo", options({ signal: controller.signal }))).rejects.toMatchObject({ code: "cancelled" });
    expect(readFileSync(await unfinished()).equals(LARGE.subarray(0, 16 * MIB))).toBe(true);
    server.intercept(undefined);
    const before = fetched();
    await hubModel("own/turbo", options());
    expect([whole(), fetched() - before]).toEqual([true, LARGE.byteLength - 16 * MIB + rangeLength("bytes=0-65535")]);
  });

  it.each<[string, (part: string) => Promise<void>]>([
    ["with wrong bytes", (part) => writeFile(part, LARGE.toReversed())],
    ["too long", (part) => appendFile(part, new Uint8Array(LARGE.byteLength + 1))],
    ["of another size than a chunk", (part) => writeFile(part, LARGE.subarray(0, 12345))],
    ["complete, but not yet named", (part) => writeFile(part, LARGE)],
  ])("takes over an unfinished file %s", async (_, prepare) => {
    await mkdir(folder("blobs"), { recursive: true });
    await prepare(await unfinished());
    await hubModel("own/turbo", options());
    expect(whole()).toBe(true);
  });

  it("survives a line that breaks again and again", async () => {
    let breaks = 0;
    server.intercept(({ kind, path, range }, response, file) => {
      if (kind !== "file" || path !== UNET || rangeLength(range) < MIB || ++breaks > 6) return false;
      const begin = Number(/\d+/.exec(range ?? "")?.[0]);
      response.writeHead(206, { "Content-Range": `bytes ${begin}-${begin + rangeLength(range) - 1}/${LARGE.byteLength}` });
      response.write(file?.bytes.subarray(begin, begin + MIB), () => response.destroy());
      return true;
    });
    const waits = new Set<unknown>();
    await hubModel("own/turbo", options({ onProgress: ({ waiting }) => waits.add(waiting) }));
    expect([whole(), waits.has("retry")]).toEqual([true, true]);
  });

  it("that comes with other bytes is fetched once more, and then refused; nothing of it stays", async () => {
    const spoilt = LARGE.slice();
    spoilt[LARGE.byteLength - 1] = 1;
    let times = 0;
    server.intercept(({ kind, path, range }, response) => {
      if (kind !== "file" || path !== UNET || rangeLength(range) < MIB) return false;
      times++;
      const [begin, length] = [Number(/\d+/.exec(range ?? "")?.[0]), rangeLength(range)];
      response.writeHead(206, { "Content-Range": `bytes ${begin}-${begin + length - 1}/${LARGE.byteLength}` });
      response.end(spoilt.subarray(begin, begin + length));
      return true;
    });
    await expect(hubModel("own/turbo", options())).rejects.toMatchObject({ code: "model-corrupt", message: expect.stringContaining(UNET) });
    expect(times).toBe(2 * Math.ceil(LARGE.byteLength / (8 * MIB)));
    expect(existsSync(folder("snapshots", commit(), UNET))).toBe(false);
    server.intercept(undefined);
    await hubModel("own/turbo", options());
    expect(whole()).toBe(true);
  });

  it("brings equal files once, and names them all", async () => {
    const twice = {
      "own/twice": { files: { ...SD_TURBO, "tokenizer/special_tokens_map.json": "{}", "tokenizer/tokenizer_config.json": "{}" } },
    };
    await server.close();
    server = await startFakeHub({ repositories: twice });
    await hubModel("own/twice", options());
    const snapshot = join(cache, "models--own--twice/snapshots", server.commit("own/twice"), "tokenizer");
    expect(realpathSync(join(snapshot, "special_tokens_map.json"))).toBe(realpathSync(join(snapshot, "tokenizer_config.json")));
    const asked = server.requests.filter(({ kind, path }) => kind === "small-file" && /special_tokens|tokenizer_config/.test(path));
    // The plan has read one of them, the download the other.
    expect(asked.length).toBe(2);
  });

  it("counts every byte once", async () => {
    const seen: DownloadProgress[] = [];
    await hubModel("own/turbo", options({ onProgress: (progress) => seen.push(progress) }));
    const last = seen.at(-1);
    expect(last?.hereBytes).toBe(last?.totalBytes);
    expect(seen.every(({ hereBytes, totalBytes }) => hereBytes <= totalBytes)).toBe(true);
  });

  it("of a gated repository needs a token that accepted it, and only the hub sees the token", async () => {
    await expect(hubModel("own/gated", options())).rejects.toMatchObject({
      code: "download-gated",
      detail: { page: `${server.base}/own/gated` },
    });
    await hubModel("own/gated", options({ hub: modelHub({ base: server.base, token: new HubToken("hf_t", server.base) }) }));
    const sent = server.requests.filter(({ kind }) => kind === "file").map(({ authorization }) => authorization);
    expect([sent.length > 0, new Set(sent)]).toEqual([true, new Set([undefined])]);
  });

  it("of graphs where weights are wanted is refused before it begins", async () => {
    const { FILES } = await import("../../pipeline/ort/testing/tiny-export");
    const graphs = await startFakeHub({ repositories: { "own/graphs": { files: FILES } } });
    const from = options({ hub: modelHub({ base: graphs.base }) });
    await expect(hubModel("own/graphs", { ...from, readAs: "weights" })).rejects.toMatchObject({
      code: "model-unsupported",
      remedy: expect.stringContaining("--engine ort"),
    });
    expect(existsSync(join(cache, "models--own--graphs"))).toBe(false);
    await hubModel("own/graphs", { ...from, readAs: "graphs" });
    await hubModel("own/graphs", { ...offline(), readAs: "graphs" });
    await graphs.close();
  });

  it("to a folder that cannot be written says so", async () => {
    await writeFile(join(cache, "models--own--turbo"), "a file");
    await expect(hubModel("own/turbo", options())).rejects.toMatchObject({
      code: "storage-full",
      remedy: expect.stringContaining("HF_HUB_CACHE"),
    });
  });
});

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
