// Downloads into the cache folder are resumed where they broke off, and nothing is there under a hash that is not its own.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DownloadProgress } from "../../common/download";
import { modelHub } from "../../hub/hub";
import { startFakeHub } from "../../hub/testing/fake-hub";
import { SD_TURBO } from "../../hub/testing/layouts";
import { HubToken } from "../../hub/token";
import { hubModel } from "./hub-model";
import {
  UNET,
  MIB,
  LARGE,
  bench,
  server,
  cache,
  serve,
  offline,
  options,
  folder,
  commit,
  whole,
  fetched,
  unfinished,
  rangeLength,
} from "./testing/bench";

beforeAll(bench.open);
beforeEach(bench.begin);
afterEach(bench.end);
afterAll(bench.close);

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
    await serve(twice);
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
